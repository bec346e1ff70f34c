//! Traps at the named points of the nodes' code.

use std::collections::BTreeMap;

use perjury_store::point::Point;

use super::Cluster;
use crate::sim::FaultId;
use crate::sim::point::{Blow, Sprung, Trap};

impl Cluster {
    /// The points that the nodes may pass.
    pub fn points(&self) -> &[&'static Point] {
        &self.points
    }

    /// How often each point was passed so far.
    pub fn points_passed(&self) -> BTreeMap<&'static str, u64> {
        self.world.traps.passed()
    }

    /// How often a node was struck at each point so far.
    pub fn points_struck(&self) -> BTreeMap<&'static str, u64> {
        self.world.traps.struck()
    }

    /// Strikes nodes when they pass a point, each once.
    pub fn lay_trap(&mut self, id: FaultId, trap: Trap) {
        self.world.traps.lay(id, trap);
    }

    /// Ends, stops or cuts off the processes that were struck during the last step.
    pub(super) fn carry_out_blows(&mut self) {
        for Sprung { id, node, blow } in self.world.traps.take_sprung() {
            let holder = self.holder(id, &node);
            match blow {
                Blow::Kill => self.kill(holder, &node),
                Blow::PowerLoss => self.power_loss(holder, &node),
                Blow::Pause => self.pause(holder, &node),
                Blow::Cut => {
                    let rest: Vec<String> =
                        self.names.iter().filter(|name| **name != node).cloned().collect();
                    self.block_between(holder, &[node], &rest);
                }
                Blow::Delay(_) => {}
            }
        }
    }
}
