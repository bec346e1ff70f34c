//! Why a counter could not have been read so.

use perjury_histories::{Fate, Operation, Value};

use super::{Evidence, may_precede, precedes};

/// Between which bounds it was.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let seen = number(last.result().filter(|_| last.function() == "read")?, 0)?;
    let initial = number(evidence.initial, 0)?;
    let (mut least, mut most) = (initial, initial);
    for operation in evidence.possible().filter(|other| may_precede(*other, last)) {
        let by = change(operation);
        let is_certain = operation.fate() == Fate::Ok && precedes(operation, last);
        least += if is_certain { by } else { by.min(0) };
        most += if is_certain { by } else { by.max(0) };
    }
    match seen {
        seen if seen < least => Some(format!("it was at least {least}")),
        seen if seen > most => Some(format!("it was at most {most}")),
        _ => None,
    }
}

fn change(operation: Operation<'_>) -> i128 {
    let by = number(operation.argument(), 1).unwrap_or(0);
    match operation.function() {
        "add" | "increment" => by,
        "decrement" => -by,
        _ => 0,
    }
}

fn number(value: &Value, null: i128) -> Option<i128> {
    match value {
        Value::Null => Some(null),
        value => value.as_i64().map(i128::from).or(value.as_u64().map(i128::from)),
    }
}
