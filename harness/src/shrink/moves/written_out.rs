//! Faults and invocations written out as plain data: only then can they be left out one by one.

use crate::command;
use crate::nemesis::{Entry, Kind, Schedule, find};
use crate::report::FaultSpan;
use crate::scenario::Scenario;
use crate::shrink::{Failing, Search};

/// Writes out both, or the schedule alone where the anomaly depends on how clients keep their pace.
pub fn write_out(search: &mut Search<'_>) {
    let best = search.best();
    let base = &best.report.scenario;
    let (made, rate) = (best.script(), command::base(base.bug.as_deref()).rate);
    let schedules = match &base.schedule {
        Some(schedule) => vec![schedule.clone()],
        None => vec![with_nodes(best), best.recording.schedule.clone()],
    };
    let drawn = schedules.into_iter().map(|schedule| Scenario { schedule: Some(schedule), ..base.clone() });
    let drawn: Vec<Scenario> = drawn.collect();
    let scripted = |base: &Scenario| Scenario { script: Some(made.clone()), rate, ..base.clone() };
    let scenarios: Vec<Scenario> = drawn.iter().map(scripted).chain(drawn.iter().cloned()).collect();
    search.attempt_any(scenarios);
}

/// The schedule with the nodes that its faults struck; whoever leads, coordinates, keeps hints, or is to be removed, is
/// found anew.
fn with_nodes(best: &Failing) -> Schedule {
    let named = |(entry, span): (&Entry, &FaultSpan)| {
        let is_drawn = find(&entry.fault).is_some_and(|fault| {
            !matches!(fault.kind(), Kind::Leader | Kind::Coordinator | Kind::Hints | Kind::Membership)
        }) && span.fault == entry.fault
            && !span.nodes.is_empty();
        let nodes = is_drawn.then(|| span.nodes.clone());
        Entry { nodes: entry.nodes.clone().or(nodes), ..entry.clone() }
    };
    let entries = &best.recording.schedule.entries;
    let mut named: Vec<Entry> = entries.iter().zip(&best.report.faults).map(named).collect();
    named.extend(entries.iter().skip(named.len()).cloned());
    Schedule { entries: named }
}
