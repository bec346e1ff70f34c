//! The leader is cut off, alone or with others, both ways or one, once or again and again. Clients still
//! reach it.

use super::words;
use crate::cluster::{Cluster, LEADS_FOR_MS_MAX};
use crate::nemesis::aim::{Aim, Size, others};
use crate::nemesis::{Fault, Injected, Kind, Needs};

/// The leader sees no other node.
pub struct Cut;

impl Fault for Cut {
    fn name(&self) -> &'static str {
        "leader-cut"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader]
    }
    fn about(&self) -> &'static str {
        "the leader sees no other node, and clients still reach it"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.leader(cluster);
        let detail = words(cluster, &nodes);
        let id = cluster.new_fault();
        let rest = others(cluster, &nodes);
        cluster.block_between(id, &nodes, &rest);
        Injected::new(self, id, nodes, detail)
    }
}

/// The leader is left with a minority.
pub struct MinorityCut;

impl Fault for MinorityCut {
    fn name(&self) -> &'static str {
        "leader-minority-cut"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader]
    }
    fn about(&self) -> &'static str {
        "the leader and a minority are cut off from the others"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let mut side = aim.leader(cluster);
        let detail = words(cluster, &side);
        for follower in aim.nodes(cluster, Size::Minority) {
            if side.len() < cluster.nodes().len().saturating_sub(1) / 2 && !side.contains(&follower) {
                side.push(follower);
            }
        }
        let rest = others(cluster, &side);
        let id = cluster.new_fault();
        cluster.block_between(id, &side, &rest);
        let detail = format!("{} | {}: {detail}", side.join(" "), rest.join(" "));
        Injected::new(self, id, side, detail)
    }
}

/// The leader is not heard, or does not hear, while the other direction works.
pub struct OneWay;

impl Fault for OneWay {
    fn name(&self) -> &'static str {
        "leader-one-way"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader]
    }
    fn about(&self) -> &'static str {
        "the leader is not heard by other nodes, or does not hear them"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.leader(cluster);
        let unheard = aim.rng.chance(0.5);
        let how = if unheard { "not heard" } else { "hears nothing" };
        let detail = format!("{}: {how}", words(cluster, &nodes));
        let id = cluster.new_fault();
        for node in &nodes {
            for other in &others(cluster, &nodes) {
                let (from, to) = if unheard { (node, other) } else { (other, node) };
                cluster.block(id, from, to);
            }
        }
        Injected::new(self, id, nodes, detail)
    }
}

/// Whoever leads is cut off soon after it was elected; the cut moves along.
pub struct Churn;

impl Fault for Churn {
    fn name(&self) -> &'static str {
        "leader-churn"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader]
    }
    /// Often: only a leader that is cut off before it has finished leaves the next one something to get wrong.
    fn weight(&self) -> usize {
        4
    }
    fn about(&self) -> &'static str {
        "whoever leads is cut off soon after each election, often at once, alone or with a minority"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.nodes(cluster, Size::All);
        let now = words(cluster, &[]);
        let detail =
            format!("whoever leads is cut off within {LEADS_FOR_MS_MAX} ms of its election; now {now}");
        let id = cluster.new_fault();
        cluster.churn(id, &nodes, aim.rng.fork("churn"));
        Injected::new(self, id, nodes, detail)
    }
}
