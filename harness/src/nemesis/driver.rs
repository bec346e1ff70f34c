//! Drives a schedule: begins and heals faults between two steps of the cluster.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Aim, Heal, Injected, Schedule, What, find};
use crate::cluster::Cluster;

/// A fault began or was healed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NemesisEvent {
    /// Whether it began or was healed.
    pub state: State,
    /// What it did.
    pub what: What,
}

/// Whether a fault began or was healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It began.
    Start,
    /// It was healed.
    End,
}

impl State {
    /// As a history has it.
    pub fn name(self) -> &'static str {
        match self {
            State::Start => "start",
            State::End => "end",
        }
    }
}

impl NemesisEvent {
    /// The value of its event in a history; the function is the kind's name.
    pub fn value(&self) -> Value {
        json!({
            "fault": self.what.fault,
            "state": self.state.name(),
            "nodes": self.what.nodes,
            "detail": self.what.detail,
        })
    }
}

/// A schedule on its way.
#[derive(Debug)]
pub struct Nemesis {
    /// Entries to come, by time.
    coming: Vec<super::Entry>,
    /// Faults in force, by their end.
    in_force: Vec<InForce>,
    role_percent: u64,
}

#[derive(Debug)]
struct InForce {
    until: Duration,
    what: What,
    heal: Heal,
}

impl Nemesis {
    /// Ready to follow this schedule; where it names no nodes, the node with a role is among those that are hit so
    /// often, in percent.
    pub fn new(schedule: &Schedule, role_percent: u64) -> Nemesis {
        let mut coming = schedule.entries.clone();
        coming.sort_by_key(|entry| entry.at_ms);
        Nemesis { coming, in_force: Vec::new(), role_percent }
    }

    /// Heals what ends by `now` and begins what is due; call it after each step. What happened, in
    /// order.
    pub fn advance(&mut self, cluster: &mut Cluster, now: Duration) -> Vec<NemesisEvent> {
        let mut events = self.heal_until(cluster, now);
        let due = self.coming.partition_point(|entry| entry.at() <= now);
        for entry in self.coming.drain(..due) {
            // A schedule holds known names only: it checks them where it is made.
            let Some(fault) = find(&entry.fault) else { continue };
            let Injected { what, heal } = fault.inject(cluster, &mut Aim::of(&entry, self.role_percent));
            events.push(NemesisEvent { state: State::Start, what: what.clone() });
            let until = now + Duration::from_millis(entry.for_ms);
            let place = self.in_force.partition_point(|other| other.until <= until);
            self.in_force.insert(place, InForce { until, what, heal });
        }
        events
    }

    /// Heals every fault in force, forgets what was to come, and leaves a cluster with nothing wrong:
    /// all links whole, all nodes running, all clocks right.
    pub fn heal_all(&mut self, cluster: &mut Cluster) -> Vec<NemesisEvent> {
        self.coming.clear();
        let events = self.heal_until(cluster, Duration::MAX);
        cluster.heal_everything();
        events
    }

    /// Whether nothing is in force and nothing is to come.
    pub fn is_done(&self) -> bool {
        self.coming.is_empty() && self.in_force.is_empty()
    }

    fn heal_until(&mut self, cluster: &mut Cluster, now: Duration) -> Vec<NemesisEvent> {
        let over = self.in_force.partition_point(|fault| fault.until <= now);
        let mut events = Vec::new();
        for fault in self.in_force.drain(..over) {
            fault.heal.apply(cluster);
            events.push(NemesisEvent { state: State::End, what: fault.what });
        }
        events
    }
}
