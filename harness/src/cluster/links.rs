//! Links: each direction of each is cut by a set of faults, and whole when the set is empty.
//!
//! The simulator has one state per direction and no memory, so after each change the directions
//! concerned are set anew from all faults in force.

use std::collections::BTreeSet;

use super::Cluster;
use crate::sim::FaultId;

impl Cluster {
    /// Cuts the direction from one host to another; what is under way there is lost.
    pub fn block(&mut self, id: FaultId, from: &str, to: &str) {
        if from != to {
            self.world.fabric.cut(id, from, to);
            self.sim.partition_oneway(from, to);
        }
    }

    /// Cuts both directions between each of `side` and each of `other`.
    pub fn block_between(&mut self, id: FaultId, side: &[String], other: &[String]) {
        for a in side {
            for b in other {
                self.block(id, a, b);
                self.block(id, b, a);
            }
        }
    }

    /// Takes back the cuts of this fault; a direction that another fault cuts stays cut.
    pub fn unblock(&mut self, id: FaultId) {
        for (from, to) in self.world.fabric.uncut(id) {
            self.apply_link(&from, &to);
        }
    }

    /// Whether any fault in force cuts this direction.
    pub fn is_blocked(&self, from: &str, to: &str) -> bool {
        self.world.fabric.is_cut(from, to)
    }

    /// The ways from and to these nodes, from and to every other.
    pub fn ways_of(&self, nodes: &[String]) -> BTreeSet<(String, String)> {
        let pairs =
            |from: &String| self.names.iter().map(|to| (from.clone(), to.clone())).collect::<Vec<_>>();
        let concerned =
            |(from, to): &(String, String)| from != to && (nodes.contains(from) || nodes.contains(to));
        self.names.iter().flat_map(pairs).filter(concerned).collect()
    }

    /// Cuts a machine off from everything, at once and without a trace in the set of faults.
    pub(super) fn isolate(&mut self, node: &str) {
        for other in self.hosts_but(node) {
            self.sim.partition_oneway(node, other.as_str());
            self.sim.partition_oneway(other.as_str(), node);
        }
    }

    /// Gives a machine back the links that the faults in force leave it.
    pub(super) fn reconnect(&mut self, node: &str) {
        for other in self.hosts_but(node) {
            self.apply_link(node, &other);
            self.apply_link(&other, node);
        }
    }

    fn apply_link(&mut self, from: &str, to: &str) {
        if self.is_blocked(from, to) {
            self.sim.partition_oneway(from, to);
        } else {
            self.sim.repair_oneway(from, to);
        }
    }

    fn hosts_but(&self, node: &str) -> Vec<String> {
        let clients = self.has_clients.then(|| super::CLIENTS.to_string());
        let others = self.names.iter().filter(|name| *name != node).cloned();
        others.chain(clients).collect()
    }
}
