//! Which node a session asks next.

use super::Client;
use crate::quorum::message::NodeId;

impl Client {
    /// The node of this name has the cache of this key.
    pub(super) fn go_to(&mut self, name: &str, key: Option<&str>) {
        let position = self.options.nodes.iter().position(|(each, _)| each == name);
        if let (Some(node), Some(key)) = (position, key) {
            self.places.learn(key, node as NodeId);
            self.coordinate(node as NodeId);
        }
    }

    pub(super) fn wander(&mut self) {
        let one_in = self.options.wander_one_in;
        if one_in > 0 && self.env.random.next().is_multiple_of(one_in) {
            let near = self.options.near.iter().copied().filter(|node| !self.away.contains(node));
            match near.collect::<Vec<NodeId>>().as_slice() {
                [] => self.change(),
                near => self.coordinate(near[below(self.env.random.next(), near.len())]),
            }
        }
    }

    /// Takes another coordinator.
    pub(super) fn change(&mut self) {
        if let Some(next) = self.another() {
            self.coordinate(next);
        }
    }

    /// Takes another coordinator than those that were asked in vain: as many at random as there are, and then whoever chance has
    /// left out. Returns whether there is one.
    pub(super) fn go_on(&mut self, asked: &[NodeId]) -> bool {
        let nodes = self.options.nodes.len();
        if asked.len() < nodes {
            self.change();
            return true;
        }
        let left_out = (0..nodes as NodeId).find(|node| !asked.contains(node));
        left_out.map(|node| self.coordinate(node)).is_some()
    }

    /// Another node than the coordinator, at random: whoever is near has failed, or may be anyone. The next one from there
    /// that is not away; none where there is one node only.
    pub(super) fn another(&self) -> Option<NodeId> {
        let others = self.options.nodes.len() - 1;
        let drawn = (others > 0).then(|| below(self.env.random.next(), others))?;
        let further = |places: usize| {
            ((usize::from(self.coordinator) + 1 + drawn + places) % self.options.nodes.len()) as NodeId
        };
        let is_there = |node: &NodeId| *node != self.coordinator && !self.away.contains(node);
        Some((0..=others).map(further).find(is_there).unwrap_or(further(0)))
    }

    pub(super) fn coordinate(&mut self, node: NodeId) {
        if node == self.coordinator {
            return;
        }
        self.coordinator = node;
        if !self.options.safeguards.token_survives_failover && !self.token.is_empty() {
            self.env.observer.reached("token-dropped");
            self.token.clear();
        }
    }
}

/// `random` brought below `bound`.
pub(super) fn below(random: u64, bound: usize) -> usize {
    (random % bound as u64) as usize
}
