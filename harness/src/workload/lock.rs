//! Locks, and registers that they guard: written with the token of the lock.
//!
//! ```text
//! session 3   acquire l1 = 17    write-fenced g1 [17, 204]    read g1    write-fenced g1 [17, 230] fail: drop the lock
//! session 8                          (l1 expires) acquire l1 = 40    write-fenced g1 [40, 221]    release l1
//! ```

use std::collections::BTreeMap;

use perjury_histories::{Event, Key, Kind, Value};
use serde_json::json;

use super::{Session, Workload, any_number, call, last_of_store, number_of};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::script::Invocation;
use crate::system::Call;

/// Takes locks, writes what they guard, and releases them. A session goes on as a holder until it releases the lock or a
/// write is refused, however long its lock has expired by then: that is what fencing is for.
pub struct Lock;

/// How often the holder of a lock releases it.
const RELEASE: f64 = 0.1;
/// How often any session reads.
const READ: f64 = 0.3;

/// The lock of what it guards, or the lock itself.
fn lock_of(key: &Key) -> Key {
    Key::Name(format!("l{}", number_of(key)))
}

impl Workload for Lock {
    fn name(&self) -> &'static str {
        "lock"
    }

    fn about(&self) -> &'static str {
        "takes locks that expire, and writes registers that they guard with the tokens they gave"
    }

    fn functions(&self) -> &'static [&'static str] {
        &["acquire", "release", "write-fenced", "read"]
    }

    fn mixes_reads(&self) -> bool {
        false
    }

    fn next(&self, n: u64, session: &Session, scenario: &Scenario, writes_only: bool, rng: &mut Rng) -> Call {
        let number = any_number(session, scenario, rng);
        let level = scenario.level_of(number);
        let (lock, guarded) = (Key::Name(format!("l{number}")), Key::Name(format!("g{number}")));
        if !writes_only && rng.chance(READ) {
            return call("read", guarded, Value::Null, level);
        }
        match session.tokens.get(&lock) {
            None => call("acquire", lock, Value::Null, level),
            Some(token) if rng.chance(RELEASE) => call("release", lock, token.clone(), level),
            Some(token) => call("write-fenced", guarded, json!([token, n]), level),
        }
    }

    /// The token of a script is that of another run: the session writes and releases with the one it has.
    fn call(&self, invocation: &Invocation, session: &Session, scenario: &Scenario) -> Result<Call, String> {
        let key = invocation.key.clone().ok_or("it has no key")?;
        let (lock, level) = (lock_of(&key), self.level_of(&key, scenario));
        let token = |recorded: &Value| session.tokens.get(&lock).unwrap_or(recorded).clone();
        let value = match invocation.function.as_str() {
            "release" => token(&invocation.value),
            "write-fenced" => json!([token(&invocation.value[0]), invocation.value[1]]),
            _ => invocation.value.clone(),
        };
        Ok(call(self.function(&invocation.function)?, key, value, level))
    }

    /// A lock is held from when it was acquired until it may have been released, or until a write with its token
    /// failed: then somebody else holds it.
    fn learn(&self, session: &mut Session, completion: &Event) {
        let Some(key) = &completion.key else { return };
        let lock = lock_of(key);
        match (completion.function.as_str(), completion.kind) {
            ("acquire", Kind::Ok) => drop(session.tokens.insert(lock, completion.value.clone())),
            ("release", _) | ("write-fenced", Kind::Fail) => drop(session.tokens.remove(&lock)),
            _ => {}
        }
    }

    /// Of what was guarded; whether a lock is held nobody reads.
    fn last(&self, written: &BTreeMap<Key, Vec<String>>, scenario: &Scenario) -> Vec<Vec<Call>> {
        let is_guarded = |key: &Key| matches!(key, Key::Name(name) if name.starts_with('g'));
        let guarded = written.iter().filter(|(key, _)| is_guarded(key));
        let guarded = guarded.map(|(key, homes)| (key.clone(), homes.clone())).collect();
        last_of_store(&guarded, |key| self.level_of(key, scenario))
    }

    fn checkers(&self) -> &'static [&'static str] {
        &["fencing", "convergence"]
    }
}
