//! Registers that are deleted, and given up for new ones: what was deleted last stays so until the end.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use super::{Session, Workload, any_fresh_key, call, is_read, last_of_registers};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// How many of all operations that do not read are deletes.
const DELETES: f64 = 0.4;

/// Reads, writes of unique values, and deletes.
pub struct Deletes;

impl Workload for Deletes {
    fn name(&self) -> &'static str {
        "deletes"
    }

    fn about(&self) -> &'static str {
        "reads, writes and deletes of keys that are given up for new ones; what was deleted has to stay so where tombstones \
         outlast what faults hold up (--tombstone-grace)"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["read", "write", "delete"]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let (key, level) = any_fresh_key(n, session, scenario, rng);
        if !writes_only && is_read(session, scenario, rng) {
            call("read", key, Value::Null, level)
        } else if rng.chance(DELETES) {
            call("delete", key, Value::Null, level)
        } else {
            call("write", key, Value::from(n), level)
        }
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        last_of_registers(written, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        &[
            "integrity",
            "read-your-writes",
            "monotonic-reads",
            "monotonic-writes",
            "writes-follow-reads",
            "linearizability",
            "durability",
            "replica-durability",
            "deleted-stays-deleted",
            "convergence",
        ]
    }
}
