//! Reads and writes over several keys.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use super::{REGISTER_CHECKERS, Session, Workload, any_key, call, is_read, last_of_registers};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// Half reads, unless told otherwise, and writes of unique values.
pub struct Register;

impl Workload for Register {
    fn name(&self) -> &'static str {
        "register"
    }

    fn about(&self) -> &'static str {
        "reads and writes of unique values over several keys"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["read", "write"]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let (key, level) = any_key(session, scenario, rng);
        match writes_only || !is_read(session, scenario, rng) {
            true => call("write", key, Value::from(n), level),
            false => call("read", key, Value::Null, level),
        }
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        last_of_registers(written, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        REGISTER_CHECKERS
    }
}
