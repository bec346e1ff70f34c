//! Calls of workloads as what the store is asked for, and its answers as replies.
//!
//! ```text
//! call                                       asked for
//! read x, write x 7, delete x, cas x [7, 8]  a register
//! append x 7                                 a list
//! add x 7                                    a counter; in the workload set, the register of one element
//! acquire l, release l 5                     a lock, and its fencing token
//! write-fenced g [5, 7]                      a register that refuses older tokens
//! deposit [20, 20], transfer {"from": 0, …}   counters, in one transaction; no account falls below zero
//! ```

use perjury_histories::{Key, Value, Version};
use perjury_store::raft::request::{Cell, Operation, ReadMode, Response, Step, Versioned};
use serde_json::json;

use crate::store::{decode, encode};
use crate::system::{Call, Held, Reply};

/// How long a lock is held at most: a client that is slow loses it.
const LOCK_FOR_MS: u32 = 400;

/// What a level is to the store.
pub(super) fn mode(level: &str) -> ReadMode {
    match level {
        "leader" => ReadMode::Leader,
        "lease" => ReadMode::Lease,
        "follower" => ReadMode::Follower,
        _ => ReadMode::Any,
    }
}

/// What changes, for calls that change something; none where the store has nothing of that kind.
pub(super) fn operation(call: &Call, workload: &str) -> Option<Operation> {
    match call.function {
        "deposit" => return deposit(call),
        "transfer" => return transfer(call),
        _ => {}
    }
    let key = call.key.as_ref()?.to_string();
    match call.function {
        "write" => Some(Operation::Put { key, value: encode(&call.value) }),
        "delete" => Some(Operation::Delete { key }),
        "add" if workload == "set" => Some(Operation::Put { key, value: encode(&call.value) }),
        "add" => Some(Operation::Add { key, amount: call.value.as_i64()? }),
        "append" => Some(Operation::Append { key, element: encode(&call.value) }),
        "cas" => {
            let [expected, new] = call.value.as_array()?.as_slice() else { return None };
            let expected = (!expected.is_null()).then(|| encode(expected));
            Some(Operation::CompareAndSet { key, expected, new: encode(new) })
        }
        "acquire" => Some(Operation::Lock { key, for_ms: LOCK_FOR_MS }),
        "release" => Some(Operation::Unlock { key, token: call.value.as_u64()? }),
        "write-fenced" => {
            let [token, value] = call.value.as_array()?.as_slice() else { return None };
            Some(Operation::PutFenced { key, value: encode(value), token: token.as_u64()? })
        }
        _ => None,
    }
}

/// So much on each account.
fn deposit(call: &Call) -> Option<Operation> {
    let amounts = call.value.as_array()?;
    let add = |((key, _), amount): (&(Key, String), &Value)| {
        Some(Step::Add { key: key.to_string(), amount: amount.as_i64()?, floor: None })
    };
    let steps = call.keys.iter().zip(amounts).map(add).collect::<Option<Vec<Step>>>()?;
    Some(Operation::Transact { steps })
}

/// From the first account to the second.
fn transfer(call: &Call) -> Option<Operation> {
    let [(from, _), (to, _)] = call.keys.as_slice() else { return None };
    let amount = call.value.get("amount")?.as_i64()?;
    let steps = vec![
        Step::Add { key: from.to_string(), amount: amount.checked_neg()?, floor: Some(0) },
        Step::Add { key: to.to_string(), amount, floor: None },
    ];
    Some(Operation::Transact { steps })
}

/// Whether versions are told: where an index may be lost and used again, it orders nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Versions(pub(super) bool);

impl Versions {
    pub(super) fn of(self, index: u64) -> Option<Version> {
        self.0.then(|| Version(vec![i64::try_from(index).unwrap_or(i64::MAX)]))
    }
}

/// The reply to a change.
pub(super) fn changed(call: &Call, response: Response, versions: Versions) -> Reply {
    match response {
        Response::Done { index, .. } => {
            let value = if call.function == "acquire" { Value::from(index) } else { call.value.clone() };
            Reply::ok(value, versions.of(index))
        }
        other => not_done(other),
    }
}

/// The reply to a read of one key.
pub(super) fn read(response: Response, versions: Versions) -> Reply {
    match response {
        Response::Cells { mut cells, .. } => match cells.pop().flatten() {
            None => Reply::ok(Value::Null, None),
            Some(Versioned { cell, version }) => {
                Reply::ok(cell.as_ref().map_or(Value::Null, value), versions.of(version))
            }
        },
        other => not_done(other),
    }
}

/// The reply when nothing is known to have happened.
pub(super) fn not_done(response: Response) -> Reply {
    match response {
        Response::Refused(refusal) => Reply::fail(refusal.to_string()),
        Response::Unknown(why) => Reply::info(why),
        _ => Reply::info("the store answered another question"),
    }
}

/// What a cell holds, as a history has it.
pub(super) fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Register(bytes) => decode(bytes),
        Cell::List(elements) => elements.iter().map(|element| decode(element)).collect(),
        Cell::Counter(count) => Value::from(*count),
        Cell::Lock { token, .. } => Value::from(*token),
        Cell::Fenced { value, token } => json!([token, decode(value)]),
    }
}

/// A cell of a dump.
pub(super) fn held(key: String, Versioned { cell, version }: &Versioned, versions: Versions) -> Held {
    let value = cell.as_ref().map_or(Value::Null, value);
    Held { key: Key::Name(key), version: versions.of(*version), value }
}
