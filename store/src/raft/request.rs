//! What clients ask of a replicated log, and what they are told.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::log::{Index, Position, Term};
use crate::protocol::{Answer, NodeId};

/// A session of a client, [named](session_of) after the entry that opened it. 0: none.
pub type SessionId = u64;

/// The session that an entry opens: index and term, since where copies are asynchronous an index may be used
/// again, and a session that was lost must not be taken for another one.
pub fn session_of(at: Position) -> SessionId {
    at.term.wrapping_mul(1_000_000_000_000).wrapping_add(at.index)
}

/// How a read is served.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum ReadMode {
    /// By the leader, after a majority has confirmed that it still leads (read-index): linearizable.
    Leader,
    /// By the leader within its lease: linearizable while monotonic clocks drift less than declared.
    Lease,
    /// By any node, up to its high-water mark, not before the session's token: sequential.
    Follower,
    /// By any node, whatever it has applied: eventual.
    Any,
}

/// What a client asks of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What to do.
    pub ask: Ask,
    /// How long the answer may take, in milliseconds.
    pub deadline_ms: u32,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Opens a session. Answered with [`Response::Opened`].
    Open,
    /// Changes something, exactly once per session and sequence number.
    Write {
        /// The session.
        session: SessionId,
        /// 1, 2, 3, … within the session: a retry has the same number. One write at a time.
        sequence: u64,
        /// The change.
        operation: Operation,
    },
    /// Reads keys at one moment.
    Read {
        /// The keys.
        keys: Vec<String>,
        /// How.
        mode: ReadMode,
        /// The session's token: nothing before this index may be answered. Mode follower alone needs it:
        /// leader and lease read the latest anyway, and any reads whatever there is.
        token: Index,
    },
    /// What this node itself has applied: cells of keys after `after`, in order, as many as fit a frame.
    Dump {
        /// The last key of the previous page.
        after: Option<String>,
    },
    /// Changes the members of the cluster; answered when the change is committed.
    Change(Change),
    /// Hands leadership to this node.
    Transfer {
        /// The next leader.
        to: NodeId,
    },
    /// Who leads, which term, what is committed, who are the members: as this node knows it.
    Status,
}

/// A change of the state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Sets a register.
    Put {
        /// The key.
        key: String,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: String,
    },
    /// Sets a register if it holds `expected`.
    CompareAndSet {
        /// The key.
        key: String,
        /// What it must hold; none: nothing.
        expected: Option<Vec<u8>>,
        /// Its new value.
        new: Vec<u8>,
    },
    /// Adds an element to the end of a list.
    Append {
        /// The key.
        key: String,
        /// The element.
        element: Vec<u8>,
    },
    /// Adds to a counter.
    Add {
        /// The key.
        key: String,
        /// How much.
        amount: i64,
    },
    /// Takes a lock, if it is free or its holder's time is over; answered with a fencing token.
    Lock {
        /// The key.
        key: String,
        /// How long it is held, unless released before.
        for_ms: u32,
    },
    /// Releases a lock; refused unless the token is the holder's.
    Unlock {
        /// The key.
        key: String,
        /// The token that [`Operation::Lock`] gave.
        token: Index,
    },
    /// Sets a register that is guarded by fencing: refused if a higher token has written it.
    PutFenced {
        /// The key.
        key: String,
        /// Its new value.
        value: Vec<u8>,
        /// The token of the lock.
        token: Index,
    },
    /// Does all of it at one moment, or nothing.
    Transact {
        /// The steps, in order; a later step sees what earlier ones did.
        steps: Vec<Step>,
    },
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Reads a key; the cell is part of the answer.
    Read {
        /// The key.
        key: String,
    },
    /// Sets a register.
    Put {
        /// The key.
        key: String,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Adds to a counter; the transaction is refused if it would fall below `floor`.
    Add {
        /// The key.
        key: String,
        /// How much.
        amount: i64,
        /// The least it may hold.
        floor: Option<i64>,
    },
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// A register.
    Register(Vec<u8>),
    /// A list.
    List(Vec<Vec<u8>>),
    /// A counter.
    Counter(i64),
    /// A lock that is held: by whom, with which token, until when (in milliseconds of the log's time).
    Lock {
        /// The holder.
        session: SessionId,
        /// The fencing token: the log index at which it was taken.
        token: Index,
        /// When it may be taken by another.
        until_ms: u64,
    },
    /// A register with the highest token that has written it.
    Fenced {
        /// The value.
        value: Vec<u8>,
        /// The token.
        token: Index,
    },
}

/// A cell and the log index of its last change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned {
    /// What the key holds; none: it was deleted.
    pub cell: Option<Cell>,
    /// The index of the entry that made it so.
    pub version: Index,
}

/// A change, as the log carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The session; 0 for [`CommandKind::Open`].
    pub session: SessionId,
    /// The number within the session.
    pub sequence: u64,
    /// The time of the log in milliseconds, as its leader counts it: from where the one before it left off, by its
    /// monotonic clock, so that locks expire alike everywhere, and no jump of a wall clock holds them for ever.
    pub log_ms: u64,
    /// What to do.
    pub kind: CommandKind,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandKind {
    /// Opens a session, [named](session_of) after the entry.
    Open,
    /// Changes something.
    Change(Operation),
}

/// The members of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Those that vote and count towards a majority.
    pub voters: BTreeSet<NodeId>,
    /// Those that get the log, and neither vote nor count.
    pub learners: BTreeSet<NodeId>,
}

/// A change of members: one node at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A node becomes a learner.
    AddLearner(NodeId),
    /// A learner that has caught up becomes a voter.
    Promote(NodeId),
    /// A node is no longer a member: it neither votes nor serves.
    Remove(NodeId),
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// The session is open.
    Opened {
        /// Its number.
        session: SessionId,
    },
    /// A change took effect.
    Done {
        /// The log index of its entry: the version of what it wrote, the token of a lock it took.
        index: Index,
        /// The term of that entry.
        term: Term,
        /// What a transaction read, in the order of its steps.
        cells: Vec<Option<Versioned>>,
    },
    /// What was read, in the order of the keys; none: never written.
    Cells {
        /// The cells.
        cells: Vec<Option<Versioned>>,
        /// The applied index at which all of them were read.
        applied: Index,
        /// The term of the entry at that index.
        term: Term,
    },
    /// A page of what the node has applied.
    Page {
        /// Keys with their cells, in order.
        cells: Vec<(String, Versioned)>,
        /// Whether keys after the last one remain.
        more: bool,
    },
    /// See [`Ask::Status`].
    Status {
        /// The current term.
        term: Term,
        /// Who leads it, if known.
        leader: Option<NodeId>,
        /// The high-water mark.
        commit: Index,
        /// What is applied.
        applied: Index,
        /// The last entry of its log.
        last: Index,
        /// The members.
        members: Members,
    },
    /// It certainly had no effect.
    Refused(Refusal),
    /// It may have taken effect, or may yet.
    Unknown(String),
}

impl Answer for Response {
    fn not_asked(why: String) -> Response {
        Response::Refused(Refusal::Unavailable(why))
    }

    fn too_large(self, why: String) -> Response {
        match self {
            // A transaction that has read too much has also written.
            Response::Done { .. } | Response::Opened { .. } | Response::Unknown(_) => Response::Unknown(why),
            _ => Response::not_asked(why),
        }
    }
}

/// Why a request certainly had no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Another node leads, or none does.
    #[error("this node does not lead term {term}")]
    NotLeader {
        /// Who does, if known.
        leader: Option<NodeId>,
        /// The term.
        term: Term,
    },
    /// A condition did not hold, and was looked at by the state machine: the value was not the expected
    /// one, the lock is held, the token is older.
    #[error("{0}")]
    Condition(String),
    /// The session was closed to make room for others: open a new one.
    #[error("session {session} has ended: open a new one")]
    SessionEnded {
        /// The session.
        session: SessionId,
    },
    /// The node does not hold what the session has already seen, and did not in time.
    #[error("this node has applied the log up to {applied}, and the session has seen {token}")]
    Behind {
        /// What it has applied.
        applied: Index,
        /// What the session has seen.
        token: Index,
    },
    /// The node cannot take part now; the client may ask another, or again.
    #[error("{0}")]
    Unavailable(String),
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
}
