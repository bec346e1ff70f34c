//! Faults of whoever has a role: killed, paused or cut off.

use super::aim::others;
use super::{Aim, Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;
use crate::sim::FaultId;
use crate::sim::role::Role;

/// A fault of whoever has a role.
pub struct OfRole {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Whom it strikes.
    pub role: Role,
    /// Whoever has the role did this, in words.
    pub deed: &'static str,
    /// That the system shows who has the role.
    pub needs: &'static [Needs],
    /// What happens, in one sentence.
    pub about: &'static str,
    /// Makes it happen to a node.
    pub strike: fn(&mut Cluster, FaultId, &str),
}

/// The node sees no other node.
pub fn cut(cluster: &mut Cluster, id: FaultId, node: &str) {
    let side = [node.to_owned()];
    let rest = others(cluster, &side);
    cluster.block_between(id, &side, &rest);
}

impl Fault for OfRole {
    fn name(&self) -> &'static str {
        self.name
    }
    fn kind(&self) -> Kind {
        self.kind
    }
    fn needs(&self) -> &'static [Needs] {
        self.needs
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.holder(cluster, self.role);
        let detail = self.words(cluster, &nodes);
        let id = cluster.new_fault();
        for node in &nodes {
            (self.strike)(cluster, id, node);
        }
        Injected::new(self, id, nodes, detail)
    }
}

impl OfRole {
    /// Who has the role, in words: the struck node, or another one where a schedule fixed them.
    fn words(&self, cluster: &Cluster, nodes: &[String]) -> String {
        let deed = self.deed;
        let Some(holder) = cluster.holder_of(self.role) else {
            return format!("no node {deed} yet");
        };
        let ago = cluster.elapsed().saturating_sub(holder.since).as_millis();
        let did = format!("{deed} {ago} ms ago");
        if nodes == [holder.node.as_str()] { did } else { format!("{} {did}", holder.node) }
    }
}
