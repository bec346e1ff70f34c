//! Why a list could not have been read so.

use perjury_histories::{Operation, Value};
use rustc_hash::FxHashSet;

use super::{Evidence, ended, may_precede, precedes};
use crate::model::list_append;
use crate::words;

/// What it had to hold, or could not.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let seen = elements(last)?;
    let mut met = FxHashSet::default();
    let twice = seen.iter().find(|value| !met.insert(*value));
    let twice = twice.filter(|value| appends_of(evidence, value).count() < 2);
    if let Some(value) = twice {
        return Some(format!("{} was appended only once", words::value(value)));
    }
    let is_possible = |value: &Value| appends_of(evidence, value).any(|append| may_precede(append, last));
    let garbage = seen.iter().find(|value| !is_possible(value) && !initial(evidence).contains(value));
    if let Some(value) = garbage {
        return Some(format!("nobody had appended {}", words::value(value)));
    }
    let wrong_order = || other_order(evidence, last, seen).or_else(|| appended_before(evidence, seen));
    lacking(evidence, last, seen).or_else(wrong_order)
}

/// What a read returned.
fn elements<'a>(read: Operation<'a>) -> Option<&'a [Value]> {
    read.result().filter(|_| read.function() == "read").and_then(list_append::elements)
}

fn initial<'a>(evidence: &Evidence<'a>) -> &'a [Value] {
    list_append::elements(evidence.initial).unwrap_or_default()
}

fn appends_of<'a>(evidence: &Evidence<'a>, value: &Value) -> impl Iterator<Item = Operation<'a>> {
    evidence.all("append").filter(move |append| append.argument() == value)
}

/// An element that had been appended, or read, before the read began, and that it lacks.
fn lacking(evidence: &Evidence<'_>, last: Operation<'_>, seen: &[Value]) -> Option<String> {
    let mut appends = evidence.all("append").filter(|append| precedes(*append, last));
    if let Some(append) = appends.find(|append| !seen.contains(append.argument())) {
        let (value, process) = (words::value(append.argument()), append.process());
        return Some(format!("process {process} had appended {value} at {}", ended(append)));
    }
    let mut reads = evidence.all("read").filter(|read| precedes(*read, last));
    reads.find_map(|read| {
        let value = elements(read)?.iter().find(|value| !seen.contains(value))?;
        let (value, process) = (words::value(value), read.process());
        Some(format!("process {process} had already read {value} at {}", ended(read)))
    })
}

/// Another read with the same elements in another order.
fn other_order(evidence: &Evidence<'_>, last: Operation<'_>, seen: &[Value]) -> Option<String> {
    let reads = evidence.all("read").filter(|read| read.invoked_at() != last.invoked_at());
    let mut others = reads.filter_map(|read| Some((read, elements(read)?)));
    let (read, other) = others.find(|(_, other)| !other.starts_with(seen) && !seen.starts_with(other))?;
    let (value, process) = (words::value(&Value::from(other)), read.process());
    Some(format!("process {process} read {value}, and neither is a beginning of the other"))
}

/// An element that had been appended before another was begun to be, and does not stand before it.
fn appended_before(evidence: &Evidence<'_>, seen: &[Value]) -> Option<String> {
    seen.iter().enumerate().find_map(|(place, value)| {
        let append = appends_of(evidence, value).next()?;
        let mut earlier = evidence.all("append").filter(|earlier| precedes(*earlier, append));
        let earlier = earlier.find(|earlier| !seen[..place].contains(earlier.argument()))?;
        let (value, process) = (words::value(earlier.argument()), earlier.process());
        let (other, began) = (words::value(append.argument()), words::moment(append.invocation()));
        let at = ended(earlier);
        Some(format!(
            "process {process} had appended {value} at {at}, and {other} was not begun before {began}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::checker::Context;
    use crate::checker::linearizability::Linearizability;
    use crate::linearizable::named;
    use crate::testing::rejects_in;
    use crate::verdict::AnomalyKind::NotLinearizable;

    /// Each element is met once: compared with all before it, this took a quarter of a minute.
    #[test]
    fn explains_a_long_list_that_nobody_appended() {
        let elements: Vec<u32> = (1..=100_000).collect();
        let text = format!("0:read(x)={elements:?}");
        let context = Context { model: named("list-append"), ..Context::default() };
        let why = rejects_in(&context, &Linearizability, &text, NotLinearizable, &[0]);
        assert!(why.contains("nobody had appended 1"), "{why}");
    }
}
