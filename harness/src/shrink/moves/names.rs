//! Fewer clients and keys than the scenario has room for: those that a script still names get the first numbers.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::Key;

use crate::scenario::Scenario;
use crate::script::Script;
use crate::shrink::Search;
use crate::workload::number_of;

/// Numbers from 0 for what is in use.
fn renumbered<T: Ord>(used: BTreeSet<T>) -> BTreeMap<T, usize> {
    used.into_iter().zip(0..).collect()
}

/// Only the clients that invoke something, under new numbers if that still fails.
pub fn fewer_clients(search: &mut Search<'_>) {
    let base = search.scenario();
    let Some(script) = &base.script else { return };
    let used: BTreeSet<u64> = script.invocations.iter().map(|invocation| invocation.session).collect();
    let last = used.last().map_or(0, |&last| last as usize);
    let numbers = renumbered(used);
    let mut renamed = script.clone();
    for invocation in &mut renamed.invocations {
        invocation.session = numbers[&invocation.session] as u64;
    }
    let tries = [
        Scenario { clients: numbers.len().max(1), script: Some(renamed), ..base.clone() },
        Scenario { clients: last + 1, ..base.clone() },
    ];
    search.attempt_any(tries);
}

/// Only the keys that are named, under new numbers if that still fails.
pub fn fewer_keys(search: &mut Search<'_>) {
    let base = search.scenario();
    let Some(script) = &base.script else { return };
    let keys = || script.invocations.iter().filter_map(|invocation| invocation.key.as_ref());
    let numbers = renumbered(keys().map(number_of).collect());
    let fewest = numbers.len().max(base.levels().len()).max(1);
    let renamed = Scenario { keys: fewest, script: Some(with_numbers(script, &numbers)), ..base.clone() };
    let fewer = (fewest..base.keys).map(|keys| Scenario { keys, ..base.clone() });
    let tries: Vec<Scenario> = [renamed].into_iter().chain(fewer).collect();
    search.attempt_any(tries);
}

/// The same on keys with these numbers in their names.
fn with_numbers(script: &Script, numbers: &BTreeMap<usize, usize>) -> Script {
    let mut renamed = script.clone();
    for key in renamed.invocations.iter_mut().filter_map(|invocation| invocation.key.as_mut()) {
        let number = numbers[&number_of(key)];
        *key = match key {
            Key::Name(name) => {
                Key::Name(format!("{}{number}", name.trim_end_matches(|c: char| c.is_ascii_digit())))
            }
            Key::Number(_) => Key::Number(number as i64),
        };
    }
    renamed
}
