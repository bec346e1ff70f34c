//! What only a leader has.

use std::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;

use super::progress::Progress;
use super::rounds::Rounds;
use crate::protocol::NodeId;
use crate::raft::log::Index;
use crate::raft::request::Members;

/// The state of a leadership: gone with it.
#[derive(Debug)]
pub(super) struct Leader {
    me: NodeId,
    /// Its first entry: until that is committed it knows nothing of what is.
    pub(super) first: Index,
    /// The others to which it sends: the members, and those removed that do not know it yet.
    pub(super) progress: BTreeMap<NodeId, Progress>,
    pub(super) rounds: Rounds,
    /// The time of the log in milliseconds when it was elected, and the monotonic clock then.
    pub(super) log_clock: (u64, u64),
    pub(super) heartbeat_due: u64,
    /// When to look next whether a majority was heard.
    pub(super) quorum_due: u64,
    pub(super) transfer: Option<Transfer>,
    /// Where copies are asynchronous: entries of its own that the standby lacks, and since when.
    pub(super) unreplicated: VecDeque<(Index, u64)>,
    /// It has asked another to stand in spite of the lease, and that may be heard late: no lease any more.
    pub(super) lease_revoked: bool,
    /// With the safeguard `removed_is_silent` off: whoever answers counts.
    counts_removed: bool,
}

/// Leadership being handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) to: NodeId,
    /// When it is given up.
    pub(super) until: u64,
}

impl Leader {
    /// The leader whose first entry will stand at `first`.
    pub(super) fn new(me: NodeId, first: Index, counts_removed: bool) -> Leader {
        Leader {
            me,
            first,
            progress: BTreeMap::new(),
            rounds: Rounds::default(),
            log_clock: (0, 0),
            heartbeat_due: 0,
            quorum_due: 0,
            transfer: None,
            unreplicated: VecDeque::new(),
            lease_revoked: false,
            counts_removed,
        }
    }

    /// Begins to send to members that are new, from `next` on.
    pub(super) fn meet(&mut self, members: &Members, next: Index) {
        let all = members.voters.iter().chain(&members.learners);
        for &node in all.filter(|&&node| node != self.me) {
            let is_known = self.progress.get(&node).is_some_and(|progress| progress.leaving.is_none());
            if !is_known {
                self.progress.insert(node, Progress::new(next));
            }
        }
    }

    /// The highest value that a majority of the voters has reached, this node's own being `mine`.
    pub(super) fn agreed(&self, members: &Members, mine: u64, of: impl Fn(&Progress) -> u64) -> u64 {
        let counted = |node: &NodeId| self.counts_removed || members.voters.contains(node);
        let own = counted(&self.me).then_some(mine);
        let others = self.progress.iter().filter(|(node, _)| counted(node));
        let mut values: SmallVec<[u64; 8]> = others.map(|(_, progress)| of(progress)).chain(own).collect();
        values.sort_unstable_by(|a, b| b.cmp(a));
        values.get(members.majority() - 1).copied().unwrap_or(0)
    }
}
