//! What one operation does to the keys.
//!
//! A key keeps its kind, register, list, counter, lock or guarded register, until it is deleted.

use super::cells::Cells;
use super::limits::{EXTRA_BYTES, LIST_BYTES_MAX, list_weight};
use super::transaction;
use crate::raft::log::Index;
use crate::raft::request::{Cell, Operation, SessionId, Versioned};

/// The entry that causes a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause {
    /// Where it is in the log.
    pub(super) index: Index,
    /// Whose command it is.
    pub(super) session: SessionId,
    /// The time of the log, this entry included.
    pub(super) log_ms: u64,
}

/// Which condition did not hold.
pub(super) type Unmet = String;

/// Changes the keys, and gives what a transaction reads; or says which condition did not hold, and changes
/// nothing.
pub(super) fn change(
    cells: &mut Cells,
    cause: Cause,
    operation: &Operation,
) -> Result<Vec<Option<Versioned>>, Unmet> {
    let (key, now) = match operation {
        Operation::Transact { steps } => return transaction::transact(cells, cause, steps),
        Operation::Append { key, element } => {
            append(cells, cause, key, element)?;
            return Ok(Vec::new());
        }
        Operation::Put { key, value } => (key, put(key, cells.held(key), value).map(Some)),
        Operation::Delete { key } => (key, delete(key, cells.held(key)).map(|()| None)),
        Operation::CompareAndSet { key, expected, new } => {
            (key, compare_and_set(key, cells.held(key), expected.as_deref(), new).map(Some))
        }
        Operation::Add { key, amount } => (key, add(key, cells.held(key), *amount).map(Some)),
        Operation::Lock { key, for_ms } => (key, lock(key, cells.held(key), cause, *for_ms).map(Some)),
        Operation::Unlock { key, token } => (key, unlock(key, cells.held(key), *token).map(|()| None)),
        Operation::PutFenced { key, value, token } => {
            (key, put_fenced(key, cells.held(key), value, *token).map(Some))
        }
    };
    cells.set(key, now?, cause.index);
    Ok(Vec::new())
}

/// A register with this value.
pub(super) fn put(key: &str, held: Option<&Cell>, value: &[u8]) -> Result<Cell, Unmet> {
    match held {
        None | Some(Cell::Register(_)) => Ok(Cell::Register(value.to_vec())),
        Some(other) => Err(mismatch(key, other, "a register")),
    }
}

/// A counter, higher by `amount`.
pub(super) fn add(key: &str, held: Option<&Cell>, amount: i64) -> Result<Cell, Unmet> {
    let count = match held {
        None => 0,
        Some(Cell::Counter(count)) => *count,
        Some(other) => return Err(mismatch(key, other, "a counter")),
    };
    let sum = count.checked_add(amount);
    sum.map(Cell::Counter).ok_or_else(|| format!("{key} holds {count}: adding {amount} would overflow"))
}

fn delete(key: &str, held: Option<&Cell>) -> Result<(), Unmet> {
    match held {
        Some(Cell::Lock { .. }) => Err(format!("{key} is a lock: it is released, or its time passes")),
        Some(Cell::Fenced { .. }) => {
            Err(format!("{key} is guarded: without it an older token would be accepted"))
        }
        _ => Ok(()),
    }
}

fn compare_and_set(
    key: &str,
    held: Option<&Cell>,
    expected: Option<&[u8]>,
    new: &[u8],
) -> Result<Cell, Unmet> {
    let value = match held {
        None => None,
        Some(Cell::Register(value)) => Some(value.as_slice()),
        Some(other) => return Err(mismatch(key, other, "a register")),
    };
    if value == expected {
        Ok(Cell::Register(new.to_vec()))
    } else {
        Err(format!("{key} does not hold the expected value"))
    }
}

/// In place: a list is too long to be copied for each element.
fn append(cells: &mut Cells, cause: Cause, key: &str, element: &[u8]) -> Result<(), Unmet> {
    match cells.held(key) {
        None => {
            cells.set(key, Some(Cell::List(vec![element.to_vec()])), cause.index);
            return Ok(());
        }
        Some(Cell::List(elements)) => {
            if list_weight(elements) + element.len() + EXTRA_BYTES > LIST_BYTES_MAX {
                return Err(format!("the list {key} would grow beyond {LIST_BYTES_MAX} bytes"));
            }
        }
        Some(other) => return Err(mismatch(key, other, "a list")),
    }
    if let Some(Cell::List(elements)) = cells.held_mut(key, cause.index) {
        elements.push(element.to_vec());
    }
    Ok(())
}

fn lock(key: &str, held: Option<&Cell>, cause: Cause, for_ms: u32) -> Result<Cell, Unmet> {
    match held {
        Some(Cell::Lock { session, until_ms, .. }) if cause.log_ms < *until_ms => {
            let left_ms = until_ms - cause.log_ms;
            Err(format!("session {session} holds {key} for another {left_ms} ms"))
        }
        None | Some(Cell::Lock { .. }) => Ok(Cell::Lock {
            session: cause.session,
            token: cause.index,
            until_ms: cause.log_ms.saturating_add(u64::from(for_ms)),
        }),
        Some(other) => Err(mismatch(key, other, "a lock")),
    }
}

/// A holder whose time is over may still release what nobody has taken since.
fn unlock(key: &str, held: Option<&Cell>, token: Index) -> Result<(), Unmet> {
    match held {
        Some(Cell::Lock { token: holder, .. }) if *holder == token => Ok(()),
        Some(Cell::Lock { .. }) => Err(format!("{key} is held, but not with token {token}")),
        None => Err(format!("{key} is not held")),
        Some(other) => Err(mismatch(key, other, "a lock")),
    }
}

fn put_fenced(key: &str, held: Option<&Cell>, value: &[u8], token: Index) -> Result<Cell, Unmet> {
    match held {
        Some(Cell::Fenced { token: highest, .. }) if token < *highest => {
            Err(format!("token {token} is older than {highest}, which has written {key}"))
        }
        None | Some(Cell::Fenced { .. }) => Ok(Cell::Fenced { value: value.to_vec(), token }),
        Some(other) => Err(mismatch(key, other, "a guarded register")),
    }
}

fn mismatch(key: &str, held: &Cell, wanted: &str) -> Unmet {
    let kind = match held {
        Cell::Register(_) => "a register",
        Cell::List(_) => "a list",
        Cell::Counter(_) => "a counter",
        Cell::Lock { .. } => "a lock",
        Cell::Fenced { .. } => "a guarded register",
    };
    format!("{key} is {kind}, not {wanted}")
}
