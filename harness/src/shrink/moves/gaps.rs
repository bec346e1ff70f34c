//! Less idle time: what comes after a gap comes earlier.

use crate::scenario::Scenario;
use crate::script::Phase;
use crate::shrink::Search;

/// Gaps that are not worth closing, in simulated milliseconds.
const GAP_MS_MIN: u64 = 200;

/// Closes each gap in which no fault begins or ends and nothing is invoked: to nothing, to a quarter, to a half.
pub fn close(search: &mut Search<'_>) {
    let mut from = 0;
    while !search.is_given_up()
        && let Some((begin, end)) = next_gap(search.scenario(), from)
    {
        let earlier = |by_ms| shifted(search.scenario(), begin, by_ms);
        let gap = end - begin;
        let tries: Vec<Scenario> = [gap - 1, gap / 4 * 3, gap / 2].into_iter().map(earlier).collect();
        if !search.attempt_any(tries) {
            from = end;
        }
    }
}

/// The first gap that begins at `from` or later.
fn next_gap(scenario: &Scenario, from: u64) -> Option<(u64, u64)> {
    let marks = marks(scenario)?;
    marks
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .find(|(begin, end)| *begin >= from && end - begin >= GAP_MS_MIN)
}

/// When something begins or ends, in order; none while something is still to be drawn.
fn marks(scenario: &Scenario) -> Option<Vec<u64>> {
    let (schedule, script) = (scenario.schedule.as_ref()?, scenario.script.as_ref()?);
    let faults = schedule.entries.iter().flat_map(|fault| [fault.at_ms, fault.at_ms + fault.for_ms]);
    let invocations = script.of_phase(Phase::Faults).into_iter().map(|invocation| invocation.at_ms);
    let mut marks: Vec<u64> = faults.chain(invocations).chain([0, scenario.time_ms]).collect();
    marks.sort_unstable();
    marks.dedup();
    Some(marks)
}

/// The scenario in which everything after `begin` comes so much earlier.
fn shifted(scenario: &Scenario, begin: u64, by_ms: u64) -> Scenario {
    let earlier = |at_ms: u64| if at_ms > begin { at_ms - by_ms } else { at_ms };
    let mut shifted = Scenario { time_ms: earlier(scenario.time_ms), ..scenario.clone() };
    for fault in shifted.schedule.iter_mut().flat_map(|schedule| &mut schedule.entries) {
        let end_ms = earlier(fault.at_ms + fault.for_ms);
        fault.at_ms = earlier(fault.at_ms);
        fault.for_ms = end_ms - fault.at_ms;
    }
    let invocations = shifted.script.iter_mut().flat_map(|script| &mut script.invocations);
    for invocation in invocations.filter(|invocation| invocation.phase == Phase::Faults) {
        invocation.at_ms = earlier(invocation.at_ms);
    }
    shifted
}
