//! A shorter phase with faults: what would come later is left out.

use crate::scenario::Scenario;
use crate::script::Phase;
use crate::shrink::Search;

/// Ends it just after the anomaly, or after the last fault and invocation, or earlier by halves and quarters.
pub fn less(search: &mut Search<'_>) {
    loop {
        let scenario = search.scenario();
        let time = scenario.time_ms;
        let after = search.best().clues.last_ms.map_or(time, |last| last + 1);
        let ends = [after, last(scenario) + 1, time / 2, time * 3 / 4, time * 7 / 8];
        let shorter: Vec<Scenario> = ends.iter().map(|&end| cut(scenario, end)).collect();
        if !search.attempt_any(shorter) {
            return;
        }
    }
}

/// When the last fault of the phase is over and its last invocation due; where they are drawn, its end.
pub fn last(scenario: &Scenario) -> u64 {
    let (Some(schedule), Some(script)) = (&scenario.schedule, &scenario.script) else {
        return scenario.time_ms;
    };
    let faults = schedule.entries.iter().map(|fault| fault.at_ms + fault.for_ms);
    let invocations = script.of_phase(Phase::Faults).into_iter().map(|invocation| invocation.at_ms);
    faults.chain(invocations).max().unwrap_or(0)
}

/// The scenario whose phase with faults ends then.
pub fn cut(scenario: &Scenario, end_ms: u64) -> Scenario {
    let mut cut = Scenario { time_ms: end_ms, ..scenario.clone() };
    if let Some(schedule) = &mut cut.schedule {
        schedule.entries.retain(|fault| fault.at_ms < end_ms);
        for fault in &mut schedule.entries {
            fault.for_ms = fault.for_ms.min(end_ms - fault.at_ms);
        }
    }
    if let Some(script) = &mut cut.script {
        script
            .invocations
            .retain(|invocation| invocation.phase != Phase::Faults || invocation.at_ms < end_ms);
    }
    cut
}
