//! Adds to several counters, and reads of each.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use super::{Session, Workload, any_fresh_key, call, is_read, last_of_store};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// Half adds, half reads.
///
/// The amounts are powers of a hundred, so that what a read returns says how many adds of each amount it counts: an add
/// that took effect twice is not hidden by one of another amount whose outcome is unknown. Counters are given up
/// for new ones before a hundred adds have the same amount.
pub struct Counter;

impl Workload for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn about(&self) -> &'static str {
        "adds powers of a hundred to several counters, and reads them; counters are given up for new ones"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let (key, level) = any_fresh_key(n, session, scenario, rng);
        match writes_only || !is_read(session, scenario, rng) {
            true => call("add", key, Value::from(100_u64.pow(n as u32 % 4)), level),
            false => call("read", key, Value::Null, level),
        }
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        last_of_store(written, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        &[
            "counter",
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
}
