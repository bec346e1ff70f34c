//! Faults that know who leads: the node that last told of being elected, of all nodes in the highest term.
//!
//! ```text
//! n1  leads term 3 ├─ cut off, killed, paused ─┤ leads on, or finds out that n2 leads term 4
//! n2               · · · elected
//! ```

mod links;

pub use links::{Churn, Cut, MinorityCut, OneWay};

use super::{Aim, Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;

/// Which node leads, in words; other nodes where a schedule fixed them.
fn words(cluster: &Cluster, nodes: &[String]) -> String {
    match cluster.leader() {
        Some(leader) if nodes == [leader.node.as_str()] => format!("leader of term {}", leader.term),
        Some(leader) => format!("{} leads term {}", leader.node, leader.term),
        None => "nobody has led yet".to_owned(),
    }
}

/// The leader's process dies.
pub struct Kill;

impl Fault for Kill {
    fn name(&self) -> &'static str {
        "leader-kill"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader]
    }
    fn about(&self) -> &'static str {
        "the process of the leader is killed"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.leader(cluster);
        let detail = words(cluster, &nodes);
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.kill(id, node);
        }
        Injected::new(self, id, nodes, detail)
    }
}

/// The leader's machine stops at once.
pub struct PowerLoss;

impl Fault for PowerLoss {
    fn name(&self) -> &'static str {
        "leader-power-loss"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader, Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "the machine of the leader loses power; a random part of what was not synced is lost"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.leader(cluster);
        let detail = words(cluster, &nodes);
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.power_loss(id, node);
        }
        Injected::new(self, id, nodes, detail)
    }
}

/// The leader stands still, and later goes on as if nothing had been.
pub struct Pause;

impl Fault for Pause {
    fn name(&self) -> &'static str {
        "leader-pause"
    }
    fn kind(&self) -> Kind {
        Kind::Leader
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Leader]
    }
    fn about(&self) -> &'static str {
        "the process of the leader stands still, and later goes on"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.leader(cluster);
        let detail = words(cluster, &nodes);
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.pause(id, node);
        }
        Injected::new(self, id, nodes, detail)
    }
}
