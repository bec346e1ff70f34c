//! In plain words, why the operations of a core have no order.

use perjury_histories::Value;

use crate::access::{Access, Act};
use crate::words;

/// The most telling thing first, where there is one; then all operations with their times.
pub(super) fn explain(core: &[Access<'_>], initial: &Value) -> String {
    let all: Vec<String> = core.iter().map(|access| words::deed_during(access.operation)).collect();
    let all = all.join("; ");
    let order = match core.len() {
        1 => format!("no moment suits this operation: {all}"),
        many => format!("no order explains these {many} operations: {all}"),
    };
    let observer = core.iter().filter(|access| access.observed().is_some());
    match observer.max_by_key(|access| access.operation.returned_at()) {
        Some(last) => match headline(core, last, initial) {
            Some(headline) => format!("{headline}; {order}"),
            None => order,
        },
        None => order,
    }
}

/// What is wrong with what this operation saw.
fn headline(core: &[Access<'_>], last: &Access<'_>, initial: &Value) -> Option<String> {
    let seen = last.observed()?;
    let deed = words::deed(last.operation);
    let writes = || core.iter().filter(|access| access.is_write() && access.index() != last.index());
    if seen != initial && !writes().any(|write| write.written() == Some(seen)) {
        return Some(format!("{deed}, although nobody had written {}", words::value(seen)));
    }
    let before = writes().filter(|write| {
        let returned_at = write.operation.returned_at();
        returned_at.is_some_and(|returned_at| returned_at < last.operation.invoked_at())
            && write.written() != Some(seen)
    });
    let newer = before.max_by_key(|write| write.operation.returned_at())?;
    let completed = words::moment(newer.operation.completion()?);
    let (verb, process) =
        (if matches!(newer.act, Act::Cas(..)) { "cas to" } else { "write of" }, newer.operation.process());
    let value = words::value(newer.written()?);
    Some(format!("{deed}, although the {verb} {value} by process {process} had completed at {completed}"))
}
