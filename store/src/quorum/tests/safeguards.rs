//! Random schedules find each safeguard that is switched off: the judge sees what it should.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::Safeguards;
use crate::quorum::config::Mode;

use super::random::{run, schedule};

/// Schedules that may pass before one fails.
const SCHEDULES_MAX: usize = 400;

/// The first thing that breaks with one safeguard off. The same schedules in every run.
fn first_broken(switch_off: fn(&mut Safeguards)) -> String {
    first_broken_in(Mode::Strict, switch_off)
}

fn first_broken_in(mode: Mode, switch_off: fn(&mut Safeguards)) -> String {
    let mut safeguards = Safeguards::default();
    switch_off(&mut safeguards);
    let mut runner = TestRunner::deterministic();
    let mut schedules = std::iter::repeat_with(|| {
        schedule(false).new_tree(&mut runner).expect("the strategy rejects nothing").current()
    });
    let found = schedules.by_ref().take(SCHEDULES_MAX).find_map(|schedule| run(&schedule, mode, safeguards));
    found.unwrap_or_else(|| panic!("{SCHEDULES_MAX} schedules broke nothing"))
}

#[test]
fn finds_versions_that_follow_the_wall_clock() {
    let found = first_broken(|safeguards| safeguards.hybrid_clock = false);
    assert!(found.starts_with("below the token") || found.contains(" after "), "{found}");
}

#[test]
fn finds_acknowledgements_counted_twice() {
    let found = first_broken(|safeguards| safeguards.distinct_acknowledgements = false);
    assert!(found.contains(" after "), "{found}");
}

#[test]
fn finds_atomic_reads_that_write_nothing_back() {
    let found = first_broken(|safeguards| safeguards.write_back = false);
    assert!(found.contains(" after "), "{found}");
}

#[test]
fn finds_acknowledgements_before_the_sync() {
    let found = first_broken(|safeguards| safeguards.sync_before_acknowledge = false);
    assert!(found.starts_with("lost") || found.contains(" after "), "{found}");
}

#[test]
fn finds_timeouts_reported_as_failures() {
    let found = first_broken(|safeguards| safeguards.timeout_is_unknown = false);
    assert!(found.starts_with("refused, but it took effect"), "{found}");
}

#[test]
fn finds_hints_in_memory() {
    let found = first_broken_in(Mode::Sloppy, |safeguards| safeguards.hints_logged = false);
    assert!(found.starts_with("lost"), "{found}");
}

#[test]
fn finds_a_cache_that_is_ahead_of_the_store() {
    let found = first_broken_in(Mode::WriteThrough, |safeguards| safeguards.store_before_cache = false);
    assert!(found.starts_with("nobody wrote this"), "{found}");
}

#[test]
fn finds_refills_that_cross_a_write() {
    let found = first_broken_in(Mode::WriteThrough, |safeguards| safeguards.refill_needs_lease = false);
    assert!(found.contains(" after "), "{found}");
}
