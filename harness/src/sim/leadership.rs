//! Who leads, as far as nodes have told: for faults that aim at the leader.

use std::cell::RefCell;

use perjury_store::raft::fact::Fact;
use perjury_store::raft::log::Term;

/// A node that leads, or has led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The node.
    pub node: String,
    /// Of which term.
    pub term: Term,
}

/// The leader of the highest term that any node has told of. It may be down, or cut off, by now.
#[derive(Debug, Default)]
pub struct Leadership(RefCell<Option<Leader>>);

impl Leadership {
    /// A node tells this of itself.
    pub fn hear(&self, node: &str, fact: &Fact) {
        let Fact::Leader { term } = *fact else { return };
        let mut leader = self.0.borrow_mut();
        if leader.as_ref().is_none_or(|leader| leader.term < term) {
            *leader = Some(Leader { node: node.to_owned(), term });
        }
    }

    /// Who leads.
    pub fn leader(&self) -> Option<Leader> {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deposed_leader_leads_no_more() {
        let leadership = Leadership::default();
        assert_eq!(leadership.leader(), None);
        leadership.hear("n1", &Fact::Term(9));
        leadership.hear("n2", &Fact::Leader { term: 3 });
        leadership.hear("n1", &Fact::Leader { term: 2 });
        assert_eq!(leadership.leader(), Some(Leader { node: "n2".to_owned(), term: 3 }));
        leadership.hear("n1", &Fact::Leader { term: 4 });
        assert_eq!(leadership.leader().map(|leader| leader.node).as_deref(), Some("n1"));
    }
}
