//! Who belongs to the cluster, as the log says.

use std::collections::VecDeque;

use crate::protocol::NodeId;
use crate::raft::log::Index;
use crate::raft::request::Members;

impl Members {
    /// Whether a node is a member at all.
    pub fn contains(&self, node: NodeId) -> bool {
        self.voters.contains(&node) || self.learners.contains(&node)
    }

    /// How many voters are a majority.
    pub fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }
}

/// The members at each point of the log: a change counts as soon as it stands in the log, and is undone when
/// it is cut off again (Ongaro 2014, section 4.1).
///
/// - Holds one line-up at least; indices rise.
#[derive(Debug)]
pub(super) struct Memberships {
    history: VecDeque<(Index, Members)>,
}

impl Memberships {
    /// The members that a log begins with, from this index on.
    pub(super) fn new(index: Index, members: Members) -> Memberships {
        Memberships { history: VecDeque::from([(index, members)]) }
    }

    /// Those that count now.
    pub(super) fn latest(&self) -> &Members {
        &self.history[self.history.len() - 1].1
    }

    /// The index of the entry that made it so.
    pub(super) fn latest_at(&self) -> Index {
        self.history[self.history.len() - 1].0
    }

    /// The members as of this index, and the index of the entry that made it so.
    pub(super) fn at(&self, index: Index) -> (Index, &Members) {
        let later = self.history.partition_point(|&(at, _)| at <= index);
        let (at, members) = &self.history[later.saturating_sub(1)];
        (*at, members)
    }

    /// The members as of this index, and all line-ups after it: one of these is, or will be, what counts.
    pub(super) fn since(&self, index: Index) -> impl Iterator<Item = &Members> {
        let later = self.history.partition_point(|&(at, _)| at <= index);
        self.history.range(later.saturating_sub(1)..).map(|(_, members)| members)
    }

    /// An entry with a line-up stands in the log.
    pub(super) fn push(&mut self, index: Index, members: Members) {
        self.history.push_back((index, members));
    }

    /// The entries from this index on are cut off. The first line-up stays: it is that of a snapshot.
    pub(super) fn truncate(&mut self, from: Index) {
        while self.history.len() > 1 && self.history.back().is_some_and(|&(at, _)| at >= from) {
            self.history.pop_back();
        }
    }

    /// Nothing before this index is asked for any more.
    pub(super) fn compact(&mut self, index: Index) {
        while self.history.get(1).is_some_and(|&(at, _)| at <= index) {
            self.history.pop_front();
        }
    }
}
