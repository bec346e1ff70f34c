//! What a node tells an observer of its inside: mostly of its log, so that invariants can be watched.
//!
//! Facts are told in the order in which they become true in the node's memory; a node that dies has told
//! everything that it had done. Nothing is told of what an append that failed would have done: a raft node
//! ends when an append fails.

use super::log::{Index, Position, Term};

/// Something that is now true of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// It has started, with this term, snapshot and log; its applied index is that of the snapshot.
    Started {
        /// The durable term.
        term: Term,
        /// The last entry that the snapshot covers; index 0: there is none.
        snapshot: Position,
        /// Every entry that its log holds, each with its digest; perhaps some that the snapshot covers.
        log: Vec<(Position, u64)>,
        /// Its disk was damaged: it has perhaps forgotten terms and entries, and does not count until it
        /// was removed and added again.
        damaged: bool,
    },
    /// From here on it may say things in this term. Told once the term is durable, not when it is taken up
    /// in memory: a power loss in between takes it back, and nobody has heard of it. With a safeguard
    /// off: once it takes the term for durable.
    Term(Term),
    /// It is the leader of this term, which it has told before.
    Leader {
        /// The term.
        term: Term,
    },
    /// Its log holds this entry at this index, and nothing after it.
    Appended {
        /// Where, and of which term.
        at: Position,
        /// Hash of the payload.
        digest: u64,
    },
    /// As leader it knows that everything up to here is committed. Told before anything that follows from it,
    /// here and elsewhere.
    Committed {
        /// The index.
        index: Index,
    },
    /// A snapshot from the leader replaced its state: it covers everything up to here. Entries after it
    /// are still in the log if `keeps_tail`.
    Installed {
        /// The last entry it covers.
        at: Position,
        /// Whether the log after it was kept.
        keeps_tail: bool,
    },
    /// Its state machine has applied this entry; every entry is applied, also those that change no cell.
    Applied {
        /// Where, and of which term.
        at: Position,
        /// Hash of the payload.
        digest: u64,
        /// Hash of what came of it: equal on every node.
        outcome: u64,
    },
    /// It went back to the state after this index, to apply other entries after it: only where copies are
    /// asynchronous.
    RolledBack {
        /// The applied index that is left.
        index: Index,
    },
    /// It has started, and is no node of a replicated log: a write-behind cache, of whose acknowledged writes at most
    /// so many are lost that the store did not have.
    Lost {
        /// How many at most.
        writes_max: u64,
    },
}
