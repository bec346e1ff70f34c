//! A deaf node: no message of another node reaches it, and all hear what it says.
//!
//! ```text
//! n3  ──"who votes for me?"──▶ n1 n2 n4 n5       for 12 to 16 seconds
//! n3  ✗◀──"somebody leads already"── n1
//! ```
//!
//! Frames are lost, and connections stand: a link that is cut one way would soon be closed on both.

use super::aim::{Aim, Size};
use super::{Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;

/// Longer than the time in which a majority that is fully connected must get something done.
const LENGTH_MS: (u64, u64) = (12_000, 16_000);

/// One node hears no other.
pub struct Node;

impl Fault for Node {
    fn name(&self) -> &'static str {
        "deaf-node"
    }
    fn kind(&self) -> Kind {
        Kind::Deaf
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Messages]
    }
    fn alone_for_ms(&self) -> Option<(u64, u64)> {
        Some(LENGTH_MS)
    }
    fn about(&self) -> &'static str {
        "one node, often the leader, hears no other node for 12 to 16 seconds, and is heard"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let leads = aim.rng.chance(0.5);
        let nodes = if leads { aim.leader(cluster) } else { aim.nodes(cluster, Size::One) };
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.deafen(id, node);
        }
        let detail = format!("{} hears nothing, and is heard", nodes.join(" "));
        Injected::new(self, id, nodes, detail)
    }
}
