//! Agreement with the definition, word by word as it stands in the module, on every history of four operations.

use perjury_histories::{Fate, History, Kind, Operation, Value, notation};
use serde_json::json;

use super::{Measures, SetFull, measure};
use crate::checker::{Checker, Context};
use crate::small_histories::{Shape, every_history};

/// What became of the one element that may be added, by comparing every pair of operations.
fn expected(history: &History) -> Measures {
    let one = json!(1);
    let operations: Vec<Operation<'_>> = history.operations().collect();
    let holds =
        |read: &Operation<'_>| read.result().and_then(Value::as_array).is_some_and(|all| all.contains(&one));
    let adds: Vec<&Operation<'_>> = operations.iter().filter(|add| add.function() == "add").collect();
    let reads: Vec<&Operation<'_>> = operations.iter().filter(|read| read.function() == "read").collect();
    let tried = adds.iter().filter(|add| add.fate() != Fate::Fail).map(|add| add.invoked_at()).min();
    let mut measures = Measures::default();
    let ended = |read: &Operation<'_>| read.returned_at().expect("it is ok");
    measures.unexpected =
        usize::from(reads.iter().any(|read| holds(read) && tried.is_none_or(|tried| tried > ended(read))));
    let twice = |read: &&Operation<'_>| read.result() == Some(&json!([1, 1]));
    measures.duplicated = usize::from(reads.iter().copied().any(|read| twice(&read)));
    let Some(tried) = tried else { return measures };
    measures.attempted = 1;
    let acknowledged = adds.iter().filter(|add| add.fate() == Fate::Ok).filter_map(|add| add.returned_at());
    // What returned before it was tried says nothing of it.
    let with = || reads.iter().filter(|read| holds(read) && ended(read) > tried);
    let known = acknowledged.chain(with().map(|read| ended(read))).min();
    let without =
        || reads.iter().filter(|read| !holds(read) && ended(read) > tried).map(|read| read.invoked_at());
    let last_with = with().map(|read| read.invoked_at()).max();
    let is_lost = without().any(|from| Some(from) > last_with && known.is_some_and(|known| from > known));
    let is_stable = last_with.is_some() && without().all(|from| Some(from) < last_with);
    let is_stale = is_stable && without().any(|from| known.is_some_and(|known| from > known));
    measures.lost = usize::from(is_lost);
    measures.stable = usize::from(is_stable);
    measures.stale = usize::from(is_stale);
    measures.never_read = usize::from(!is_lost && !is_stable);
    measures
}

#[test]
fn agrees_with_the_definition() {
    let shapes = [
        Shape::of("add", 1, Kind::Ok),
        Shape::of("add", 1, Kind::Info),
        Shape::of("add", 1, Kind::Fail),
        Shape::giving("read", json!([])),
        Shape::giving("read", json!([1])),
        Shape::giving("read", json!([1, 1])),
    ];
    let mut seen = Measures::default();
    let linear = Context { staleness_ns_max: Some(0), ..Context::default() };
    every_history(&shapes, 4, |history| {
        let Ok(mut measures) = measure(history, &Context::default()) else { return };
        (measures.stable_latency_ns, measures.lost_latency_ns) = (None, None);
        let expected = expected(history);
        let text = || notation::print(history);
        assert_eq!(measures, expected, "{}", text());
        let is_wrong = expected.lost + expected.duplicated + expected.unexpected > 0;
        let verdict = SetFull.check(history, &Context::default());
        assert_eq!(verdict.is_invalid(), is_wrong, "{}: {verdict:?}", text());
        let verdict = SetFull.check(history, &linear);
        assert_eq!(verdict.is_invalid(), is_wrong || expected.stale > 0, "{}: {verdict:?}", text());
        seen.lost += expected.lost;
        seen.stale += expected.stale;
        seen.never_read += expected.never_read;
    });
    assert!(seen.lost > 1000 && seen.stale > 100 && seen.never_read > 1000, "{seen:?}");
}
