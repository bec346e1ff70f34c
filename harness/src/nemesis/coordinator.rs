//! Faults that know who coordinates: the node that was the last to ask replicas to hold a version, for a client
//! that waits. Where clients do much, it is in the middle of that.
//!
//! ```text
//! client   write x 7 ─▶ n2                          unknown: it may hold, or yet hold
//! n2                    version chosen ─▶ n3 ┤ killed, paused, cut off
//! n3                                         · x 7 │ n1, n4: nothing
//! ```

use super::aim::others;
use super::{Aim, Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;
use crate::sim::FaultId;

/// A fault of whoever coordinates.
pub struct Coordinator {
    name: &'static str,
    about: &'static str,
    strike: fn(&mut Cluster, FaultId, &str),
}

/// Its process dies.
pub const KILL: Coordinator = Coordinator {
    name: "coordinator-kill",
    about: "the process of the node that coordinates is killed",
    strike: Cluster::kill,
};

/// It stands still, and later goes on as if nothing had been.
pub const PAUSE: Coordinator = Coordinator {
    name: "coordinator-pause",
    about: "the process of the node that coordinates stands still, and later goes on",
    strike: Cluster::pause,
};

/// It sees no other node.
pub const CUT: Coordinator = Coordinator {
    name: "coordinator-cut",
    about: "the node that coordinates sees no other node, and clients still reach it",
    strike: cut,
};

fn cut(cluster: &mut Cluster, id: FaultId, node: &str) {
    let side = [node.to_owned()];
    let rest = others(cluster, &side);
    cluster.block_between(id, &side, &rest);
}

impl Fault for Coordinator {
    fn name(&self) -> &'static str {
        self.name
    }
    fn kind(&self) -> Kind {
        Kind::Coordinator
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Coordinator]
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.coordinator(cluster);
        let detail = words(cluster, &nodes);
        let id = cluster.new_fault();
        for node in &nodes {
            (self.strike)(cluster, id, node);
        }
        Injected::new(self, id, nodes, detail)
    }
}

/// Who coordinates, in words: the struck node, or another one where a schedule fixed them.
fn words(cluster: &Cluster, nodes: &[String]) -> String {
    let Some(coordinator) = cluster.coordinator() else {
        return "nobody has coordinated yet".to_owned();
    };
    let ago = cluster.elapsed().saturating_sub(coordinator.since).as_millis();
    let began = format!("began to ask replicas {ago} ms ago");
    if nodes == [coordinator.node.as_str()] { began } else { format!("{} {began}", coordinator.node) }
}
