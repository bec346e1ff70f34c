//! What a run is made of: for people to compare, and for shrinking to end.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::Failing;
use crate::command;
use crate::render::words;
use crate::scenario::Scenario;

/// More faults, or more operations, than these are many.
const FAULTS_FEW: u64 = 3;
const OPERATIONS_FEW: u64 = 20;

/// What a run was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Faults of the schedule.
    pub faults: u64,
    /// Operations that clients invoked, without final reads.
    pub operations: u64,
    /// Length of the phase with faults, in simulated milliseconds.
    pub time_ms: u64,
    /// Nodes.
    pub nodes: u64,
    /// Clients that invoked anything.
    pub clients: u64,
    /// Keys that they named.
    pub keys: u64,
    /// Events of the history.
    pub events: u64,
}

impl Size {
    /// What this run was made of.
    pub fn of(failing: &Failing) -> Size {
        let Failing { recording, report, .. } = failing;
        let made = &recording.script.invocations;
        let clients: BTreeSet<u64> = made.iter().map(|invocation| invocation.session).collect();
        let keys: BTreeSet<_> = made.iter().filter_map(|invocation| invocation.key.as_ref()).collect();
        Size {
            faults: recording.schedule.entries.len() as u64,
            operations: made.len() as u64,
            time_ms: report.scenario.time_ms,
            nodes: report.scenario.nodes as u64,
            clients: clients.len() as u64,
            keys: keys.len() as u64,
            events: recording.history.events().len() as u64,
        }
    }

    /// Whether people can read it at a glance.
    pub fn is_small(&self) -> bool {
        self.faults <= FAULTS_FEW && self.operations <= OPERATIONS_FEW
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.faults, "fault"),
            (self.operations, "operation"),
            (self.clients, "client"),
            (self.nodes, "node"),
        ];
        let words: Vec<String> =
            counts.into_iter().map(|(number, noun)| words::count(number, noun)).collect();
        write!(f, "{}, {}", words.join(", "), words::seconds(self.time_ms * 1_000_000))
    }
}

/// How much a scenario asks for, in several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure([u64; 12]);

impl Measure {
    /// Whether it asks for less in some way, and for more in none. There is no endless chain of such steps, as there is
    /// none of natural numbers.
    pub fn is_below(&self, other: &Measure) -> bool {
        self != other && self.0.iter().zip(&other.0).all(|(own, others)| own <= others)
    }
}

/// How much a scenario asks for.
pub fn measure(scenario: &Scenario) -> Measure {
    let schedule = scenario.schedule.as_ref().map(|schedule| &schedule.entries);
    let script = scenario.script.as_ref().map(|script| script.invocations.len() as u64);
    // What is still to be drawn may be anything.
    Measure([
        schedule.map_or(u64::MAX, |faults| faults.len() as u64),
        schedule.map_or(u64::MAX, |faults| faults.iter().map(|fault| fault.for_ms).sum()),
        script.unwrap_or(u64::MAX),
        if script.is_some() { 0 } else { scenario.rate.ceil() as u64 },
        scenario.time_ms,
        scenario.nodes as u64,
        scenario.clients as u64,
        scenario.keys as u64,
        scenario.levels().len() as u64,
        scenario.loss_entries,
        scenario.snapshot_every,
        peculiar(scenario),
    ])
}

/// How many settings are not as they are by default, beside those that count for themselves.
fn peculiar(scenario: &Scenario) -> u64 {
    let base = command::base(scenario.bug.as_deref());
    let differs = [
        (scenario.fault_gap_ms, scenario.fault_ms_max) != (base.fault_gap_ms, base.fault_ms_max),
        (scenario.latency_ms_min, scenario.latency_ms_max) != (base.latency_ms_min, base.latency_ms_max),
        scenario.role_percent != base.role_percent,
        scenario.batch_bytes != base.batch_bytes,
        scenario.segment_bytes != base.segment_bytes,
        scenario.storage != base.storage,
        scenario.without != base.without,
        scenario.tombstone_grace_ms != base.tombstone_grace_ms,
        scenario.read_percent != base.read_percent,
        scenario.reader_percent != base.reader_percent,
        scenario.data_centres != base.data_centres,
        scenario.replication != base.replication,
        scenario.read_quorum != base.read_quorum,
        scenario.write_quorum != base.write_quorum,
    ];
    differs.iter().filter(|differs| **differs).count() as u64
}
