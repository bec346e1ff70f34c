//! Which keys a promise is still owed for, under the faults that were recorded.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{History, Key, Value};

use super::project::as_key;
use crate::promise::{Bound, Promise};
use crate::tally;

/// Which nodes each fault struck, and which nodes are home to each key.
#[derive(Debug, Default)]
pub struct Damage {
    struck: BTreeMap<String, BTreeSet<String>>,
    homes: BTreeMap<Key, Vec<String>>,
}

/// Keys that a promise is not owed for, and why.
#[derive(Debug, Default)]
pub struct Excused {
    /// The keys.
    pub keys: BTreeSet<Key>,
    /// The faults that excuse them, in words.
    pub why: String,
}

impl Damage {
    /// Reads faults and placement out of a history.
    pub fn of(history: &History) -> Damage {
        let mut damage = Damage::default();
        for fault in tally::faults(history) {
            damage.struck.entry(fault.fault).or_default().extend(fault.nodes);
        }
        let placements = history.notes().filter(|note| note.function == "placement");
        for entry in placements.filter_map(|note| note.value.as_array()).flatten() {
            let Some(key) = entry.get(0).and_then(as_key) else { continue };
            let homes = entry.get(1).and_then(Value::as_array).into_iter().flatten();
            damage.homes.insert(key, homes.filter_map(Value::as_str).map(str::to_owned).collect());
        }
        damage
    }

    /// Why `promise` is not owed for a whole run, if it is not: for one of these keys at least, or, where a
    /// workload has none, under the faults as they are.
    pub fn excuses_run(&self, promise: &Promise, keys: &BTreeSet<&Key>) -> Option<String> {
        let excused = match keys.is_empty() {
            true => self.excuses_of(promise, [None].into_iter()),
            false => self.excuses(promise, keys),
        };
        (!excused.why.is_empty()).then_some(excused.why)
    }

    /// The keys, of these, that `promise` is not owed for.
    pub fn excuses(&self, promise: &Promise, keys: &BTreeSet<&Key>) -> Excused {
        self.excuses_of(promise, keys.iter().map(|&key| Some(key)))
    }

    fn excuses_of<'k>(
        &self,
        promise: &Promise,
        keys: impl Iterator<Item = Option<&'k Key>> + Clone,
    ) -> Excused {
        let mut excused = Excused::default();
        let mut struck_nodes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for bound in &promise.tolerates {
            for key in keys.clone() {
                let struck = self.struck_homes(bound, key);
                if struck.iter().map(|(_, node)| node).collect::<BTreeSet<_>>().len() > bound.homes_max {
                    excused.keys.extend(key.cloned());
                    for (fault, node) in struck {
                        struck_nodes.entry(fault).or_default().insert(node);
                    }
                }
            }
        }
        let words = |(fault, nodes): (&str, BTreeSet<&str>)| {
            format!("{fault} struck {}", nodes.into_iter().collect::<Vec<_>>().join(", "))
        };
        excused.why = struck_nodes.into_iter().map(words).collect::<Vec<_>>().join("; ");
        excused
    }

    /// Home replicas of a key that a fault of the bound struck; every struck node, where all count, or where
    /// the placement of the key is not known.
    fn struck_homes<'a>(&'a self, bound: &'a Bound, key: Option<&Key>) -> Vec<(&'a str, &'a str)> {
        let homes = key.and_then(|key| self.homes.get(key));
        let is_home =
            |node: &String| bound.counts_all_nodes || homes.is_none_or(|homes| homes.contains(node));
        let of_fault = |fault: &'a String| {
            let nodes = self.struck.get(fault).into_iter().flatten();
            nodes.filter(|node| is_home(node)).map(move |node| (fault.as_str(), node.as_str()))
        };
        bound.faults.iter().flat_map(of_fault).collect()
    }
}
