//! Who is on the ring: a layout, numbered by its epoch, and the change that is under way.
//!
//! ```text
//! epoch 4   n1 n2 n3 n4 n5
//! epoch 5   n1 n2 n3 n4 n5   n2 leaves      reads and writes ask the owners of a key before and after; hand-over
//! epoch 6   n1 n3 n4 n5                     everything is handed over
//! ```
//!
//! Each layout follows from the one before it, and a majority of that one's members accepts it
//! ([`Agreement`](super::agreement)).

use serde::{Deserialize, Serialize};

use crate::protocol::NodeId;

/// Numbers layouts; 0 is the one that nodes are configured with.
pub type Epoch = u64;

/// All epochs are below: no cluster gets there.
const EPOCH_END: Epoch = 1 << 62;

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A node takes its place on the ring.
    Join(NodeId),
    /// A node gives it up.
    Leave(NodeId),
}

impl Change {
    /// Whom it is about.
    pub fn node(self) -> NodeId {
        match self {
            Change::Join(node) | Change::Leave(node) => node,
        }
    }
}

/// What can be done to a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Begin this change.
    Begin(Change),
    /// Give up the change that is under way.
    Cancel,
}

/// Who is on the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Its number.
    pub epoch: Epoch,
    /// Who is on the ring, or was before the change that is under way; in ascending order.
    pub members: Vec<NodeId>,
    /// What is under way.
    pub change: Option<Change>,
}

/// What an order comes to in a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This layout is to follow.
    Next(Layout),
    /// It is so already.
    Nothing,
    /// It cannot be, for this reason.
    Refused(Why),
}

/// Why an order is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another change is under way.
    OneAtATime(Change),
    /// Fewer nodes would be left than a key has home replicas.
    TooFew,
    /// There is no such node.
    Unknown(NodeId),
}

impl Layout {
    /// The first one.
    pub fn first(members: Vec<NodeId>) -> Layout {
        Layout { epoch: 0, members, change: None }
    }

    /// Whether it can be one of a cluster of so many nodes: none comes after the last epoch.
    pub fn is_possible(&self, nodes: usize) -> bool {
        let after = self.members_after();
        let are_nodes = self.members.iter().chain(&after).all(|member| usize::from(*member) < nodes);
        let is_sorted = self.members.is_sorted_by(|one, next| one < next);
        are_nodes && is_sorted && !self.members.is_empty() && !after.is_empty() && self.epoch < EPOCH_END
    }

    /// Who is on the ring once the change under way is over.
    pub fn members_after(&self) -> Vec<NodeId> {
        let mut members = self.members.clone();
        match self.change {
            Some(Change::Join(node)) => members.push(node),
            Some(Change::Leave(node)) => members.retain(|member| *member != node),
            None => {}
        }
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Who gets something in the change under way: who joins, or everybody whom a node leaves its part to.
    pub fn gainers(&self) -> Vec<NodeId> {
        match self.change {
            Some(Change::Join(node)) => vec![node],
            Some(Change::Leave(_)) => self.members_after(),
            None => Vec::new(),
        }
    }

    /// What an order comes to, in a cluster of so many nodes with so many home replicas of a key.
    pub fn obey(&self, order: Order, nodes: usize, replication: usize) -> Outcome {
        let epoch = self.epoch + 1;
        match (order, self.change) {
            (Order::Begin(change), _) if usize::from(change.node()) >= nodes => {
                Outcome::Refused(Why::Unknown(change.node()))
            }
            (Order::Begin(change), Some(under_way)) if change == under_way => Outcome::Nothing,
            (Order::Begin(_), Some(under_way)) => Outcome::Refused(Why::OneAtATime(under_way)),
            (Order::Begin(change), None) => {
                let next = Layout { epoch, change: Some(change), ..self.clone() };
                let after = next.members_after();
                match after {
                    after if after == self.members => Outcome::Nothing,
                    after if after.len() < replication => Outcome::Refused(Why::TooFew),
                    _ => Outcome::Next(next),
                }
            }
            (Order::Cancel, None) => Outcome::Nothing,
            (Order::Cancel, Some(_)) => Outcome::Next(Layout { epoch, change: None, ..self.clone() }),
        }
    }

    /// What follows once everything is handed over; none: no change is under way.
    pub fn finished(&self) -> Option<Layout> {
        self.change.map(|_| Layout { epoch: self.epoch + 1, members: self.members_after(), change: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obey(layout: &Layout, order: Order) -> Outcome {
        layout.obey(order, 5, 3)
    }

    #[test]
    fn a_change_has_two_steps() {
        let first = Layout::first(vec![0, 1, 2, 3]);
        let Outcome::Next(joining) = obey(&first, Order::Begin(Change::Join(4))) else { panic!("refused") };
        assert_eq!((joining.epoch, &joining.members, joining.gainers()), (1, &first.members, vec![4]));
        let joined = joining.finished().expect("a change is under way");
        assert_eq!(joined, Layout { epoch: 2, members: vec![0, 1, 2, 3, 4], change: None });
        let Outcome::Next(leaving) = obey(&joined, Order::Begin(Change::Leave(1))) else { panic!("refused") };
        assert_eq!(leaving.gainers(), [0, 2, 3, 4]);
        assert_eq!(leaving.finished().expect("one").members, [0, 2, 3, 4]);
        assert_eq!(first.finished(), None);
    }

    #[test]
    fn an_impossible_layout_is_told() {
        let layout = Layout { epoch: 3, members: vec![0, 2], change: Some(Change::Join(1)) };
        assert!(layout.is_possible(3));
        assert!(!layout.is_possible(2));
        assert!(!Layout { epoch: u64::MAX, ..layout.clone() }.is_possible(3));
        assert!(!Layout { members: vec![2, 0], ..layout.clone() }.is_possible(3));
        assert!(!Layout { change: Some(Change::Join(3)), ..layout.clone() }.is_possible(3));
        assert!(!Layout { members: vec![1], change: Some(Change::Leave(1)), ..layout }.is_possible(3));
    }

    #[test]
    fn one_at_a_time() {
        let change = Change::Join(4);
        let joining = Layout { epoch: 1, members: vec![0, 1, 2], change: Some(change) };
        let other = obey(&joining, Order::Begin(Change::Join(3)));
        assert_eq!(other, Outcome::Refused(Why::OneAtATime(change)));
        assert_eq!(obey(&joining, Order::Begin(change)), Outcome::Nothing);
        let cancelled = Layout { epoch: 2, members: vec![0, 1, 2], change: None };
        assert_eq!(obey(&joining, Order::Cancel), Outcome::Next(cancelled));
    }

    #[test]
    fn what_is_so_already_is_nothing_and_what_cannot_be_is_refused() {
        let first = Layout::first(vec![0, 1, 2]);
        assert_eq!(obey(&first, Order::Begin(Change::Join(2))), Outcome::Nothing);
        assert_eq!(obey(&first, Order::Begin(Change::Leave(4))), Outcome::Nothing);
        assert_eq!(obey(&first, Order::Cancel), Outcome::Nothing);
        assert_eq!(obey(&first, Order::Begin(Change::Leave(0))), Outcome::Refused(Why::TooFew));
        assert_eq!(obey(&first, Order::Begin(Change::Join(5))), Outcome::Refused(Why::Unknown(5)));
    }
}
