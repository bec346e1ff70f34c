//! The order in which a call asks the nodes.

use std::collections::BTreeSet;

use crate::protocol::NodeId;

/// The nodes that a call has asked since it last paused.
#[derive(Debug, Default)]
pub(super) struct Round {
    asked: BTreeSet<NodeId>,
    /// Who leads, by the last word on it.
    hint: Option<NodeId>,
}

impl Round {
    /// Node `at` of `nodes` has failed the call, and perhaps said who leads. Gives whom to ask next: the
    /// leader, or else the nodes in order, each once. The round is over when nobody is left; the next one
    /// begins with the last that was said to lead.
    pub(super) fn next(&mut self, at: NodeId, hint: Option<NodeId>, nodes: NodeId) -> (NodeId, bool) {
        self.asked.insert(at);
        self.hint = hint.or(self.hint).filter(|leader| *leader != at && *leader < nodes);
        let in_order = (1..nodes).map(|step| (at + step) % nodes);
        if let Some(next) = self.hint.into_iter().chain(in_order).find(|node| !self.asked.contains(node)) {
            return (next, false);
        }
        self.asked.clear();
        (self.hint.unwrap_or((at + 1) % nodes), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_from_node_to_node_and_then_pauses() {
        let mut round = Round::default();
        let mut at = 1;
        let mut path = Vec::new();
        for _ in 0..7 {
            let (next, is_over) = round.next(at, None, 3);
            path.push((next, is_over));
            at = next;
        }
        let once = [(2, false), (0, false), (1, true)];
        assert_eq!(path, [once, once, once].concat()[..7]);
    }

    #[test]
    fn follows_a_hint_at_once_but_not_in_circles() {
        let mut round = Round::default();
        assert_eq!(round.next(0, Some(2), 4), (2, false));
        // They name each other: the others are asked, and then one of them again after a pause.
        assert_eq!(round.next(2, Some(0), 4), (3, false));
        assert_eq!(round.next(3, None, 4), (1, false));
        assert_eq!(round.next(1, None, 4), (0, true));
        assert_eq!(round.next(0, Some(2), 4), (2, false));
    }

    #[test]
    fn a_hint_that_led_nowhere_is_forgotten() {
        let mut round = Round::default();
        assert_eq!(round.next(0, Some(1), 3), (1, false));
        assert_eq!(round.next(1, None, 3), (2, false));
        assert_eq!(round.next(2, None, 3), (0, true));
    }

    #[test]
    fn a_hint_to_oneself_or_to_no_node_is_none() {
        assert_eq!(Round::default().next(0, Some(0), 3), (1, false));
        assert_eq!(Round::default().next(0, Some(7), 3), (1, false));
        assert_eq!(Round::default().next(0, Some(7), 1), (0, true));
    }
}
