//! Two algorithms must agree: the search for a linearization, and the order of versions.
//!
//! If the operations of a key, put in the order of their versions, agree with real time, that order is
//! a linearization: the search must find the key valid. It says invalid only where versions do too.

use std::collections::BTreeMap;

use perjury::Scenario;
use perjury_checkers::{Context, Verdict, checker};
use perjury_histories::{Fate, History, Key, Operation, Version};

use crate::trial::{all_faults, try_seed};

/// Keys on which an operation stands below one that had returned before it was invoked.
fn keys_against_real_time(history: &History) -> Vec<&Key> {
    let mut by_key: BTreeMap<&Key, Vec<Operation<'_>>> = BTreeMap::new();
    for operation in history.operations().filter(|operation| operation.fate() == Fate::Ok) {
        if let Some(key) = operation.key() {
            by_key.entry(key).or_default().push(operation);
        }
    }
    by_key
        .into_iter()
        .filter(|(_, operations)| is_against_real_time(operations))
        .map(|(key, _)| key)
        .collect()
}

fn is_against_real_time(operations: &[Operation<'_>]) -> bool {
    let mut returns: Vec<(usize, Option<&Version>)> = operations
        .iter()
        .filter_map(|operation| Some((operation.returned_at()?, operation.version())))
        .collect();
    returns.sort_unstable_by_key(|&(at, _)| at);
    let mut highest = returns
        .iter()
        .scan(None, |highest, &(at, version)| {
            *highest = version.max(*highest);
            Some((at, *highest))
        })
        .collect::<Vec<_>>();
    highest.insert(0, (0, None));
    operations.iter().any(|operation| {
        let before = highest.partition_point(|&(at, _)| at < operation.invoked_at()).max(1) - 1;
        let (_, floor) = highest[before];
        match operation.function() {
            "read" => operation.version() < floor,
            _ => floor.is_some() && operation.version() <= floor,
        }
    })
}

/// Runs a scenario, and compares both algorithms; returns the number of keys that the search rejects.
fn compare(scenario: &Scenario, seed: u64) -> usize {
    let (recording, _) = try_seed(scenario, seed);
    let against = keys_against_real_time(&recording.history);
    let linearizability = checker::named("linearizability").expect("a checker");
    match linearizability.check(&recording.history, &Context::default()) {
        Verdict::Valid(_) => 0,
        Verdict::Unknown(why) => panic!("seed {seed}: {why}"),
        Verdict::Invalid(anomalies) => {
            for key in anomalies.iter().filter_map(|anomaly| anomaly.key.as_ref()) {
                assert!(
                    against.contains(&key),
                    "seed {seed}: versions prove {key} valid, the search rejects it"
                );
            }
            anomalies.len()
        }
    }
}

#[test]
fn agrees_that_atomic_registers_are_linearizable() {
    for seed in 10..13 {
        assert_eq!(compare(&all_faults("atomic", 10), seed), 0);
    }
}

#[test]
fn agrees_about_histories_that_are_not() {
    let mut scenario = all_faults("one", 10);
    assert!(
        (10..13).map(|seed| compare(&scenario, seed)).sum::<usize>() > 0,
        "level one is not linearizable"
    );
    scenario.level = "atomic".to_owned();
    scenario.bug = Some("atomic-read-without-write-back".to_owned());
    for seed in 10..13 {
        compare(&scenario, seed);
    }
}
