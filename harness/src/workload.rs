//! What the clients do: generators of operations, and which checkers judge them.

pub mod append;
pub mod bank;
pub mod cas_register;
pub mod counter;
pub mod deletes;
pub mod lock;
pub mod merged_set;
pub mod register;
pub mod set;

use std::collections::BTreeMap;

use perjury_histories::{Event, Key, Kind, Value};

use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::script::Invocation;
use crate::system::Call;

/// All workloads.
pub const ALL: &[&dyn Workload] = &[
    &register::Register,
    &set::Set,
    &cas_register::CasRegister,
    &deletes::Deletes,
    &counter::Counter,
    &append::Append,
    &lock::Lock,
    &bank::Bank,
    &merged_set::MergedSet,
];

/// The workload of this name.
pub fn named(name: &str) -> Option<&'static dyn Workload> {
    ALL.iter().find(|workload| workload.name() == name).copied()
}

/// A generator of operations, with what comes before and after them, and its checkers.
///
/// Every written value contains the number of its invocation, so that each read names its writer. Amounts of
/// counters and banks do not.
pub trait Workload: Sync {
    /// Its name on the command line: the file name in kebab-case.
    fn name(&self) -> &'static str;
    /// What it does, in one sentence.
    fn about(&self) -> &'static str;
    /// The functions that it invokes: a system that neither serves nor refuses one of them cannot run it.
    fn functions(&self) -> &'static [&'static str];
    /// Operations before all others, in order, each as often as it takes until it is ok.
    fn first(&self, _scenario: &Scenario) -> Vec<Call> {
        Vec::new()
    }
    /// Whether reads are mixed with other operations, so that their share can be chosen.
    fn mixes_reads(&self) -> bool {
        true
    }
    /// Invocation number `n` of the run, for one session; `writes_only` while reads would repair what
    /// is to be judged.
    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call;
    /// The call that this invocation of a script is, for one session.
    ///
    /// # Errors
    /// When it is none of this workload, and why.
    fn call(&self, invocation: &Invocation, _session: &Session, scenario: &Scenario) -> Result<Call, String> {
        let key = invocation.key.clone().ok_or("it has no key")?;
        let level = self.level_of(&key, scenario);
        Ok(call(self.function(&invocation.function)?, key, invocation.value.clone(), level))
    }
    /// The function of this name.
    ///
    /// # Errors
    /// When this workload has none of that name.
    fn function(&self, name: &str) -> Result<&'static str, String> {
        let function = self.functions().iter().find(|function| **function == name);
        let known =
            || format!("{} has no function {name:?}, but {}", self.name(), self.functions().join(", "));
        function.copied().ok_or_else(known)
    }
    /// What a session learns when an operation of its own ends so.
    fn learn(&self, session: &mut Session, completion: &Event) {
        learn_value(session, completion);
    }
    /// The final reads, after everything is healed, replayed and settled: rounds of calls, one round
    /// after the other. `written` are the keys that any invocation has written, with their homes.
    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>>;
    /// The level of a key that this workload writes.
    fn level_of(&self, key: &Key, scenario: &Scenario) -> String {
        scenario.level_of(number_of(key))
    }
    /// Names of the checkers that judge it, key by key and level by level.
    fn checkers(&self) -> &'static [&'static str];
    /// Names of the checkers that judge it as a whole.
    fn checkers_of_all(&self) -> &'static [&'static str] {
        OF_EVERY_RUN
    }
}

/// The checkers of every run as a whole.
const OF_EVERY_RUN: &[&str] = &["progress", "stats", "availability", "invariants", "membership"];

/// Checkers that are asked only for what the system promises: others could not answer, or take too long to say what
/// nobody wants to know.
pub const ONLY_WHERE_PROMISED: &[&str] =
    &["availability", "bounded-loss", "deleted-stays-deleted", "invariants", "membership", "sequential"];

/// What a generator may know of the session it generates for.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its number.
    pub number: u64,
    /// Its present process number.
    pub process: u64,
    /// The number of the key that it used last.
    pub last_key: Option<usize>,
    /// What it last read or wrote, with ok, of each key.
    pub last_seen: BTreeMap<Key, Value>,
    /// The locks that it thinks it holds, each with its token.
    pub tokens: BTreeMap<Key, Value>,
}

/// It saw what it read, or wrote.
fn learn_value(session: &mut Session, completion: &Event) {
    let Some(key) = completion.key.as_ref().filter(|_| completion.kind == Kind::Ok) else { return };
    let seen = match completion.function.as_str() {
        "cas" => completion.value.get(1).unwrap_or(&completion.value),
        _ => &completion.value,
    };
    session.last_seen.insert(key.clone(), seen.clone());
}

/// How often a session stays with the key it used last.
const STAY: f64 = 0.8;

/// The checkers of workloads on registers.
const REGISTER_CHECKERS: &[&str] = &[
    "integrity",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
    "monotonic-writes-across-keys",
    "writes-follow-reads-across-keys",
    "linearizability",
    "sequential",
    "durability",
    "replica-durability",
    "convergence",
];

/// A call on one key at its own level.
fn call(function: &'static str, key: Key, value: Value, level: String) -> Call {
    Call { function, key: Some(key), value, level, node: None, keys: Vec::new(), is_final: false }
}

/// The number in the name of a key: 7 in `k7`.
pub fn number_of(key: &Key) -> usize {
    match key {
        Key::Name(name) => name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0),
        Key::Number(number) => usize::try_from(*number).unwrap_or(0),
    }
}

/// The number of a key of the scenario. A session often stays with the key it used last: that is how applications
/// behave, and where session guarantees break.
fn any_number(session: &Session, scenario: &Scenario, rng: &mut Rng) -> usize {
    let drawn = rng.below(scenario.keys as u64) as usize;
    if rng.chance(STAY) { session.last_key.unwrap_or(drawn) } else { drawn }
}

/// A register key of the scenario, with its level.
fn any_key(session: &Session, scenario: &Scenario, rng: &mut Rng) -> (Key, String) {
    let number = any_number(session, scenario, rng);
    (Key::Name(format!("k{number}")), scenario.level_of(number))
}

/// How many of a session's operations read, from 0 to 1, where the scenario says so: all, of one that only reads.
///
/// Who writes as well soon waits for a node that can do no more than read, and looks for another one: what such a node
/// answers is seen by those who only read. (Jepsen reserves threads for reads for that: `jepsen.generator/reserve`.)
fn read_share(session: &Session, scenario: &Scenario) -> Option<f64> {
    match session.number >= scenario.writers() {
        true => Some(1.0),
        false => scenario.read_percent.map(|percent| percent as f64 / 100.0),
    }
}

/// Whether the next operation reads: half of them do, where nothing else is said.
fn is_read(session: &Session, scenario: &Scenario, rng: &mut Rng) -> bool {
    !rng.chance(1.0 - read_share(session, scenario).unwrap_or(0.5))
}

/// How many invocations a key gets, on average, where keys are given up for new ones.
const INVOCATIONS_PER_KEY: u64 = 64;

/// The same, where keys are given up for new ones, all at once: what they hold stays short, and what became of
/// few operations of unknown outcome explains less.
fn any_fresh_key(n: u64, session: &Session, scenario: &Scenario, rng: &mut Rng) -> (Key, String) {
    let generation = n / (scenario.keys as u64 * INVOCATIONS_PER_KEY);
    let place = any_number(session, scenario, rng) % scenario.keys;
    let number = usize::try_from(generation).unwrap_or(usize::MAX).saturating_mul(scenario.keys) + place;
    (Key::Name(format!("k{number}")), scenario.level_of(number))
}

/// A final read of this key, of any node or of this one.
fn final_read(key: &Key, level: &str, node: Option<&String>) -> Call {
    let node = node.cloned();
    Call { node, is_final: true, ..call("read", key.clone(), Value::Null, level.to_owned()) }
}

/// Final reads of what cannot be read of a replica: each key at its own level.
fn last_of_store(written: &BTreeMap<Key, Vec<String>>, levels: impl Fn(&Key) -> String) -> Vec<Vec<Call>> {
    vec![written.keys().map(|key| final_read(key, &levels(key), None)).collect()]
}

/// Levels at which the home replicas of a key may also be read at level one. Level atomic is never mixed with others.
const WITH_REPLICA_READS: &[&str] = &["one", "quorum", "all"];

/// Final reads of registers: a round at level one from each replica, where there is such a level, then a round of
/// each key at its own level, which may repair replicas.
fn last_of_registers(
    written: &BTreeMap<Key, Vec<String>>,
    levels: impl Fn(&Key) -> String,
) -> Vec<Vec<Call>> {
    let has_replica_reads = |key: &Key| {
        let level = levels(key);
        level.split('/').all(|level| WITH_REPLICA_READS.contains(&level))
    };
    let of_replicas = written.iter().filter(|(key, _)| has_replica_reads(key));
    let of_replicas =
        of_replicas.flat_map(|(key, homes)| homes.iter().map(|home| final_read(key, "one", Some(home))));
    let mut rounds = vec![of_replicas.collect()];
    rounds.extend(last_of_store(written, levels));
    rounds
}

#[cfg(test)]
mod tests;
