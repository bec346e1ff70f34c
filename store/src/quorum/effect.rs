//! What goes into the protocol, and what comes out.

use super::message::{Entry, Message, NodeId, Request, Response};
use super::version::Version;

/// Numbers a client's request within a node.
pub type RequestId = u64;

/// Numbers the records that a node appends to its log: 1, 2, 3, …
pub type RecordNumber = u64;

/// The readings of a node's two clocks, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Time of day since the Unix epoch.
    pub wall: u64,
    /// Monotonic time.
    pub monotonic: u64,
}

/// What happened to a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A client asks.
    Request {
        /// Names it in [`Effect::Reply`].
        id: RequestId,
        /// What it asks.
        request: Request,
    },
    /// Another node says something.
    Message {
        /// Who.
        from: NodeId,
        /// What.
        message: Message,
    },
    /// The log is durable up to this record.
    Synced {
        /// The last durable record.
        through: RecordNumber,
    },
    /// This record could not be appended (the disk is full, say), and leaves no trace in the log.
    AppendFailed {
        /// The record.
        record: RecordNumber,
        /// Why.
        reason: String,
    },
}

/// What a node wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Say this to another node. May be lost.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message,
    },
    /// Answer a client.
    Reply {
        /// Which request.
        id: RequestId,
        /// How it ended.
        response: Response,
    },
    /// Append to the log. The shell numbers appends 1, 2, 3, …, syncs them in groups, and reports
    /// [`Input::Synced`].
    Append(Record),
    /// Tell the observer that this replica acknowledges `key` at `version`.
    Acknowledged {
        /// The key.
        key: String,
        /// The version.
        version: Version,
    },
    /// This replica has caught up from the others and its entries are synced: what replay found
    /// damaged may now be cut out of the log.
    CaughtUp,
    /// Tell the observer that this code path was reached.
    Reached(&'static str),
    /// A line for the log.
    Note(String),
}

/// One record of the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// The key.
    pub key: String,
    /// What it holds now. The value stands last, so that a torn record loses value bytes first.
    pub entry: Entry,
}
