//! Crashes: nodes are killed, lose power, or are paused; healed by a restart, or by going on.

use super::{Aim, Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;

/// The processes die; the operating systems keep what was written.
pub struct Kill;

impl Fault for Kill {
    fn name(&self) -> &'static str {
        "kill"
    }
    fn kind(&self) -> Kind {
        Kind::Crash
    }
    fn about(&self) -> &'static str {
        "processes are killed; what they wrote stays, synced or not"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.some_nodes(cluster);
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.kill(id, node);
        }
        let detail = format!("{} of {} killed", nodes.len(), cluster.nodes().len());
        Injected::new(self, id, nodes, detail)
    }
}

/// The machines stop at once; of what was not synced, a random part is left.
pub struct PowerLoss;

impl Fault for PowerLoss {
    fn name(&self) -> &'static str {
        "power-loss"
    }
    fn kind(&self) -> Kind {
        Kind::Crash
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "machines lose power; what was synced stays, and a random part of the rest"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.some_nodes(cluster);
        let id = cluster.new_fault();
        let lost = |cluster: &Cluster| nodes.iter().map(|n| cluster.disk_counts(n).lost).sum::<u64>();
        let before = lost(cluster);
        for node in &nodes {
            cluster.power_loss(id, node);
        }
        let lost = lost(cluster) - before;
        let detail =
            format!("{} of {} down, {lost} unsynced changes lost", nodes.len(), cluster.nodes().len());
        Injected::new(self, id, nodes, detail)
    }
}

/// The processes stand still, keep their memory, and go on later as if nothing had been.
pub struct Pause;

impl Fault for Pause {
    fn name(&self) -> &'static str {
        "pause"
    }
    fn kind(&self) -> Kind {
        Kind::Crash
    }
    fn about(&self) -> &'static str {
        "processes stand still and later go on (SIGSTOP, SIGCONT)"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.some_nodes(cluster);
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.pause(id, node);
        }
        let detail = format!("{} of {} paused", nodes.len(), cluster.nodes().len());
        Injected::new(self, id, nodes, detail)
    }
}
