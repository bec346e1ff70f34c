//! How much of everything there may be, so that whatever is stored also fits a frame.

use crate::raft::request::{Cell, Operation, Step, Versioned};

/// Bytes of a key.
const KEY_BYTES_MAX: usize = 1 << 10;

/// Bytes of a value, or of an element of a list.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Bytes of all values of one operation: as an entry it must fit a message between nodes.
const OPERATION_BYTES_MAX: usize = 3 << 20;

/// Steps of one transaction.
pub const STEPS_MAX: usize = 128;

/// Keys of one read.
pub const KEYS_MAX: usize = 1024;

/// Bytes of a list: it must fit an answer, and a page of a dump.
pub(super) const LIST_BYTES_MAX: usize = 2 << 20;

/// Bytes of what one read gives.
const READ_BYTES_MAX: usize = 3 << 20;

/// Bytes of what one transaction reads. Much less than a read gives, because the table of sessions keeps the
/// answer.
pub(super) const TRANSACTION_READS_BYTES_MAX: usize = 256 << 10;

/// Bytes of a page of a dump, roughly: one cell more than fits may be on it.
pub(super) const PAGE_BYTES: usize = 512 << 10;

/// What a cell, or an element of a list, takes beside its own bytes, at most.
pub(super) const EXTRA_BYTES: usize = 32;

/// What a cell takes in an answer, at most.
pub(super) fn weight(versioned: &Versioned) -> usize {
    EXTRA_BYTES + versioned.cell.as_ref().map_or(0, cell_weight)
}

fn cell_weight(cell: &Cell) -> usize {
    match cell {
        Cell::Register(value) | Cell::Fenced { value, .. } => value.len() + EXTRA_BYTES,
        Cell::List(elements) => list_weight(elements),
        Cell::Counter(_) | Cell::Lock { .. } => EXTRA_BYTES,
    }
}

/// What a list takes in an answer, at most.
pub(super) fn list_weight(elements: &[Vec<u8>]) -> usize {
    elements.iter().map(|element| element.len() + EXTRA_BYTES).sum()
}

/// What is wrong with an operation, whatever the keys hold: it must not get into the log.
pub fn problem(operation: &Operation) -> Option<String> {
    let (keys, values) = parts(operation);
    let bytes: usize = values.iter().map(|value| value.len()).sum();
    match operation {
        Operation::Transact { steps } if steps.len() > STEPS_MAX => {
            Some(format!("a transaction of {} steps: {STEPS_MAX} are allowed", steps.len()))
        }
        Operation::Lock { for_ms: 0, .. } => Some("a lock must be held for some time".to_owned()),
        _ if values.iter().any(|value| value.len() > VALUE_BYTES_MAX) => {
            Some(format!("a value is larger than {VALUE_BYTES_MAX} bytes"))
        }
        _ if bytes > OPERATION_BYTES_MAX => {
            Some(format!("values of {bytes} bytes in one operation: {OPERATION_BYTES_MAX} are allowed"))
        }
        _ => keys.into_iter().find_map(key_problem),
    }
}

/// What is wrong with a read of these keys, whatever they hold: too many, or a key is too long.
pub fn keys_problem(keys: &[String]) -> Option<String> {
    if keys.len() > KEYS_MAX {
        return Some(format!("a read of {} keys: {KEYS_MAX} are allowed", keys.len()));
    }
    keys.iter().find_map(|key| key_problem(key))
}

/// What is wrong with a read of these cells.
pub(super) fn read_problem<'a>(cells: impl Iterator<Item = &'a Versioned>) -> Option<String> {
    let bytes: usize = cells.map(weight).sum();
    (bytes > READ_BYTES_MAX).then(|| format!("the keys hold {bytes} bytes: one read gives {READ_BYTES_MAX}"))
}

fn key_problem(key: &str) -> Option<String> {
    let bytes = key.len();
    (bytes > KEY_BYTES_MAX).then(|| format!("a key of {bytes} bytes: {KEY_BYTES_MAX} are allowed"))
}

/// The keys and the values that an operation names.
fn parts(operation: &Operation) -> (Vec<&str>, Vec<&[u8]>) {
    match operation {
        Operation::Put { key, value } | Operation::PutFenced { key, value, .. } => (vec![key], vec![value]),
        Operation::Append { key, element } => (vec![key], vec![element]),
        Operation::CompareAndSet { key, expected, new } => {
            (vec![key], expected.iter().chain([new]).map(Vec::as_slice).collect())
        }
        Operation::Delete { key }
        | Operation::Add { key, .. }
        | Operation::Lock { key, .. }
        | Operation::Unlock { key, .. } => (vec![key], Vec::new()),
        Operation::Transact { steps } => {
            let mut parts = (Vec::new(), Vec::new());
            for step in steps {
                let (Step::Read { key } | Step::Put { key, .. } | Step::Add { key, .. }) = step;
                parts.0.push(key.as_str());
                if let Step::Put { value, .. } = step {
                    parts.1.push(value.as_slice());
                }
            }
            parts
        }
    }
}
