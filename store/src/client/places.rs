//! Where keys are cached, as nodes have said.
//!
//! ```text
//! get k ──▶ n1   "n3 has the cache of this key: ask there"
//!       ──▶ n3   answered; from now on straight to n3
//! ```

use std::collections::BTreeMap;

use crate::quorum::message::NodeId;

/// The node that has the cache of each key, of the keys whose one is known.
#[derive(Clone, Debug)]
pub(super) struct Places {
    keys_max: usize,
    nodes: BTreeMap<String, NodeId>,
}

impl Places {
    /// Nothing is known. So many keys at most will be, at least one.
    pub(super) fn new(keys_max: usize) -> Places {
        Places { keys_max: keys_max.max(1), nodes: BTreeMap::new() }
    }

    /// Who has the cache of this key, if that is known.
    pub(super) fn of(&self, key: &str) -> Option<NodeId> {
        self.nodes.get(key).copied()
    }

    /// This node has it. Where too many are known, the others are forgotten: asking again costs a message.
    pub(super) fn learn(&mut self, key: &str, node: NodeId) {
        if self.nodes.len() >= self.keys_max {
            self.nodes.clear();
        }
        self.nodes.insert(key.to_owned(), node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_learnt_last_and_not_too_much() {
        let mut places = Places::new(2);
        places.learn("a", 1);
        places.learn("b", 1);
        places.learn("b", 2);
        assert_eq!([places.of("a"), places.of("b")], [None, Some(2)]);
    }
}
