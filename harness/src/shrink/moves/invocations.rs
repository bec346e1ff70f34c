//! Fewer invocations: first only those that the anomaly points at, then one less at a time.

use crate::scenario::Scenario;
use crate::script::{Invocation, Phase, Script};
use crate::shrink::minimal::minimal;
use crate::shrink::{Clues, Search};

/// How far from an anomaly what brought it about may be, in simulated milliseconds.
const WINDOWS_MS: &[u64] = &[500, 1_000, 2_000, 4_000, 8_000];

fn with(base: &Scenario, invocations: Vec<Invocation>) -> Scenario {
    Scenario { script: Some(Script { invocations }), ..base.clone() }
}

/// Keeps the invocations that the anomaly points at: those that show it; those of its keys; those near to it in time;
/// those of one phase.
pub fn that_matter(search: &mut Search<'_>) {
    if search.scenario().script.is_none() {
        return;
    }
    while search.attempt_any(narrowed(search)) {}
}

/// The script narrowed in several ways, from those that leave the least.
fn narrowed(search: &Search<'_>) -> Vec<Scenario> {
    let made = &search.best().script().invocations;
    let Clues { places, keys, .. } = &search.best().clues;
    let only = |keep: &dyn Fn(usize, &Invocation) -> bool| {
        let kept = made.iter().enumerate().filter(|(place, each)| keep(*place, each));
        with(search.scenario(), kept.map(|(_, invocation)| invocation.clone()).collect())
    };
    let is_of_key = |each: &Invocation| each.key.as_ref().is_some_and(|key| keys.contains(key));
    let is_of_session = |each: &Invocation| places.iter().any(|&place| made[place].session == each.session);
    let mut narrowed = vec![
        only(&|_, _| false),
        only(&|place, _| places.contains(&place)),
        only(&|_, each| is_of_key(each) && is_of_session(each)),
        only(&|_, each| is_of_key(each)),
    ];
    for (begin, end) in windows(search) {
        narrowed.push(only(&|_, each| each.phase == Phase::Faults && (begin..=end).contains(&each.at_ms)));
    }
    for phase in [Phase::Faults, Phase::Healing, Phase::Replay] {
        narrowed.push(only(&|_, each| each.phase == phase));
    }
    for phase in [Phase::Replay, Phase::Healing, Phase::Faults] {
        narrowed.push(only(&|_, each| each.phase != phase));
    }
    narrowed.push(only(&|_, each| is_of_session(each)));
    narrowed
}

/// Times around the anomaly, the narrowest first: around its last event, and around the invocations that show it.
fn windows(search: &Search<'_>) -> Vec<(u64, u64)> {
    let Clues { places, last_ms, .. } = &search.best().clues;
    let made = &search.best().script().invocations;
    let shown = places.iter().map(|&place| &made[place]).filter(|each| each.phase == Phase::Faults);
    let shown: Vec<u64> = shown.map(|each| each.at_ms).collect();
    let first_and_last = shown.iter().min().copied().zip(shown.iter().max().copied());
    let around: Vec<(u64, u64)> =
        last_ms.map(|last| (last, last)).into_iter().chain(first_and_last).collect();
    let widened = |window: &u64| {
        let window = *window;
        around
            .iter()
            .map(move |(begin, end)| (begin.saturating_sub(window), end + window))
            .collect::<Vec<_>>()
    };
    WINDOWS_MS.iter().flat_map(widened).collect()
}

/// Leaves out invocations that are not needed.
pub fn fewer(search: &mut Search<'_>) {
    if search.scenario().script.is_none() {
        return;
    }
    let made = search.best().script().invocations.clone();
    minimal(made, |invocations| {
        (!search.is_given_up()).then(|| search.attempt(&with(search.scenario(), invocations.to_vec())))
    });
}
