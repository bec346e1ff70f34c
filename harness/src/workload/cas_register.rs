//! Reads, writes and compare-and-set over several keys.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};
use serde_json::json;

use super::{REGISTER_CHECKERS, Session, Workload, any_key, call, last_of_registers, read_share};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// Reads, writes, and compare-and-set from the value that the session last saw.
pub struct CasRegister;

impl Workload for CasRegister {
    fn name(&self) -> &'static str {
        "cas-register"
    }

    fn about(&self) -> &'static str {
        "reads, writes and compare-and-set over several keys: quorums must refuse the last, a log must not"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["read", "write", "cas"]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let (key, level) = any_key(session, scenario, rng);
        let seen = session.last_seen.get(&key).cloned().unwrap_or(Value::Null);
        let choice = match read_share(session, scenario) {
            None => rng.below(3),
            Some(share) if rng.chance(share) => 0,
            Some(_) => 1 + rng.below(2),
        };
        match choice {
            0 if !writes_only => call("read", key, Value::Null, level),
            // One that meets another value fails, and a session has to get something done once all is healed.
            1 if !writes_only && !seen.is_null() => call("cas", key, json!([seen, n]), level),
            _ => call("write", key, Value::from(n), level),
        }
    }

    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        last_of_registers(written, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        REGISTER_CHECKERS
    }
}
