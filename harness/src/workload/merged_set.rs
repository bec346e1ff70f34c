//! Unique elements added to sets, each a key that holds siblings: who adds an element merges what it has read.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use super::{Session, Workload, any_fresh_key, call, is_read, last_of_store};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// Half adds, half reads of whole sets. An add reads all siblings, and writes over them what they hold together, and
/// the element; sets are given up for new ones, so that this stays short.
pub struct MergedSet;

impl Workload for MergedSet {
    fn name(&self) -> &'static str {
        "merged-set"
    }

    fn about(&self) -> &'static str {
        "adds unique elements to sets, one key each, whose concurrent versions the clients merge; and reads them"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let (key, level) = any_fresh_key(n, session, scenario, rng);
        match writes_only || !is_read(session, scenario, rng) {
            true => call("add", key, Value::from(n), level),
            false => call("read", key, Value::Null, level),
        }
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        last_of_store(written, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        &["set", "set-full", "acknowledged-or-dominated", "replica-durability", "convergence"]
    }
}
