//! For tests: the definition, tried on every small history.

use perjury_histories::{Fate, History, Kind, Operation, Value};
use serde_json::json;

use super::Append;
use crate::checker::{Checker, Context};
use crate::small_histories::{Shape, every_history};
use crate::verdict::Verdict;

fn elements(read: &Operation<'_>) -> Vec<Value> {
    read.result().and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Whether nothing is in a read that should not be, as often.
fn holds_what_it_may(read: &Operation<'_>, appends: &[Operation<'_>]) -> bool {
    let seen = elements(read);
    seen.iter().all(|value| {
        let times = seen.iter().filter(|other| *other == value).count();
        let is_possible = |append: &&Operation<'_>| {
            append.argument() == value
                && append.fate() != Fate::Fail
                && Some(append.invoked_at()) < read.returned_at()
        };
        times <= appends.iter().filter(is_possible).count()
    })
}

/// Whether the first of these had returned, and has this element, or appended it.
fn makes_known(earlier: &Operation<'_>, read: &Operation<'_>, value: &Value) -> bool {
    let has = match earlier.function() {
        "append" => earlier.argument() == value && earlier.fate() == Fate::Ok,
        _ => elements(earlier).contains(value),
    };
    has && earlier.returned_at().is_some_and(|end| end < read.invoked_at())
}

fn is_right(history: &History) -> bool {
    let all: Vec<Operation<'_>> = history.operations().collect();
    let (appends, reads): (Vec<Operation<'_>>, Vec<Operation<'_>>) =
        all.iter().partition(|operation| operation.function() == "append");
    let is_beginning = |one: &Operation<'_>, other: &Operation<'_>| {
        elements(one).starts_with(&elements(other)) || elements(other).starts_with(&elements(one))
    };
    let is_complete = |read: &Operation<'_>| {
        [json!(1), json!(2)].iter().all(|value| {
            elements(read).contains(value) || !all.iter().any(|earlier| makes_known(earlier, read, value))
        })
    };
    reads.iter().all(|read| {
        holds_what_it_may(read, &appends)
            && reads.iter().all(|other| is_beginning(read, other))
            && (!read.is_final() || is_complete(read))
    })
}

#[test]
fn agrees_with_the_definition() {
    let read = |seen: Value, is_final| Shape { is_final, ..Shape::giving("read", seen) };
    let shapes = [
        Shape::of("append", 1, Kind::Ok),
        Shape::of("append", 1, Kind::Fail),
        Shape::of("append", 2, Kind::Ok),
        Shape::of("append", 2, Kind::Info),
        read(json!([1]), false),
        read(json!([1, 2]), false),
        read(json!([2, 1]), true),
        read(json!([1]), true),
    ];
    let mut counts = [0; 3];
    every_history(&shapes, 4, |history| {
        let verdict = Append.check(history, &Context::default());
        let text = || perjury_histories::notation::print(history);
        match &verdict {
            Verdict::Valid(_) => assert!(is_right(history), "{}", text()),
            Verdict::Invalid(_) => assert!(!is_right(history), "{}: {verdict:?}", text()),
            Verdict::Unknown(_) => assert!(is_right(history), "{}", text()),
        }
        counts[usize::from(verdict.is_invalid()) + 2 * usize::from(verdict.is_unknown())] += 1;
    });
    assert!(counts.iter().all(|count| *count > 1_000), "{counts:?}");
}
