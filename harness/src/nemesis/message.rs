//! Message faults: what happens to single frames between nodes, at the seam.

use std::time::Duration;

use super::aim::{Aim, Size};
use super::{Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;
use crate::sim::network::{MessageEffect, MessageFault};

/// Disturbs `percent` of the messages from and to the nodes aimed at: all nodes, half of the time.
fn disturb(
    fault: &dyn Fault,
    cluster: &mut Cluster,
    aim: &mut Aim,
    percent: u64,
    effect: MessageEffect,
) -> Injected {
    let everywhere = aim.rng.chance(0.5);
    let nodes = if everywhere { aim.nodes(cluster, Size::All) } else { aim.few_nodes(cluster) };
    let id = cluster.new_fault();
    cluster.disturb(
        id,
        MessageFault { nodes: nodes.iter().cloned().collect(), chance: percent as f64 / 100.0, effect },
    );
    let how = match effect {
        MessageEffect::Loss => "lost".to_string(),
        MessageEffect::Delay(from, to) => format!("{} to {} ms late", from.as_millis(), to.as_millis()),
        MessageEffect::Duplication(within) => format!("repeated within {} ms", within.as_millis()),
        MessageEffect::Reordering(within) => format!("held back up to {} ms", within.as_millis()),
    };
    let detail = format!("{percent} % of messages of {} {how}", nodes.join(" "));
    Injected::new(fault, id, nodes, detail)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Messages get lost.
pub struct Loss;

impl Fault for Loss {
    fn name(&self) -> &'static str {
        "message-loss"
    }
    fn kind(&self) -> Kind {
        Kind::Message
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn about(&self) -> &'static str {
        "some messages between nodes are lost"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let percent = aim.rng.range(10..61);
        disturb(self, cluster, aim, percent, MessageEffect::Loss)
    }
}

/// Messages are late.
pub struct Delay;

impl Fault for Delay {
    fn name(&self) -> &'static str {
        "message-delay"
    }
    fn kind(&self) -> Kind {
        Kind::Message
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn about(&self) -> &'static str {
        "some messages between nodes are late, by up to a second"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let percent = aim.rng.range(10..81);
        let longest = aim.rng.range(50..1_001);
        let effect = MessageEffect::Delay(ms(longest / 5), ms(longest));
        disturb(self, cluster, aim, percent, effect)
    }
}

/// Messages arrive twice.
pub struct Duplication;

impl Fault for Duplication {
    fn name(&self) -> &'static str {
        "message-duplication"
    }
    fn kind(&self) -> Kind {
        Kind::Message
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn about(&self) -> &'static str {
        "some messages between nodes arrive twice"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let percent = aim.rng.range(10..81);
        let within = ms(aim.rng.range(0..301));
        disturb(self, cluster, aim, percent, MessageEffect::Duplication(within))
    }
}

/// Messages overtake each other.
pub struct Reordering;

impl Fault for Reordering {
    fn name(&self) -> &'static str {
        "message-reordering"
    }
    fn kind(&self) -> Kind {
        Kind::Message
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn about(&self) -> &'static str {
        "messages between nodes overtake each other"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let percent = aim.rng.range(20..101);
        let within = ms(aim.rng.range(10..151));
        disturb(self, cluster, aim, percent, MessageEffect::Reordering(within))
    }
}
