//! Why a register could not have been read so.

use perjury_histories::{Operation, Value};

use super::{Evidence, ended, precedes};
use crate::words;

/// What had happened that contradicts this read or cas.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let seen = observed(last)?;
    let mut writes = evidence.possible().filter(|write| write.invoked_at() != last.invoked_at());
    let writers: Vec<_> = writes.clone().filter(|write| written(*write) == Some(seen)).collect();
    if seen != evidence.initial && writers.is_empty() {
        return Some(format!("nobody had written {}", words::value(seen)));
    }
    let is_newer = |write: &Operation<'_>| {
        precedes(*write, last) && written(*write).is_some_and(|written| written != seen)
    };
    let newer = writes.by_ref().filter(is_newer).max_by_key(|write| write.returned_at())?;
    let verb = if newer.function() == "cas" { "cas to" } else { "write of" };
    let (value, process) = (words::value(written(newer)?), newer.process());
    let after = match writers.iter().all(|writer| precedes(*writer, newer)) {
        true => format!(" and nothing wrote {} after it", words::value(seen)),
        false => String::new(),
    };
    Some(format!("the {verb} {value} by process {process} had completed at {}{after}", ended(newer)))
}

/// The value that it wrote, if it took effect.
fn written<'a>(operation: Operation<'a>) -> Option<&'a Value> {
    match operation.function() {
        "write" => Some(operation.argument()),
        "delete" => Some(&Value::Null),
        "cas" => operation.argument().get(1),
        _ => None,
    }
}

/// The value that it found.
fn observed<'a>(operation: Operation<'a>) -> Option<&'a Value> {
    match operation.function() {
        "read" => operation.result(),
        "cas" => operation.argument().get(0),
        _ => None,
    }
}
