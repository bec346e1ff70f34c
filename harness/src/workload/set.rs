//! Unique elements added to a set, one key of the store per element.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use super::{Session, Workload, call};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// Adds element after element; the final read is a read of all.
pub struct Set;

impl Workload for Set {
    fn name(&self) -> &'static str {
        "set"
    }

    fn about(&self) -> &'static str {
        "adds unique elements, one key each; the final read is a read of all"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    fn mixes_reads(&self) -> bool {
        false
    }

    fn next(&self, n: u64, _: &Session, scenario: &Scenario, _: bool, _: &mut Rng) -> Call {
        let key = Key::Name(format!("e{n}"));
        let level = self.level_of(&key, scenario);
        call("add", key, Value::from(n), level)
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        let keys = written.keys().map(|key| (key.clone(), self.level_of(key, scenario))).collect();
        let (value, level) = (Value::Null, String::new());
        vec![vec![Call { function: "read", key: None, value, level, node: None, keys, is_final: true }]]
    }

    fn checkers(&self) -> &'static [&'static str] {
        &["durability", "replica-durability", "convergence"]
    }

    fn checkers_of_all(&self) -> &'static [&'static str] {
        &["set", "bounded-loss", "progress", "stats", "availability", "invariants", "membership"]
    }
}
