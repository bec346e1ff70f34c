//! Faults of administration: members are removed and added back, once or again and again, leadership is handed on; through the
//! system's own administration, by a [client](crate::clients) of its own.

use std::time::Duration;

use super::aim::{Aim, Size};
use super::{Fault, Injected, Kind, Needs};
use crate::cluster::Cluster;

/// How long some members are to be out, and then none, where they change.
const OUT_FOR: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(1_000));

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
        let mut removed: Vec<String> =
            drawn.iter().filter_map(|node| cluster.remove_member(id, node)).collect();
        // Past a minority it is one that leaves already.
        removed.sort();
        removed.dedup();
        let detail = match removed.is_empty() {
            true => "no member can be spared".to_owned(),
            false => format!("{} to leave", removed.join(" ")),
        };
        Injected::new(self, id, removed, detail)
    }
}

/// Members leave and come back, again and again.
pub struct Rotate;

impl Fault for Rotate {
    fn name(&self) -> &'static str {
        "member-rotate"
    }
    fn kind(&self) -> Kind {
        Kind::Membership
    }
    fn needs(&self) -> &'static [Needs] {
        &[Needs::Members]
    }
    fn about(&self) -> &'static str {
        "members are removed and added back, again and again: never more than a minority is out"
    }
    fn inject(&self, cluster: &mut Cluster, aim: &mut Aim) -> Injected {
        let nodes = aim.nodes(cluster, Size::All);
        let id = cluster.new_fault();
        cluster.rotate_members(id, &nodes, OUT_FOR, aim.rng.fork("rotate"));
        let (from, to) = (OUT_FOR.0.as_millis(), OUT_FOR.1.as_millis());
        let detail = format!("of {} some are to leave, for {from} to {to} ms each time", nodes.join(" "));
        Injected::new(self, id, nodes, detail)
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
        &[Needs::Members, Needs::Leader]
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
