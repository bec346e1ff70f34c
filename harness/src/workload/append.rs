//! Unique elements appended to several lists, and reads of the lists.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use super::{Session, Workload, any_fresh_key, call, is_read, last_of_store};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// Half appends, half reads of whole lists. Lists are given up for new ones, so that reads stay short.
pub struct Append;

impl Workload for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn about(&self) -> &'static str {
        "appends unique elements to several lists, and reads them; lists are given up for new ones"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["append", "read"]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let (key, level) = any_fresh_key(n, session, scenario, rng);
        match writes_only || !is_read(session, scenario, rng) {
            true => call("append", key, Value::from(n), level),
            false => call("read", key, Value::Null, level),
        }
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        last_of_store(written, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        &[
            "append",
            "linearizability",
            "sequential",
            "read-your-writes",
            "monotonic-reads",
            "monotonic-writes",
            "writes-follow-reads",
            "monotonic-writes-across-keys",
            "writes-follow-reads-across-keys",
            "durability",
            "convergence",
        ]
    }

    fn checkers_of_all(&self) -> &'static [&'static str] {
        &["bounded-loss", "progress", "stats", "availability", "invariants", "membership"]
    }
}
