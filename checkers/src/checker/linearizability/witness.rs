//! Whether an order really explains a register's history: the check that needs no trust in the search.

use perjury_histories::{Fate, Value};

use crate::access::{Access, Act};

/// Whether these accesses (places in the list) in this order prove that the register is linearizable:
/// everything that is ok is in it (a read of unknown result aside), nothing twice, nothing that failed; no
/// operation comes after one that was invoked only when it had returned; and each meets the value it saw.
pub(super) fn proves(accesses: &[Access<'_>], initial: &Value, order: &[usize]) -> bool {
    is_complete(accesses, order) && is_in_real_time(accesses, order) && is_explained(accesses, initial, order)
}

fn is_complete(accesses: &[Access<'_>], order: &[usize]) -> bool {
    let mut times = vec![0; accesses.len()];
    for &place in order {
        match times.get_mut(place) {
            Some(times) => *times += 1,
            None => return false,
        }
    }
    let fits = |(access, times): (&Access<'_>, usize)| match access.operation.fate() {
        Fate::Ok => times == 1,
        Fate::Fail => times == 0,
        Fate::Unknown => times <= 1,
    };
    accesses.iter().zip(times).all(fits)
}

/// Whether no operation comes after one that was invoked only when it had returned.
pub(super) fn is_in_real_time(accesses: &[Access<'_>], order: &[usize]) -> bool {
    let mut latest_invocation = 0;
    order.iter().all(|&place| {
        let operation = accesses[place].operation;
        latest_invocation = latest_invocation.max(operation.invoked_at());
        operation.returned_at().is_none_or(|returned_at| returned_at >= latest_invocation)
    })
}

/// Whether each operation meets the value it saw.
pub(super) fn is_explained(accesses: &[Access<'_>], initial: &Value, order: &[usize]) -> bool {
    let mut present = initial;
    order.iter().all(|&place| match accesses[place].act {
        Act::Read(value) => value.is_none_or(|value| value == present),
        Act::Write(value) => {
            present = value;
            true
        }
        Act::Cas(old, new) => old == std::mem::replace(&mut present, new),
    })
}
