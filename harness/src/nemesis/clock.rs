//! Clock faults: the wall clock jumps, is off, or strobes; both clocks drift. Healed in one step, as
//! a time server would.

use std::time::Duration;

use super::{Aim, Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;
use crate::rng::Rng;
use crate::sim::clock::ClockFault;

/// Jumps by between a tenth of a second and a minute, every order of magnitude as likely.
fn jump_ms(rng: &mut Rng) -> i64 {
    let scale = *rng.pick(&[100, 1_000, 6_000]);
    rng.range(scale..scale * 10) as i64
}

/// Puts the clocks of `nodes` wrong, each in its way, and says how.
fn skew(
    fault: &dyn Fault,
    cluster: &mut Cluster,
    nodes: Vec<String>,
    mut draw: impl FnMut() -> (ClockFault, String),
) -> Injected {
    let id = cluster.new_fault();
    let mut detail = Vec::new();
    for node in &nodes {
        let (wrong, words) = draw();
        cluster.skew(id, node, wrong);
        detail.push(format!("{node} {words}"));
    }
    Injected::new(fault, id, nodes, detail.join(", "))
}

/// The wall clock jumps into the future.
pub struct JumpForward;

impl Fault for JumpForward {
    fn name(&self) -> &'static str {
        "clock-jump-forward"
    }
    fn kind(&self) -> Kind {
        Kind::Clock
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Clock]
    }
    fn about(&self) -> &'static str {
        "wall clocks jump forward, by up to a minute"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        let ms = jump_ms(&mut aim.rng);
        skew(self, cluster, nodes, || (ClockFault::Offset(ms), format!("+{ms} ms")))
    }
}

/// The wall clock jumps into the past.
pub struct JumpBack;

impl Fault for JumpBack {
    fn name(&self) -> &'static str {
        "clock-jump-back"
    }
    fn kind(&self) -> Kind {
        Kind::Clock
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Clock]
    }
    fn about(&self) -> &'static str {
        "wall clocks jump back, by up to a minute"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        let ms = jump_ms(&mut aim.rng);
        skew(self, cluster, nodes, || (ClockFault::Offset(-ms), format!("-{ms} ms")))
    }
}

/// Many wall clocks are off, each by its own time, as without a time server.
pub struct Offset;

impl Fault for Offset {
    fn name(&self) -> &'static str {
        "clock-offset"
    }
    fn kind(&self) -> Kind {
        Kind::Clock
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Clock]
    }
    fn about(&self) -> &'static str {
        "many wall clocks are off, each by its own time of up to two seconds"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.nodes(cluster, super::aim::Size::Majority);
        let rng = &mut aim.rng;
        skew(self, cluster, nodes, || {
            let ms = rng.range(0..4_001) as i64 - 2_000;
            (ClockFault::Offset(ms), format!("{ms:+} ms"))
        })
    }
}

/// Both clocks run too fast, or too slow, and all timers with them.
pub struct Drift;

impl Fault for Drift {
    fn name(&self) -> &'static str {
        "clock-drift"
    }
    fn kind(&self) -> Kind {
        Kind::Clock
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Clock]
    }
    fn about(&self) -> &'static str {
        "clocks run too fast or too slow, by up to 40 percent in all, and timers with them"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.some_nodes(cluster);
        let rng = &mut aim.rng;
        skew(self, cluster, nodes, || {
            let percent = rng.range(1..41) as i64;
            let percent = if rng.chance(0.5) { percent } else { -percent };
            (ClockFault::Drift(percent * 10_000), format!("{percent:+} %"))
        })
    }
}

/// The wall clock jumps forth and back, many times a second.
pub struct Strobe;

impl Fault for Strobe {
    fn name(&self) -> &'static str {
        "clock-strobe"
    }
    fn kind(&self) -> Kind {
        Kind::Clock
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Clock]
    }
    fn about(&self) -> &'static str {
        "wall clocks jump forth and back, several times a second"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.few_nodes(cluster);
        let amplitude_ms = aim.rng.range(50..2_000) as i64;
        let period = cluster.tick() * aim.rng.range(2..60) as u32;
        let period = period.max(Duration::from_millis(2));
        let words = format!("+{amplitude_ms} ms and back each {} ms", period.as_millis());
        let strobe = ClockFault::Strobe { amplitude_ms, period };
        skew(self, cluster, nodes, || (strobe, words.clone()))
    }
}
