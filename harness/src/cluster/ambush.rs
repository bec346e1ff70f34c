//! Ambush: whoever passes a point is struck there for a moment, again and again.
//!
//! ```text
//! n1  · · pass 3: struck ├─ 16 ms to 2 s ─┤ · · · · pass 5: struck ├─ …
//! n2  · · · · · · · pass 8: struck ├─ …
//! ```

use std::time::Duration;

use perjury_store::point::Point;

use super::Cluster;
use crate::rng::Rng;
use crate::sim::FaultId;
use crate::sim::point::{Blow, Trap};

/// At most so many doublings of one pass: rare points come at all, frequent ones not all the time.
const PASS_DOUBLINGS: u64 = 9;
/// A node stands for 16 ms at least: three hops of a message.
const LEAST_DOUBLINGS: u64 = 4;
/// And for less than 2048 ms: longer than followers wait for a leader.
const DOUBLINGS: u64 = 11;

/// An ambush in force.
pub(super) struct Ambush {
    rng: Rng,
    /// When nodes that were struck go on, and the fault that holds each.
    held: Vec<(Duration, FaultId)>,
}

/// A number of evenly drawn magnitude.
fn magnitude(rng: &mut Rng, doublings: std::ops::Range<u64>) -> u64 {
    let least = 1 << rng.range(doublings);
    rng.range(least..2 * least)
}

impl Ambush {
    /// At which pass a node is struck next: 1 is the next.
    fn pass(&mut self) -> u64 {
        magnitude(&mut self.rng, 0..PASS_DOUBLINGS)
    }

    /// How long it stands then.
    fn stands_for(&mut self) -> Duration {
        Duration::from_millis(magnitude(&mut self.rng, LEAST_DOUBLINGS..DOUBLINGS))
    }
}

impl Cluster {
    /// From now on each of `nodes` is struck at a pass of the point, the `first` one or a drawn one, goes on a little
    /// later, and is struck again.
    pub fn ambush(
        &mut self,
        id: FaultId,
        point: &'static Point,
        nodes: &[String],
        first: Option<u64>,
        blow: Blow,
        rng: Rng,
    ) {
        let mut ambush = Ambush { rng, held: Vec::new() };
        let mut pass = || {
            let drawn = ambush.pass();
            first.unwrap_or(drawn)
        };
        let nodes = nodes.iter().map(|node| (node.clone(), pass())).collect();
        self.lay_trap(id, Trap { point, nodes, blow });
        self.ambushes.insert(id, ambush);
    }

    /// The fault under which a node is held that the trap of `id` has struck: one of its own, where it is to go on
    /// before that one is healed.
    pub(super) fn holder(&mut self, id: FaultId, node: &str) -> FaultId {
        let Some(mut ambush) = self.ambushes.remove(&id) else { return id };
        let holder = self.new_fault();
        let until = self.elapsed() + ambush.stands_for();
        ambush.held.push((until, holder));
        self.world.traps.arm(id, node, ambush.pass());
        self.ambushes.insert(id, ambush);
        holder
    }

    /// Lets those go on whose time has come.
    pub(super) fn let_go(&mut self) {
        let now = self.elapsed();
        let over =
            |ambush: &mut Ambush| ambush.held.extract_if(.., |(until, _)| *until <= now).collect::<Vec<_>>();
        let free: Vec<_> = self.ambushes.values_mut().flat_map(over).collect();
        free.into_iter().for_each(|(_, holder)| self.heal(holder));
    }

    /// Ends an ambush, and lets all go on that it holds.
    pub(super) fn end_ambush(&mut self, id: FaultId) {
        let held = self.ambushes.remove(&id).map(|ambush| ambush.held).unwrap_or_default();
        held.into_iter().for_each(|(_, holder)| self.heal(holder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_soon_and_late_for_short_and_long() {
        let mut ambush = Ambush { rng: Rng::new(1), held: Vec::new() };
        let drawn: Vec<(u64, u128)> =
            (0..2_000).map(|_| (ambush.pass(), ambush.stands_for().as_millis())).collect();
        assert!(drawn.iter().all(|(pass, ms)| (1..512).contains(pass) && (16..2_048).contains(ms)));
        let soon = drawn.iter().filter(|(pass, _)| *pass < 8).count();
        let short = drawn.iter().filter(|(_, ms)| *ms < 128).count();
        assert!((550..800).contains(&soon) && (750..1_000).contains(&short), "{soon} {short}");
    }
}
