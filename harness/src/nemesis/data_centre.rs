//! Faults of a whole data centre: its nodes are struck together, as by a cut cable between sites, or a failure of one
//! site's power.
//!
//! ```text
//! eu   n1 n3 n5 ── see each other ┃ n2 n4 n6 ── see each other   us       clients reach both
//! ```

use super::aim::{Aim, others};
use super::{Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;

/// It sees none of the others.
pub struct Cut;

impl Fault for Cut {
    fn name(&self) -> &'static str {
        "data-centre-cut"
    }
    fn kind(&self) -> Kind {
        Kind::DataCentre
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::DataCentres]
    }
    fn about(&self) -> &'static str {
        "one data centre and the others do not see each other; clients reach all"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let side = aim.centre(cluster);
        let rest = others(cluster, &side);
        let id = cluster.new_fault();
        cluster.block_between(id, &side, &rest);
        let detail = format!("{} | {}", side.join(" "), rest.join(" "));
        Injected::new(self, id, side, detail)
    }
}

/// All its machines lose power.
pub struct Outage;

impl Fault for Outage {
    fn name(&self) -> &'static str {
        "data-centre-outage"
    }
    fn kind(&self) -> Kind {
        Kind::DataCentre
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::DataCentres, Needs::Disk]
    }
    fn about(&self) -> &'static str {
        "all machines of one data centre lose power"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.centre(cluster);
        let id = cluster.new_fault();
        for node in &nodes {
            cluster.power_loss(id, node);
        }
        let detail = format!("{} of {} down", nodes.len(), cluster.nodes().len());
        Injected::new(self, id, nodes, detail)
    }
}
