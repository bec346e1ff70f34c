//! What nodes say to each other.

use serde::{Deserialize, Serialize};

use super::log::{Entry, Index, Position, Term};

/// A message; `term` is the sender's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The sender's term (of a pre-vote: the term it would stand in).
    pub term: Term,
    /// What it says.
    pub body: Body,
}

/// No term, index or round comes near this. What is counted on from numbers below it does not overflow.
const NUMBERS_MAX: u64 = 1 << 62;

impl Message {
    /// Whether all its numbers are such as a cluster comes to.
    pub fn is_possible(&self) -> bool {
        self.term.max(self.body.highest()) < NUMBERS_MAX
    }
}

impl Body {
    /// The highest number that anything is counted on from.
    fn highest(&self) -> u64 {
        let place = |at: &Position| at.term.max(at.index);
        match self {
            Body::Voted { .. } | Body::Readmitted { .. } | Body::TimeoutNow => 0,
            Body::Vote { last, .. } => place(last),
            Body::Append { round, previous, entries, commit } => {
                let places = entries.iter().map(|entry| place(&entry.at));
                places.fold(place(previous).max(*round).max(*commit), u64::max)
            }
            Body::Matched { round, index, .. } | Body::Copied { round, index, .. } => *round.max(index),
            Body::Conflict { round, previous, hint, .. } => place(hint).max(*round).max(*previous),
            Body::Snapshot { round, at, offset, total, .. } => place(at).max(*round).max(*offset).max(*total),
            Body::SnapshotPart { round, at, received, .. } => place(at).max(*round).max(*received),
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Vote for me.
    Vote {
        /// Only asks whether it would be granted; changes nothing.
        is_pre: bool,
        /// The last entry of the candidate's log.
        last: Position,
        /// The leader itself wants this election: its lease does not stand against it.
        is_transfer: bool,
    },
    /// An answer to it.
    Voted {
        /// What it answers.
        is_pre: bool,
        /// Whether the vote was given.
        granted: bool,
    },
    /// Entries after `previous`, perhaps none: a heartbeat.
    Append {
        /// Numbers the leader's rounds of heartbeats: the answer confirms its leadership at that time.
        round: u64,
        /// The entry before the first.
        previous: Position,
        /// The entries.
        entries: Vec<Entry>,
        /// The leader's high-water mark.
        commit: Index,
    },
    /// The follower's log equals the leader's up to here, durably.
    Matched {
        /// The round answered.
        round: u64,
        /// Up to here.
        index: Index,
        /// How many times the follower has been started.
        incarnation: u32,
    },
    /// The same from a node that has perhaps forgotten votes and entries: it holds copies up to here, and
    /// neither they nor its hearing of the round count. What its earlier incarnations confirmed is void.
    Copied {
        /// The round answered.
        round: u64,
        /// Up to here.
        index: Index,
        /// How many times the follower has been started.
        incarnation: u32,
    },
    /// The answer to [`Body::Copied`] of a learner: it was removed and added since, or never counted, so what
    /// it has forgotten matters no more. It may confirm from here on.
    Readmitted {
        /// The incarnation that is meant: a later one has perhaps forgotten more.
        incarnation: u32,
    },
    /// `previous` is not in the follower's log.
    Conflict {
        /// The round answered.
        round: u64,
        /// Whether its hearing of the round counts: not that of a node that has perhaps forgotten votes, nor
        /// that of a round of an earlier term.
        counts: bool,
        /// What was not found.
        previous: Index,
        /// Where the leader should try next: the last entry of the follower's log, at `previous` or before,
        /// whose term is not above that of `previous`.
        hint: Position,
    },
    /// A part of a snapshot.
    Snapshot {
        /// The round, as for [`Body::Append`].
        round: u64,
        /// The last entry it covers.
        at: Position,
        /// Where the part begins.
        offset: u64,
        /// The whole length.
        total: u64,
        /// The part.
        bytes: Vec<u8>,
    },
    /// Parts up to here have arrived.
    SnapshotPart {
        /// The round answered.
        round: u64,
        /// Whether its hearing of the round counts.
        counts: bool,
        /// The last entry it covers.
        at: Position,
        /// How many bytes are there, in order.
        received: u64,
    },
    /// Stand for election now.
    TimeoutNow,
}
