//! Message faults: what happens to frames between nodes, at the seam, one by one or on a whole link.

use std::collections::BTreeSet;
use std::time::Duration;

use super::aim::{Aim, Size, others};
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
    cluster
        .disturb(id, MessageFault { ways: cluster.ways_of(&nodes), chance: percent as f64 / 100.0, effect });
    let how = match effect {
        MessageEffect::Loss => "lost".to_string(),
        MessageEffect::Delay(from, to) => format!("{} to {} ms late", from.as_millis(), to.as_millis()),
        MessageEffect::Duplication(within) => format!("repeated within {} ms", within.as_millis()),
        MessageEffect::Reordering(within) => format!("held back up to {} ms", within.as_millis()),
        MessageEffect::Corruption => "corrupted".to_string(),
        MessageEffect::SlowLink(late) => format!("{} ms late", late.as_millis()),
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

/// Messages arrive with bits turned over.
pub struct Corruption;

impl Fault for Corruption {
    fn name(&self) -> &'static str {
        "message-corruption"
    }
    fn kind(&self) -> Kind {
        Kind::Message
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn about(&self) -> &'static str {
        "a few messages between nodes arrive with some bits turned over"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        // Few: each one costs a connection.
        let percent = aim.rng.range(1..11);
        disturb(self, cluster, aim, percent, MessageEffect::Corruption)
    }
}

/// One link is slow, or all links of one node are.
pub struct SlowLink;

impl Fault for SlowLink {
    fn name(&self) -> &'static str {
        "slow-link"
    }
    fn kind(&self) -> Kind {
        Kind::Message
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn about(&self) -> &'static str {
        "all messages over one link, or all links of a node, take up to 0.8 s longer, one way or both; none overtakes"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let is_one = aim.rng.chance(0.5);
        let late = ms(aim.rng.range(50..801));
        let (there, back) = *aim.rng.pick(&[(true, true), (true, false), (false, true)]);
        let order = aim.order(cluster);
        let node = order[0].clone();
        let far = if is_one {
            order.into_iter().skip(1).take(1).collect()
        } else {
            others(cluster, std::slice::from_ref(&node))
        };
        let mut ways = BTreeSet::new();
        for other in &far {
            ways.extend(there.then(|| (node.clone(), other.clone())));
            ways.extend(back.then(|| (other.clone(), node.clone())));
        }
        let id = cluster.new_fault();
        cluster.disturb(id, MessageFault { ways, chance: 1.0, effect: MessageEffect::SlowLink(late) });
        let arrow = if there && back {
            "<->"
        } else if there {
            "->"
        } else {
            "<-"
        };
        let detail = format!("{node} {arrow} {}: {} ms longer", far.join(" "), late.as_millis());
        let nodes = if is_one { [vec![node], far].concat() } else { vec![node] };
        Injected::new(self, id, nodes, detail)
    }
}
