//! What the clients do: generators of operations, and which checkers judge them.

pub mod cas_register;
pub mod register;
pub mod set;

use std::collections::BTreeMap;

use perjury_histories::{Key, Value};

use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Call;

/// All workloads.
pub const ALL: &[&dyn Workload] = &[&register::Register, &set::Set, &cas_register::CasRegister];

/// The workload of this name.
pub fn named(name: &str) -> Option<&'static dyn Workload> {
    ALL.iter().find(|workload| workload.name() == name).copied()
}

/// A generator of operations, with its final reads and its checkers.
///
/// Every written value contains the number of its invocation, so that each read names its writer.
pub trait Workload: Sync {
    /// Its name on the command line: the file name in kebab-case.
    fn name(&self) -> &'static str;
    /// What it does, in one sentence.
    fn about(&self) -> &'static str;
    /// Invocation number `n` of the run, for one session; `writes_only` while reads would repair what
    /// is to be judged.
    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call;
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
        &["progress", "stats"]
    }
}

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

/// A register key of the scenario, with its level. A session often stays with the key it used last:
/// that is how applications behave, and where session guarantees break.
fn any_key(session: &Session, scenario: &Scenario, rng: &mut Rng) -> (Key, String) {
    let drawn = rng.below(scenario.keys as u64) as usize;
    let number = if rng.chance(STAY) { session.last_key.unwrap_or(drawn) } else { drawn };
    (Key::Name(format!("k{number}")), scenario.level_of(number))
}

/// Final reads of registers: a round at level one from each replica (level atomic, which is never mixed
/// with others, is left out), then a round of each key at its own level, which may repair replicas.
fn last_of_registers(
    written: &BTreeMap<Key, Vec<String>>,
    levels: impl Fn(&Key) -> String,
) -> Vec<Vec<Call>> {
    let read = |key: &Key, level: &str, node: Option<&String>| Call {
        node: node.cloned(),
        is_final: true,
        ..call("read", key.clone(), Value::Null, level.to_owned())
    };
    let has_replica_reads = |key: &Key| !matches!(levels(key).as_str(), "atomic" | "");
    let of_replicas = written.iter().filter(|(key, _)| has_replica_reads(key));
    let of_replicas =
        of_replicas.flat_map(|(key, homes)| homes.iter().map(|home| read(key, "one", Some(home))));
    let of_store = written.keys().map(|key| read(key, &levels(key), None));
    vec![of_replicas.collect(), of_store.collect()]
}

#[cfg(test)]
mod tests;
