//! Every workload against a store in the clients' memory: one that keeps its promises, and some that do not.

use std::cell::RefCell;
use std::time::Duration;

use perjury_histories::Version;
use perjury_store::env::{Env, LocalFuture};
use serde_json::json;

use super::*;
use crate::promise::Promise;
use crate::report::{Report, RowOutcome};
use crate::run::Recording;
use crate::system::{Client, Reply, System};
use crate::trial;

/// What the store does wrong, now and then.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Well,
    AppliesTwice,
    Forgets,
    TakesAnyToken,
    TearsTransfers,
    RefusesTheFirstDeposits,
}

/// What it holds, and the index of its last change.
#[derive(Default)]
struct Memory {
    index: u64,
    cells: BTreeMap<Key, (u64, Value)>,
    calls: u64,
}

/// The checker of what replicas hold where clients merge.
const MERGED: &str = "acknowledged-or-dominated";

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

impl Memory {
    fn put(&mut self, key: &Key, value: Value) {
        self.cells.insert(key.clone(), (self.index, value));
    }

    fn get(&self, key: &Key) -> Value {
        self.cells.get(key).map_or(Value::Null, |(_, value)| value.clone())
    }

    fn add(&mut self, key: &Key, amount: i64) {
        let sum = self.get(key).as_i64().unwrap_or(0) + amount;
        self.put(key, sum.into());
    }

    fn read(&self, call: &Call) -> Reply {
        let Some(key) = &call.key else {
            let held = call.keys.iter().map(|(key, _)| self.get(key)).filter(|value| !value.is_null());
            return Reply::ok(held.collect(), None);
        };
        let version = self.cells.get(key).map(|(index, _)| Version(vec![*index as i64]));
        Reply::ok(self.get(key), version)
    }

    /// Changes what a call changes, and says why it does not.
    fn change(&mut self, call: &Call, manner: Manner) -> Result<Value, &'static str> {
        let held = call.key.as_ref().map(|key| self.get(key)).unwrap_or_default();
        let key = call.key.as_ref().unwrap_or(&Key::Number(0));
        match call.function {
            "write" | "delete" => self.put(key, call.value.clone()),
            "cas" if held != call.value[0] => return Err("it holds something else"),
            "cas" => self.put(key, call.value[1].clone()),
            "add" => self.add(key, call.value.as_i64().expect("a number")),
            "append" => {
                let mut list = held.as_array().cloned().unwrap_or_default();
                list.push(call.value.clone());
                self.put(key, list.into());
            }
            "acquire" => {
                self.put(key, self.index.into());
                return Ok(self.index.into());
            }
            "release" if held != call.value => return Err("the lock has another holder"),
            "release" => self.put(key, Value::Null),
            "write-fenced"
                if manner != Manner::TakesAnyToken && held[0].as_u64() > call.value[0].as_u64() =>
            {
                return Err("an older token");
            }
            "write-fenced" => self.put(key, call.value.clone()),
            "deposit" => {
                let balances = call.value.as_array().expect("balances");
                call.keys.iter().zip(balances).for_each(|((key, _), balance)| self.put(key, balance.clone()));
            }
            "transfer" => {
                let ([from, to], amount) =
                    ([&call.keys[0].0, &call.keys[1].0], call.value["amount"].as_i64());
                let amount = amount.expect("an amount");
                if self.get(from).as_i64() < Some(amount) {
                    return Err("it would be overdrawn");
                }
                self.add(from, -amount);
                if manner != Manner::TearsTransfers || !self.calls.is_multiple_of(20) {
                    self.add(to, amount);
                }
            }
            other => panic!("the store has no {other}"),
        }
        Ok(call.value.clone())
    }

    fn perform(&mut self, call: &Call, manner: Manner) -> Reply {
        self.calls += 1;
        let is_now = self.calls.is_multiple_of(20);
        match call.function {
            "read" => return self.read(call),
            "deposit" if manner == Manner::RefusesTheFirstDeposits && self.calls < 3 => {
                return if self.calls == 1 { Reply::fail("not now") } else { Reply::info("who knows") };
            }
            _ => self.index += 1,
        }
        if is_now && manner == Manner::Forgets {
            return Reply::ok(call.value.clone(), Some(Version(vec![self.index as i64])));
        }
        if is_now && manner == Manner::AppliesTwice {
            self.change(call, manner).ok();
            self.index += 1;
        }
        match self.change(call, manner) {
            Ok(value) => Reply::ok(value, Some(Version(vec![self.index as i64]))),
            Err(why) => Reply::fail(why),
        }
    }
}

struct Store(Manner);

impl System for Store {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn start(&self, _: &Scenario, _: &str, _: Env) -> LocalFuture<'static, anyhow::Result<()>> {
        Box::pin(std::future::pending())
    }

    fn client(&self, scenario: &Scenario, _: u64, env: Env) -> Box<dyn Client> {
        let has_sets = scenario.workload == "merged-set";
        Box::new(StoreClient { manner: self.0, has_sets, env })
    }

    /// Whatever the workload can show, but for what rests on dumps.
    fn promises(&self, scenario: &Scenario) -> Vec<Promise> {
        let workload = named(&scenario.workload).expect("a workload");
        let names = [workload.checkers(), workload.checkers_of_all()].concat();
        let rests_on_notes = [
            "convergence",
            "replica-durability",
            "availability",
            "invariants",
            "membership",
            "bounded-loss",
            MERGED,
        ];
        let is_shown =
            |name: &&str| !rests_on_notes.contains(name) && (*name, workload.name()) != ("durability", "set");
        let shown = names.into_iter().filter(is_shown);
        shown.map(|name| Promise::new(name, "")).collect()
    }
}

struct StoreClient {
    manner: Manner,
    /// What is added is an element, and no amount.
    has_sets: bool,
    env: Env,
}

impl Client for StoreClient {
    fn invoke<'a>(&'a mut self, call: &'a Call) -> LocalFuture<'a, Reply> {
        Box::pin(async move {
            self.env.clock.sleep(Duration::from_millis(20)).await;
            let call = match (self.has_sets, call.function) {
                (true, "add") => &Call { function: "append", ..call.clone() },
                _ => call,
            };
            let reply = MEMORY.with_borrow_mut(|memory| memory.perform(call, self.manner));
            self.env.clock.sleep(Duration::from_millis(20)).await;
            reply
        })
    }
}

fn try_out(system: &'static Store, workload: &str) -> (Recording, Report) {
    MEMORY.take();
    let scenario = Scenario {
        store: "memory".to_owned(),
        nodes: 1,
        clients: 5,
        rate: 100.0,
        keys: 4,
        level: String::new(),
        workload: workload.to_owned(),
        nemesis: Vec::new(),
        time_ms: 4_000,
        ..Scenario::default()
    };
    trial::try_seed(system, &scenario, 1, &mut |_| {}).expect("a run")
}

/// The guarantees that are broken, of those that are promised.
fn broken(system: &'static Store, workload: &str) -> Vec<String> {
    let (_, report) = try_out(system, workload);
    let is_broken = |outcome: RowOutcome| outcome == RowOutcome::Broken;
    let rows = report.rows.iter().filter(|row| row.promised && is_broken(row.outcome));
    rows.map(|row| row.guarantee.clone()).collect()
}

#[test]
fn find_nothing_wrong_with_a_store_that_keeps_its_promises() {
    for workload in ALL {
        let (_, report) = try_out(&Store(Manner::Well), workload.name());
        assert_eq!(report.verdict, "valid", "{}: {:?}", workload.name(), report.rows);
    }
}

/// Asserts that each of these is broken in a run of the workload.
#[track_caller]
fn find(system: &'static Store, workload: &str, checkers: &[&str]) {
    let broken = broken(system, workload);
    assert!(checkers.iter().all(|&name| broken.contains(&name.to_owned())), "{workload}: {broken:?}");
}

#[test]
fn find_what_takes_effect_twice() {
    find(&Store(Manner::AppliesTwice), "append", &["append", "linearizability", "sequential"]);
    find(&Store(Manner::AppliesTwice), "counter", &["counter", "linearizability", "sequential"]);
}

#[test]
fn find_what_was_acknowledged_and_is_gone() {
    find(&Store(Manner::Forgets), "append", &["append", "linearizability", "sequential"]);
    find(&Store(Manner::Forgets), "counter", &["counter", "linearizability", "sequential"]);
    find(&Store(Manner::Forgets), "set", &["set"]);
    find(&Store(Manner::Forgets), "merged-set", &["set", "set-full"]);
    find(&Store(Manner::Forgets), "cas-register", &["linearizability"]);
}

#[test]
fn find_older_tokens_and_torn_transfers() {
    assert_eq!(broken(&Store(Manner::TakesAnyToken), "lock"), ["fencing"]);
    assert_eq!(broken(&Store(Manner::TearsTransfers), "bank"), ["bank"]);
}

/// Nothing else is asked before the bank is open, however often that takes.
#[test]
fn set_up_what_they_need_before_anything_else() {
    let (recording, report) = try_out(&Store(Manner::RefusesTheFirstDeposits), "bank");
    assert_eq!(report.verdict, "valid", "{:?}", report.rows);
    let operations: Vec<_> = recording.history.operations().collect();
    let functions: Vec<&str> = operations.iter().map(|operation| operation.function()).collect();
    assert_eq!(functions[..3], ["deposit"; 3]);
    assert!(functions[3..].iter().all(|function| *function != "deposit"));
    assert!(operations[2].returned_at() < Some(operations[3].invoked_at()), "one after the other");
    let expected = json!({"ok": 1, "fail": 1, "info": 1});
    assert_eq!(json!(report.operations["deposit"]), expected);
}
