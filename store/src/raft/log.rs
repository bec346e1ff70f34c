//! What the replicated log is made of.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::request::{Command, Members};
use crate::protocol;

/// A term: the generation clock. Leaders of an earlier term are fenced off by it.
pub type Term = u64;

/// The place of an entry in the log: 1, 2, 3, …; 0 is before the first.
pub type Index = u64;

/// An entry's identity: with the same index and term it is the same entry, and so is all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The leader's term that made it.
    pub term: Term,
    /// Its place.
    pub index: Index,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it is, and of which term.
    pub at: Position,
    /// What it says.
    pub payload: Payload,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// The first entry of each leader: it commits what earlier leaders left.
    Noop,
    /// The members of the cluster from here on.
    Members(Members),
    /// Something for the state machine.
    Command(Command),
}

impl Entry {
    /// Hash of the payload.
    pub fn digest(&self) -> u64 {
        self.digest_and_bytes().0
    }

    /// Hash of the payload, and how many bytes it is encoded.
    pub fn digest_and_bytes(&self) -> (u64, usize) {
        let bytes = postcard::to_allocvec(&self.payload).expect("a vector takes every payload");
        (xxh3_64(&bytes), bytes.len())
    }
}

/// A record of the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// The current term, and whom this node voted for in it. Synced before any answer that depends on it.
    Vote {
        /// The term.
        term: Term,
        /// The candidate, if any.
        voted_for: Option<protocol::NodeId>,
    },
    /// This entry stands in the log, and nothing after it does: later records may add to it. Where the very
    /// same entry stands already, nothing changes: it is kept beside a snapshot.
    Entry(Entry),
    /// Replay found damage before this, and the node has not been readmitted since: it does not count.
    Damaged,
    /// A witness has confirmed a leader whose log has an entry of this term: it votes for nobody whose log
    /// ends before. Synced before that is confirmed.
    Witnessed {
        /// The term.
        term: Term,
    },
}

impl protocol::Record for Record {
    /// A vote for nobody in term zero.
    const BYTES_MIN: usize = 3;
    const NEEDS_ALL_BEFORE: bool = true;

    fn key(_encoded: &[u8]) -> Option<&str> {
        None
    }
}

/// What a raft node finds in its data directory when it starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// How many times it has been started, this time included.
    pub incarnation: u32,
    /// The newest snapshot that is whole, as [`Effect::SaveSnapshot`](crate::protocol::Effect) gave it: the
    /// index it covers, and its bytes.
    pub snapshot: Option<(Index, Vec<u8>)>,
    /// The records of its log, in order.
    pub records: Vec<Record>,
    /// Replay found corrupt records, or no snapshot that the log goes on from: this node may have forgotten
    /// votes and entries that it has acknowledged.
    pub damaged: bool,
    /// A seed for randomized timeouts.
    pub seed: u64,
}
