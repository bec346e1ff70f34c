//! Transfers between accounts, and reads of all of them at once.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};
use serde_json::json;

use super::{Session, Workload, is_read};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::script::Invocation;
use crate::system::Call;

/// Half transfers, half reads of all accounts; a transfer that would overdraw an account is refused.
///
/// The bank is one object: its operations have no key, and in their values an account is named by its place. The keys that
/// a call is about stand in [`Call::keys`]:
///
/// | function | value | keys | does |
/// |---|---|---|---|
/// | `deposit` | `[20, 20, …]` | all accounts | puts so much on each of them, at once |
/// | `transfer` | `{"from": 0, "to": 2, "amount": 7}` | the two | moves so much, unless the first has less: then it fails |
/// | `read` | null | all accounts | returns the array of their balances, as they were at one moment |
///
/// All keys of a call have the same level; levels go round with the invocations.
pub struct Bank;

/// What is on each account at first.
const BALANCE: u64 = 20;
/// The most that a transfer moves.
const AMOUNT_MAX: u64 = 10;

/// A name, with the level at which it is to be read and written.
fn account(number: usize, level: &str) -> (Key, String) {
    (Key::Name(format!("a{number}")), level.to_owned())
}

fn accounts(scenario: &Scenario, level: &str) -> Vec<(Key, String)> {
    (0..scenario.keys).map(|number| account(number, level)).collect()
}

/// A call that is about these accounts.
fn on(function: &'static str, keys: Vec<(Key, String)>, value: Value, level: String) -> Call {
    Call { function, key: None, value, level, node: None, keys, is_final: false }
}

impl Workload for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn about(&self) -> &'static str {
        "transfers between accounts, and reads of all accounts at once"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["deposit", "transfer", "read"]
    }

    fn first(&self, scenario: &Scenario) -> Vec<Call> {
        let level = scenario.level_of(0);
        let balances = vec![BALANCE; scenario.keys];
        vec![on("deposit", accounts(scenario, &level), balances.into(), level)]
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let level = scenario.level_of(n as usize % scenario.keys);
        if !writes_only && is_read(session, scenario, rng) {
            return on("read", accounts(scenario, &level), Value::Null, level);
        }
        // Another account, if there is one.
        let others = (scenario.keys as u64 - 1).max(1);
        let from = rng.below(scenario.keys as u64) as usize;
        let to = (from + 1 + rng.below(others) as usize) % scenario.keys;
        let value = json!({"from": from, "to": to, "amount": 1 + rng.below(AMOUNT_MAX)});
        on("transfer", vec![account(from, &level), account(to, &level)], value, level)
    }

    fn call(&self, invocation: &Invocation, _: &Session, scenario: &Scenario) -> Result<Call, String> {
        let (function, value) = (self.function(&invocation.function)?, invocation.value.clone());
        let level = invocation.level.clone().unwrap_or_else(|| scenario.level_of(0));
        let named = |field: &str| match value[field].as_u64().map(|number| number as usize) {
            Some(number) if number < scenario.keys => Ok(account(number, &level)),
            _ => Err(format!("`{field}` is {}, and {} accounts count from 0", value[field], scenario.keys)),
        };
        let keys = match function {
            "transfer" => vec![named("from")?, named("to")?],
            _ => accounts(scenario, &level),
        };
        Ok(on(function, keys, value, level))
    }

    fn last(&self, _: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        let mut levels: Vec<String> = (0..scenario.keys).map(|number| scenario.level_of(number)).collect();
        levels.sort();
        levels.dedup();
        let read = |level: String| Call {
            is_final: true,
            ..on("read", accounts(scenario, &level), Value::Null, level)
        };
        vec![levels.into_iter().map(read).collect()]
    }

    fn checkers(&self) -> &'static [&'static str] {
        &[]
    }

    fn checkers_of_all(&self) -> &'static [&'static str] {
        &["bank", "convergence", "progress", "stats", "availability", "invariants", "membership"]
    }
}
