//! Who takes a write in the place of home replicas that do not answer: the next nodes on the ring.
//!
//! ```text
//! ring, clockwise from the key   n2  n5  n1 │ n3  n4
//!                                  homes    │ stand-ins
//!
//! n5 silent for stand_in_ms      n3 is asked to keep a hint for n5
//! n3 silent as well              n4 is asked
//! ```
//!
//! A node stands in for one home replica of a key only, so that what counts lies on so many nodes. In the place of a home
//! replica that is known to be down ([`Membership`](super::membership::Membership)) they are asked at once. Nobody may
//! know it yet: one that has not acknowledged for a short time is taken for it.

use std::collections::{BTreeMap, VecDeque};

use super::message::NodeId;

/// The stand-ins of one write.
#[derive(Debug)]
pub struct StandIns {
    /// Nobody asked for them yet; the next on the ring first.
    left: VecDeque<NodeId>,
    /// Whom each stands in for, of those that were asked.
    owners: BTreeMap<NodeId, NodeId>,
    /// When to ask for more.
    pub next_at: u64,
    /// Home replicas alone should count here (bug 12).
    pub are_foreign: bool,
}

impl StandIns {
    /// Stand-ins from among these nodes, in their order, the first of them at `next_at` in monotonic nanoseconds.
    pub fn new(nodes: impl IntoIterator<Item = NodeId>, next_at: u64, are_foreign: bool) -> StandIns {
        StandIns { left: nodes.into_iter().collect(), owners: BTreeMap::new(), next_at, are_foreign }
    }

    /// Whom this node was asked to stand in for.
    pub fn owner(&self, node: NodeId) -> Option<NodeId> {
        self.owners.get(&node).copied()
    }

    /// Whom to ask, now, in the place of this home replica: the next one; once there are no more, again those that
    /// were asked before.
    pub fn instead_of(&mut self, home: NodeId) -> Vec<NodeId> {
        match self.left.pop_front() {
            Some(next) => {
                self.owners.insert(next, home);
                vec![next]
            }
            None => self.owners.iter().filter(|(_, owner)| **owner == home).map(|(node, _)| *node).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_stands_in_for_one_home_replica_only() {
        let mut stand_ins = StandIns::new([3, 4], 0, false);
        assert_eq!(stand_ins.instead_of(0), [3]);
        assert_eq!(stand_ins.instead_of(1), [4]);
        assert_eq!(stand_ins.instead_of(0), [3]);
        assert_eq!(stand_ins.instead_of(2), [0; 0]);
        assert_eq!([2, 3, 4].map(|node| stand_ins.owner(node)), [None, Some(0), Some(1)]);
    }
}
