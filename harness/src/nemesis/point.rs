//! Nodes are struck at a named point of their code, in the middle of what they do.
//!
//! A fault of this kind only lays a trap: a node that passes the point while it is there is struck, once, or again
//! and again. The trace says when, and markers `point-struck:NAME` how often.

use std::collections::BTreeMap;
use std::time::Duration;

use super::aim::Size;
use super::{Aim, Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;
use crate::rng::Rng;
use crate::sim::FaultId;
use crate::sim::point::{Blow, Trap};

/// The longest delay is below two to the power of so many milliseconds.
const DOUBLINGS: u64 = 11;
/// Not the next pass but a later one, at most this.
const PASS_MAX: u64 = 6;

/// Lays the trap.
fn inject(fault: &dyn Fault, blow: Blow, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
    let id = cluster.new_fault();
    if cluster.points().is_empty() {
        return Injected::new(fault, id, [""; 0], "the code has no named points".to_owned());
    }
    let nodes = aim.some_nodes(cluster);
    let point = aim.point(cluster, cluster.points());
    let drawn = if point.at_start { 1 } else { pass(&mut aim.rng) };
    let pass = aim.pass().unwrap_or(drawn);
    let mut detail = format!("at {}, pass {pass}", point.name);
    if point.at_start {
        nodes.iter().for_each(|node| start_anew(cluster, id, node, blow));
        detail.push_str(", of a start");
    }
    let nodes_at = nodes.iter().map(|node| (node.clone(), pass)).collect::<BTreeMap<_, _>>();
    cluster.lay_trap(id, Trap { point, nodes: nodes_at, blow });
    Injected::new(fault, id, nodes, detail)
}

/// The next pass half of the time: rare ones may come no second time.
fn pass(rng: &mut Rng) -> u64 {
    if rng.below(2) == 0 { 1 } else { rng.range(2..PASS_MAX + 1) }
}

/// A node that works does not come to the points of a start: it is made to start.
fn start_anew(cluster: &mut Cluster, id: FaultId, node: &str, blow: Blow) {
    if blow == Blow::PowerLoss {
        cluster.power_loss(id, node);
    } else {
        cluster.kill(id, node);
    }
    cluster.heal(id);
}

/// Killed in the middle.
pub struct Kill;

impl Fault for Kill {
    fn name(&self) -> &'static str {
        "point-kill"
    }
    fn kind(&self) -> Kind {
        Kind::Point
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Points]
    }
    fn about(&self) -> &'static str {
        "processes are killed at a named point of their code"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        inject(self, Blow::Kill, cluster, aim)
    }
}

/// Without power in the middle.
pub struct PowerLoss;

impl Fault for PowerLoss {
    fn name(&self) -> &'static str {
        "point-power-loss"
    }
    fn kind(&self) -> Kind {
        Kind::Point
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Points, Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "machines lose power at a named point; a random part of what was not synced is lost"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        inject(self, Blow::PowerLoss, cluster, aim)
    }
}

/// Still in the middle.
pub struct Pause;

impl Fault for Pause {
    fn name(&self) -> &'static str {
        "point-pause"
    }
    fn kind(&self) -> Kind {
        Kind::Point
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Points]
    }
    fn about(&self) -> &'static str {
        "processes stand still from a named point of their code on, and later go on"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        inject(self, Blow::Pause, cluster, aim)
    }
}

/// Cut off in the middle.
pub struct Cut;

impl Fault for Cut {
    fn name(&self) -> &'static str {
        "point-cut"
    }
    fn kind(&self) -> Kind {
        Kind::Point
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Points]
    }
    fn about(&self) -> &'static str {
        "nodes are cut off from the others from a named point of their code on, and clients still reach them"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        inject(self, Blow::Cut, cluster, aim)
    }
}

/// Late in the middle.
pub struct Delay;

impl Fault for Delay {
    fn name(&self) -> &'static str {
        "point-delay"
    }
    fn kind(&self) -> Kind {
        Kind::Point
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Points]
    }
    fn about(&self) -> &'static str {
        "what comes after a named point comes up to two seconds late, beside what goes on"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let blow = Blow::Delay(delay(&mut aim.rng));
        inject(self, blow, cluster, aim)
    }
}

/// Struck for a moment, again and again.
pub struct Ambush;

impl Fault for Ambush {
    fn name(&self) -> &'static str {
        "point-ambush"
    }
    fn kind(&self) -> Kind {
        Kind::Point
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Points]
    }
    /// As often as the others together: what takes two coincidences is seldom brought about by one strike.
    fn weight(&self) -> usize {
        4
    }
    fn about(&self) -> &'static str {
        "processes are cut off, paused or killed at a named point for up to two seconds, again and again"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let id = cluster.new_fault();
        let points: Vec<_> = cluster.points().iter().copied().filter(|point| !point.at_start).collect();
        if points.is_empty() {
            return Injected::new(self, id, [""; 0], "the code has no named points".to_owned());
        }
        let size = *aim.rng.pick(&[Size::One, Size::Minority, Size::All, Size::All]);
        let nodes = aim.nodes(cluster, size);
        let point = aim.point(cluster, &points);
        let blow = *aim.rng.pick(&[Blow::Cut, Blow::Cut, Blow::Pause, Blow::Kill]);
        let detail = format!("at {}, {} for up to two seconds, again and again", point.name, blow.words());
        cluster.ambush(id, point, &nodes, aim.pass(), blow, aim.rng.fork("ambush"));
        Injected::new(self, id, nodes, detail)
    }
}

/// A time of evenly drawn magnitude.
fn delay(rng: &mut Rng) -> Duration {
    let least = 1 << rng.below(DOUBLINGS);
    Duration::from_millis(rng.range(least..2 * least))
}
