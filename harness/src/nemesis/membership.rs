//! Faults of administration: members are removed and added back, leadership is handed on; through the
//! system's own administration, by a [client](crate::clients) of its own.

use std::time::Duration;

use super::aim::{Aim, Size};
use super::{Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;

/// Between two hand-overs of leadership.
const LEADS_FOR: (Duration, Duration) = (Duration::from_millis(200), Duration::from_millis(1_500));

/// A member is removed, and added back in the end.
pub struct Remove;

impl Fault for Remove {
    fn name(&self) -> &'static str {
        "member-remove"
    }
    fn kind(&self) -> Kind {
        Kind::Membership
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Members]
    }
    fn about(&self) -> &'static str {
        "a member is removed from the cluster, and added back later: never more than a minority at once"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let drawn = aim.nodes(cluster, Size::One);
        let id = cluster.new_fault();
        let removed: Vec<String> = drawn.iter().filter_map(|node| cluster.remove_member(id, node)).collect();
        let detail = match removed.is_empty() {
            true => "no member can be spared".to_owned(),
            false => format!("{} to leave", removed.join(" ")),
        };
        Injected::new(self, id, removed, detail)
    }
}

/// Leadership is handed from node to node.
pub struct Transfer;

impl Fault for Transfer {
    fn name(&self) -> &'static str {
        "leader-transfer"
    }
    fn kind(&self) -> Kind {
        Kind::Membership
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Members]
    }
    fn about(&self) -> &'static str {
        "leadership is handed to a drawn node, again and again"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.nodes(cluster, Size::All);
        let id = cluster.new_fault();
        cluster.hand_on_leadership(id, &nodes, LEADS_FOR, aim.rng.fork("transfer"));
        let detail = format!("leadership goes from one of {} to another", nodes.join(" "));
        Injected::new(self, id, nodes, detail)
    }
}
