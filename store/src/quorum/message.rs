//! What nodes and clients say to each other.

use serde::{Deserialize, Serialize};

use super::membership::member::Member;
use super::membership::view::View;
use super::merkle;
use super::ring::agreement::Ballots;
use super::ring::layout::{Epoch, Layout, Order};
use super::version::Version;
use crate::protocol::Answer;
pub use crate::protocol::NodeId;

/// Numbers an operation of one coordinator; replies carry it back.
pub type OperationId = u64;

/// Names an exchange between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeId {
    /// The node that began it.
    pub by: NodeId,
    /// Which of that node's; no two of its incarnations use the same.
    pub number: u64,
    /// Of which layout the trees are that it compares.
    pub epoch: Epoch,
}

/// How many replicas must take part in an operation; in the order of what that takes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// One home replica.
    One,
    /// A majority of the home replicas in the coordinator's data centre.
    LocalQuorum,
    /// The configured read or write quorum.
    Quorum,
    /// A majority of the home replicas in each data centre.
    EachQuorum,
    /// Every home replica.
    All,
    /// Two phases on majorities of the home replicas: linearizable.
    Atomic,
}

/// What a replica holds for a key. In mode siblings the value is all [siblings](super::siblings), encoded, and the version
/// says how much has been seen of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When the value was written.
    pub version: Version,
    /// Whether the key is used at level atomic, which is never mixed with others.
    pub atomic: bool,
    /// The value; none: a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Entry {
    /// Which of two entries of one key stays: the later one; but what is used at level atomic stays
    /// atomic, should the other have slipped in where the key was not known yet.
    pub fn rank(&self) -> (bool, Version) {
        (self.atomic, self.version)
    }
}

/// What a client asks of the node that coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What to do.
    pub operation: Operation,
    /// How many replicas must take part.
    pub level: Level,
    /// The highest version of this key that the session has read or written: a read reaches it or fails.
    pub floor: Option<Version>,
    /// The highest version of any key in the session's token: a new write gets a higher one.
    pub above: Option<Version>,
    /// How long the answer may take, in milliseconds.
    pub deadline_ms: u32,
}

/// The operations of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Reads a key.
    Get {
        /// The key.
        key: String,
    },
    /// Writes a value.
    Put {
        /// The key.
        key: String,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Writes a tombstone.
    Delete {
        /// The key.
        key: String,
    },
    /// Writes `new` if the value is `expected`. Refused: quorums cannot give it.
    CompareAndSet {
        /// The key.
        key: String,
        /// The value it must have.
        expected: Option<Vec<u8>>,
        /// Its new value.
        new: Vec<u8>,
    },
    /// What this node itself holds: entries of keys after `after`, in ring order, as many as fit a frame.
    Dump {
        /// The last key of the previous page.
        after: Option<String>,
    },
    /// Who is there, and where, as far as this node knows.
    Members,
    /// Who is on the ring, as far as this node knows.
    Ring,
    /// Changes who is on the ring. Answered once it has begun.
    ChangeRing {
        /// How.
        order: Order,
    },
    /// Writes over what the session has read, in mode siblings, and over nothing else.
    Update {
        /// The key.
        key: String,
        /// Its new value; none: a tombstone.
        value: Option<Vec<u8>>,
        /// The context that was read.
        context: Vec<u8>,
    },
}

impl Operation {
    /// The key it is about; none where it is about all.
    pub fn key(&self) -> Option<&str> {
        match self {
            Operation::Get { key }
            | Operation::Put { key, .. }
            | Operation::Delete { key }
            | Operation::Update { key, .. }
            | Operation::CompareAndSet { key, .. } => Some(key),
            Operation::Dump { .. } | Operation::Members | Operation::Ring | Operation::ChangeRing { .. } => {
                None
            }
        }
    }
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// A read: the value and its version. No version: never written; a version alone: deleted.
    Value {
        /// The value.
        value: Option<Vec<u8>>,
        /// When it was written.
        version: Option<Version>,
    },
    /// A write took effect at this version.
    Written {
        /// Its version.
        version: Version,
    },
    /// A page of what the node holds.
    Dump {
        /// Keys with their entries, in order.
        entries: Vec<(String, Entry)>,
        /// Whether keys after the last one remain.
        more: bool,
    },
    /// It certainly had no effect.
    Refused(Refusal),
    /// It may have taken effect, or may yet.
    Unknown(String),
    /// Who is there.
    Members {
        /// What the node takes each member for, in the order of their names.
        views: Vec<View>,
        /// Their addresses, in the same order; empty: the node was not told.
        addresses: Vec<String>,
    },
    /// Who is on the ring.
    Ring {
        /// The layout in force at the node.
        layout: Layout,
        /// Of those who get something in the change under way, who has it.
        handed_over: Vec<NodeId>,
    },
    /// A read, in mode siblings: all values of which none was written by somebody who had seen another.
    Siblings {
        /// The values. None of them: a tombstone; an empty list: never written.
        values: Vec<Option<Vec<u8>>>,
        /// What has been seen with them: it goes with a write that is to take their place.
        context: Vec<u8>,
        /// How much that is; none: never written.
        version: Option<Version>,
    },
}

impl Answer for Response {
    fn not_asked(why: String) -> Response {
        Response::Refused(Refusal::Unavailable(why))
    }

    fn too_large(self, why: String) -> Response {
        // Only what is read can be so large, so nothing has happened.
        Response::not_asked(why)
    }
}

/// Why an operation certainly had no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Quorums cannot give it, at any level.
    #[error(
        "compare-and-set is refused: replicas that answer a quorum one by one cannot agree on which of two \
         concurrent changes came first; that needs consensus"
    )]
    CompareAndSet,
    /// The replicas needed did not answer in time.
    #[error("only {answered} of {needed} replicas answered within {deadline_ms} ms")]
    Deadline {
        /// Replicas that answered.
        answered: usize,
        /// Replicas needed.
        needed: usize,
        /// The deadline.
        deadline_ms: u32,
    },
    /// The replicas that answered in time do not hold what this session has already seen.
    #[error(
        "no replica that answered within {deadline_ms} ms holds version {floor}, which this session has seen"
    )]
    Behind {
        /// What the session has seen.
        floor: Version,
        /// The deadline.
        deadline_ms: u32,
    },
    /// Level atomic and another level on one key.
    #[error("this key is used at level {used}: level atomic and other levels cannot be mixed on one key")]
    MixedLevels {
        /// How the key is used so far.
        used: String,
    },
    /// The node cannot take part now.
    #[error("{0}")]
    Unavailable(String),
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// Another node has the cache of this key, and it alone takes requests for it.
    #[error("{node} has the cache of this key: ask there")]
    Elsewhere {
        /// That node's name.
        node: String,
    },
    /// The replicas do not hold what this session has seen, and the cache that acknowledged it has died since.
    #[error("version {floor}, which this session has seen, may be lost with the cache that acknowledged it")]
    Lost {
        /// What the session has seen.
        floor: Version,
    },
}

/// What nodes say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Coordinator to home replica: hold this entry.
    Write {
        /// The coordinator's operation.
        operation: OperationId,
        /// Of the layout in which the receiver is home.
        epoch: Epoch,
        /// The key.
        key: String,
        /// What to hold, unless something newer is held.
        entry: Entry,
    },
    /// Home replica to coordinator: it, or something newer, is held durably. Stand-in to coordinator: is kept durably.
    Written {
        /// The coordinator's operation.
        operation: OperationId,
    },
    /// Home replica to coordinator: not held, and why.
    WriteRefused {
        /// The coordinator's operation.
        operation: OperationId,
        /// Why.
        refusal: Refusal,
    },
    /// Coordinator to home replica: what do you hold?
    Read {
        /// The coordinator's operation.
        operation: OperationId,
        /// Of the layout in which the receiver is home.
        epoch: Epoch,
        /// The key.
        key: String,
    },
    /// Home replica to coordinator: this.
    Held {
        /// The coordinator's operation.
        operation: OperationId,
        /// What is held; none: nothing.
        entry: Option<Entry>,
    },
    /// Background exchange, first step: the hash of all that both nodes keep.
    Digest {
        /// Echoed by all that follows.
        exchange: ExchangeId,
        /// The root of the sender's tree.
        root: u64,
    },
    /// Second step, by both in turn: hashes below the ranges that differ.
    Hashes {
        /// The exchange.
        exchange: ExchangeId,
        /// Ranges, each with the hashes right below it.
        below: Vec<(merkle::Range, merkle::Children)>,
    },
    /// Third step, by the one that was asked: versions in the leaves that differ, as many as fit.
    Versions {
        /// The exchange.
        exchange: ExchangeId,
        /// Leaves that differ.
        leaves: Vec<u16>,
        /// All keys in those leaves that both nodes keep.
        versions: Vec<(String, Version)>,
        /// Whether no other leaves differ.
        complete: bool,
    },
    /// Fourth step: what the receiver lacks, and what the sender wants; the answer to it wants nothing.
    Entries {
        /// Entries that the receiver lacks or holds older, as many as fit.
        entries: Vec<(String, Entry)>,
        /// Keys that the sender lacks or holds older.
        wanted: Vec<String>,
    },
    /// Coordinator to another node: keep this for a home replica that does not answer. Answered as a write is.
    Hint {
        /// The coordinator's operation.
        operation: OperationId,
        /// The home replica.
        owner: NodeId,
        /// The key.
        key: String,
        /// What to keep, unless something newer is kept for that one.
        entry: Entry,
    },
    /// From there to the home replica, once that is back: hold this. Answered as a write is.
    Handoff {
        /// The sender's operation.
        operation: OperationId,
        /// The key.
        key: String,
        /// What to hold, unless something newer is held.
        entry: Entry,
    },
    /// First home replica of a key to each: every one has had this tombstone for long, drop it. Answered as a write is.
    Collect {
        /// The sender's operation.
        operation: OperationId,
        /// Of the layout in which the receivers are all that are home.
        epoch: Epoch,
        /// The key.
        key: String,
        /// The tombstone.
        version: Version,
    },
    /// All that the sender knows of who is there.
    Gossip {
        /// By node.
        table: Vec<Member>,
    },
    /// Who is on the ring, as the sender knows it, or as was just decided.
    Layout {
        /// The layout.
        layout: Layout,
        /// Whether the sender has got all that it is to get in it.
        has_handed_over: bool,
    },
    /// About the layout that is to follow one.
    Ballots {
        /// The epoch of that one.
        epoch: Epoch,
        /// What is said.
        said: Ballots,
    },
}

impl Message {
    /// Whether every version in it is one that a clock can have issued. Anything else comes from a
    /// broken node, and must not reach the clock: versions issued after it would be as impossible.
    pub fn is_possible(&self) -> bool {
        match self {
            Message::Write { entry, .. }
            | Message::Held { entry: Some(entry), .. }
            | Message::Hint { entry, .. }
            | Message::Handoff { entry, .. } => entry.version.is_possible(),
            Message::Collect { version, .. } => version.is_possible(),
            Message::Versions { versions, .. } => versions.iter().all(|(_, version)| version.is_possible()),
            Message::Entries { entries, .. } => entries.iter().all(|(_, entry)| entry.version.is_possible()),
            _ => true,
        }
    }
}
