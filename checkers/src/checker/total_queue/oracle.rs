//! Agreement with the definition, on every history of four operations.

use perjury_histories::{Fate, History, Kind, Operation, Value, notation};
use serde_json::json;

use super::TotalQueue;
use crate::checker::{Checker, Context};
use crate::small_histories::{Shape, every_history};

/// Some matching explains everything that came out, and all that was owed but for what takes of unknown outcome
/// may have taken.
fn is_explained(history: &History) -> bool {
    let operations: Vec<Operation<'_>> = history.operations().collect();
    let is_take = |operation: &Operation<'_>| matches!(operation.function(), "dequeue" | "drain");
    let ok_takes = || operations.iter().filter(|take| is_take(take) && take.fate() == Fate::Ok);
    let out = ok_takes().flat_map(|take| {
        let values = match take.result() {
            Some(Value::Array(values)) => values.clone(),
            None | Some(Value::Null) => Vec::new(),
            Some(value) => vec![value.clone()],
        };
        values.into_iter().map(|value| (value, take.returned_at().expect("it is ok")))
    });
    let out: Vec<(Value, usize)> = out.collect();
    let is_empty = |take: &&Operation<'_>| take.function() == "drain" || take.result() == Some(&Value::Null);
    let emptied = ok_takes().filter(is_empty).map(|take| take.invoked_at()).max();
    let unsure = operations.iter().filter(|take| is_take(take) && take.fate() == Fate::Unknown);
    let excuses = unsure.map(|take| if take.function() == "drain" { 99 } else { 1 }).sum();
    let puts = operations.iter().filter(|put| put.function() == "enqueue" && put.fate() != Fate::Fail);
    let puts: Vec<(&Operation<'_>, bool)> = puts
        .map(|put| {
            (put, put.fate() == Fate::Ok && emptied.is_some_and(|from| put.returned_at() < Some(from)))
        })
        .collect();
    matches(&out, &puts, excuses)
}

/// Whether each of these that came out can be given an enqueue of its own, so that few enough owed ones are over.
fn matches(out: &[(Value, usize)], puts: &[(&Operation<'_>, bool)], excuses: usize) -> bool {
    let Some(((value, by), out)) = out.split_first() else {
        return puts.iter().filter(|(_, is_owed)| *is_owed).count() <= excuses;
    };
    (0..puts.len()).any(|place| {
        let put = puts[place].0;
        let rest = [&puts[..place], &puts[place + 1..]].concat();
        put.argument() == value && put.invoked_at() < *by && matches(out, &rest, excuses)
    })
}

fn agree(shapes: &[Shape], operations: usize) -> usize {
    let mut invalid = 0;
    every_history(shapes, operations, |history| {
        let verdict = TotalQueue.check(history, &Context::default());
        let expected = is_explained(history);
        invalid += usize::from(!expected);
        assert_eq!(verdict.is_invalid(), !expected, "{}: {verdict:?}", notation::print(history));
    });
    invalid
}

#[test]
fn agrees_with_the_definition() {
    let repeated = [
        Shape::of("enqueue", 1, Kind::Ok),
        Shape::of("enqueue", 1, Kind::Info),
        Shape::giving("dequeue", 1),
        Shape::of("dequeue", Value::Null, Kind::Info),
        Shape::giving("drain", json!([])),
    ];
    assert!(agree(&repeated, 4) > 1000);
    let others = [
        Shape::of("enqueue", 2, Kind::Ok),
        Shape::of("enqueue", 2, Kind::Fail),
        Shape::giving("dequeue", Value::Null),
        Shape::giving("drain", json!([1, 2])),
        Shape::of("drain", Value::Null, Kind::Info),
    ];
    assert!(agree(&[&repeated[..], &others[..]].concat(), 3) > 1000);
}
