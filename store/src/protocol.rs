//! What the shell needs to know of a family of stores: its protocol as a value.
//!
//! ```text
//!  shell ── Input, tick, Now ──▶ Protocol ── Effects ──▶ shell: sockets, log, snapshots, observer
//! ```
//!
//! A protocol is a function of its inputs: no clock and no socket inside, and no randomness but from a seed that
//! it is given. The same shell ([`server`](crate::server)), wire and storage carry every family.

use std::fmt::Debug;

use derive_where::derive_where;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::point::Point;
use crate::quorum::membership::view::View;
use crate::quorum::version::Version;
use crate::raft::fact::Fact;

/// A node: its position in the sorted list of all nodes.
pub type NodeId = u16;

/// The names of these nodes of a cluster, for people; `?`: there is no such node.
pub(crate) fn names_of(nodes: &[NodeId], cluster: &[String]) -> String {
    let name = |node: &NodeId| cluster.get(usize::from(*node)).map_or("?", String::as_str);
    nodes.iter().map(name).collect::<Vec<_>>().join(" ")
}

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

/// What travels over the wire, or lies in the log.
pub trait Plain: Clone + Debug + PartialEq + Serialize + DeserializeOwned + 'static {}
impl<T: Clone + Debug + PartialEq + Serialize + DeserializeOwned + 'static> Plain for T {}

/// A record of the write-ahead log.
pub trait Record: Plain {
    /// Bytes of the shortest one, encoded.
    const BYTES_MIN: usize;
    /// Whether a record means something only together with all that were appended before it: then replay
    /// ends at the first one that is bad, and what follows the gap is not taken.
    const NEEDS_ALL_BEFORE: bool;

    /// The key that the encoded record begins with, by which a bad one can be named; none where records
    /// have no key. The bytes may be anything.
    fn key(encoded: &[u8]) -> Option<&str>;
}

/// How a request ended, as the shell must say it in the node's stead.
pub trait Answer: Plain {
    /// The node was not asked: certainly without effect.
    fn not_asked(why: String) -> Self;

    /// This answer is too large to be sent. What is said instead owns up to an effect that there may be.
    fn too_large(self, why: String) -> Self;
}

/// A family of stores.
pub trait Protocol: Sized + 'static {
    /// Its name on the command line, and what a connection opens with.
    const NAME: &'static str;
    /// Whether it goes on after [`Input::AppendFailed`]; if not, the shell ends the node, and a restart finds
    /// out what is durable.
    const SURVIVES_FAILED_APPEND: bool;
    /// What a client asks.
    type Request: Plain;
    /// How that ended.
    type Response: Answer;
    /// What nodes say to each other.
    type Message: Plain;
    /// What is kept in the log.
    type Record: Record;

    /// Something happened.
    fn step(&mut self, input: Input<Self>, now: Now, effects: &mut Vec<Effect<Self>>);

    /// Time has passed; called every [`TICK_MS`] or so.
    fn tick(&mut self, now: Now, effects: &mut Vec<Effect<Self>>);

    /// The node is about to end in an orderly manner: what it has to say before.
    fn leave(&mut self, _now: Now, _effects: &mut Vec<Effect<Self>>) {}

    /// The first record of the log that is needed even where tables hold all that it puts on its shelf; `MAX`: none
    /// is, 0: what was there when the node started.
    fn needed_from(&self) -> RecordNumber {
        RecordNumber::MAX
    }
}

/// Milliseconds between ticks.
pub const TICK_MS: u64 = 25;

/// What happened to a node.
#[derive_where(Clone, Debug, PartialEq)]
pub enum Input<P: Protocol> {
    /// A client asks.
    Request {
        /// Names it in [`Effect::Reply`].
        id: RequestId,
        /// What it asks.
        request: P::Request,
    },
    /// Another node says something.
    Message {
        /// Who.
        from: NodeId,
        /// What.
        message: P::Message,
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
    /// The snapshot through this log index, and the log after it, are durable; what came before is gone.
    SnapshotSaved {
        /// The last log index that the snapshot covers.
        index: u64,
    },
    /// The answer of [`Effect::ReplyBefore`] was not sent: its time was over.
    TooLate {
        /// Which request.
        id: RequestId,
    },
}

/// What a node wants done.
#[derive_where(Clone, Debug, PartialEq)]
pub enum Effect<P: Protocol> {
    /// Say this to another node. May be lost.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: P::Message,
    },
    /// Answer a client.
    Reply {
        /// Which request.
        id: RequestId,
        /// How it ended.
        response: P::Response,
    },
    /// Answer a client if the monotonic clock, looked at now that the answer exists, is still before
    /// `before`; else report [`Input::TooLate`]. The value is read first and the time looked at after,
    /// since a pause may fall between. One or the other is done before anything else happens to the node.
    ReplyBefore {
        /// Which request.
        id: RequestId,
        /// How it ended.
        response: P::Response,
        /// In monotonic nanoseconds.
        before: u64,
    },
    /// Append to the log. The shell numbers appends 1, 2, 3, …, syncs them in groups, and reports
    /// [`Input::Synced`].
    Append(P::Record),
    /// Keep this snapshot and then only this much of the log. The records are appended first, as
    /// [`Effect::Append`] would (each has a number, and is synced), in a new segment; once they and the
    /// snapshot are durable, all earlier segments and snapshots are removed, and the shell reports
    /// [`Input::SnapshotSaved`]. One is saved at a time.
    ///
    /// Until then a restart may find the state before it: the earlier snapshot and records, and after them,
    /// as far as they are synced, these and later ones. So what rests on the snapshot itself (entries after
    /// one that came from the leader) is answered for only once it is saved, and at a start such entries
    /// are not taken without those before them.
    SaveSnapshot {
        /// The last log index that it covers.
        index: u64,
        /// The snapshot.
        bytes: Vec<u8>,
        /// What the log must hold beside it.
        records: Vec<P::Record>,
    },
    /// Tell the observer that this replica acknowledges `key` at `version`.
    Acknowledged {
        /// The key.
        key: String,
        /// The version.
        version: Version,
    },
    /// Tell the observer that this replica has dropped what it held of `key`: others own it.
    Released {
        /// The key.
        key: String,
    },
    /// This replica has caught up from the others and its entries are synced: what replay found
    /// damaged may now be cut out of the log.
    CaughtUp,
    /// Tell the observer something of the inside of a replicated log.
    Fact(Fact),
    /// Tell the observer that this code path was reached.
    Reached(&'static str),
    /// Pass this point: what comes before it is done, what comes after it is not.
    Pass(&'static Point),
    /// A line for the log.
    Note(String),
    /// Tell the observer what this node takes a member for.
    View(View),
}
