//! For tests: what is listed is proof by itself, whatever came of the operations of unknown outcome that are not.
//!
//! Random small histories of every model, against the definition.

use std::collections::BTreeSet;

use perjury_histories::{Event, Fate, History, Kind, Process, Value, notation};
use serde_json::json;

use super::Linearizability;
use crate::checker::{Checker, Context};
use crate::linearizable::{AnyModel, Problem, named};
use crate::model::{self, Call, Mentions, Model, Shape, oracle};
use crate::testing::Random;
use crate::verdict::Verdict;

/// Of so many histories each core must be the smallest. Among many more there are some, one in 100,000, of which
/// the last operation is listed with an answer that nobody needs.
const SMALLEST_AMONG: u64 = 2_000;

/// An operation that may be invoked, and what it may answer.
struct Sample {
    function: &'static str,
    argument: Value,
    results: Vec<Value>,
}

fn gives(function: &'static str, argument: Value) -> Sample {
    Sample { function, results: vec![argument.clone()], argument }
}

fn asks(function: &'static str, results: Value) -> Sample {
    let results = results.as_array().expect("a list").clone();
    Sample { function, argument: Value::Null, results }
}

fn all_of(function: &'static str, arguments: Value) -> impl Iterator<Item = Sample> {
    arguments.as_array().expect("a list").clone().into_iter().map(move |argument| gives(function, argument))
}

/// An operation that is open.
struct Open {
    sample: usize,
    is_unknown: bool,
    /// What it answers, once it took effect; none if it could not.
    effect: Option<Option<Value>>,
}

/// A history of so many operations of three clients, mostly as a right object answers.
fn random_history<M: Model>(model: &M, samples: &[Sample], random: &mut Random, count: u64) -> History {
    let mut state = model.initial(&Value::Null).expect("an initial state");
    let mut clients: [(u64, Option<Open>); 3] = [(0, None), (1, None), (2, None)];
    let is_unique = random.below(2) == 0;
    let (mut used, mut invoked, mut events) = (vec![false; samples.len()], 0, Vec::new());
    while invoked < count || clients.iter().any(|(_, open)| open.is_some()) {
        let (process, open) = &mut clients[random.below(3) as usize];
        let sample = open.as_ref().map_or(random.below(samples.len() as u64) as usize, |open| open.sample);
        let Sample { function, argument, results } = &samples[sample];
        let is_put = !argument.is_null() && results.as_slice() == std::slice::from_ref(argument);
        let mut event = Event::new(events.len() as u64, Process::Client(*process), Kind::Invoke, *function);
        event.value = argument.clone();
        match open {
            None if invoked == count || (is_unique && used[sample] && is_put) => {}
            None => {
                (used[sample], invoked) = (true, invoked + 1);
                events.push(event);
                *open = Some(Open { sample, is_unknown: random.below(10) < 3, effect: None });
            }
            Some(Open { is_unknown, effect: effect @ None, .. }) => {
                let first = random.below(results.len() as u64) as usize;
                let all = results[first..].iter().chain(&results[..first]);
                let mut possible = all.filter_map(|result| {
                    let mut next = Vec::new();
                    model.step(&state, &Call { function, argument, result: Some(result) }, &mut next);
                    next.into_iter().next().map(|next| (result.clone(), next))
                });
                let is_without = *is_unknown && random.below(2) == 0;
                let took = if is_without { None } else { possible.next() };
                *effect = Some(took.map(|(result, next)| {
                    state = next;
                    result
                }));
            }
            Some(Open { is_unknown, effect: Some(result), .. }) => {
                let wrong = (random.below(6) == 0)
                    .then(|| results[random.below(results.len() as u64) as usize].clone());
                let result = wrong.or(result.take()).filter(|_| !*is_unknown);
                event.kind = if result.is_some() { Kind::Ok } else { Kind::Info };
                event.value = result.unwrap_or(Value::Null);
                if event.kind == Kind::Info {
                    *process += 3;
                }
                if event.kind == Kind::Ok || random.below(2) == 0 {
                    events.push(event);
                }
                *open = None;
            }
        }
    }
    History::new(events).expect("well formed")
}

fn until(history: &History, end: u64) -> History {
    let events = history.to_events().into_iter().filter(|event| event.index <= end);
    History::new(events).expect("the beginning of a history")
}

/// Judges this history, and asserts that what is listed is a proof and has nothing in it that it does not need.
/// Whether it is invalid.
fn lists_the_smallest_proof<M: Model>(model: &M, any: &'static dyn AnyModel, history: &History) -> bool {
    lists_a_proof(model, any, history, true)
}

/// The same; in rare histories it may have something in it that it does not need.
fn lists_a_proof<M: Model>(
    model: &M,
    any: &'static dyn AnyModel,
    history: &History,
    is_smallest: bool,
) -> bool {
    let is_linearizable =
        |history: &History| oracle::is_linearizable(model, &Problem::of(history.operations()), &Value::Null);
    let context = Context { model: Some(any), may_be_unread: true, ..Context::default() };
    let verdict = Linearizability.check(history, &context);
    assert_eq!(verdict.is_valid(), is_linearizable(history), "{}: {verdict:?}", notation::print(history));
    let Verdict::Invalid(anomalies) = verdict else { return false };
    let unknown: Vec<u64> = history
        .operations()
        .filter(|operation| operation.fate() == Fate::Unknown)
        .map(|operation| operation.index())
        .collect();
    let listed: Vec<u64> = anomalies[0].operations.clone();
    let with_unknown = |listed: &[u64]| {
        let is_kept = |index: u64| listed.contains(&index) || unknown.contains(&index);
        let indices: Vec<u64> = history
            .operations()
            .filter(|operation| is_kept(operation.index()))
            .flat_map(|operation| {
                [Some(operation.invocation().index), operation.completion().map(|end| end.index)]
            })
            .flatten()
            .collect();
        history.restrict(|event| indices.contains(&event.index))
    };
    let proof = with_unknown(&listed);
    let told = || format!("{}: {listed:?}: {}", notation::print(history), anomalies[0].explanation);
    assert!(!is_linearizable(&proof), "no proof: {}", told());
    let known: Vec<(u64, Call<'_>)> = proof
        .operations()
        .filter(|operation| operation.fate() == Fate::Ok)
        .map(|operation| (operation.index(), Call::of(&operation)))
        .collect();
    let without = |(index, call): &(u64, Call<'_>)| -> Option<Vec<u64>> {
        let mentions = match (model.is_pure(call), model.mentions(call)) {
            (true, _) => Vec::new(),
            (false, Mentions::Everything) => return None,
            (false, Mentions::Values(values)) => values,
        };
        let shares = |other: &Call<'_>| match model.mentions(other) {
            Mentions::Everything => !mentions.is_empty(),
            Mentions::Values(values) => values.iter().any(|value| mentions.contains(value)),
        };
        let stay = known.iter().filter(|(other, call)| other != index && !shares(call));
        Some(stay.map(|(index, _)| *index).collect())
    };
    let is_smallest_until = |end: u64| {
        let fails = |listed: &[u64]| !is_linearizable(&until(&with_unknown(listed), end));
        fails(&listed) && known.iter().filter_map(without).all(|rest| !fails(&rest))
    };
    // Where a value is put twice, less would fail too, for want of the other put: that proves nothing.
    if matches!(model.shape(), Shape::FifoQueue | Shape::UnorderedQueue | Shape::Stack | Shape::PriorityQueue)
        && puts_twice(history)
        || !is_smallest
    {
        return true;
    }
    let mut ends = proof.events().map(|event| event.index).collect::<Vec<u64>>();
    ends.reverse();
    assert!(ends.into_iter().any(is_smallest_until), "not all is needed: {}", told());
    true
}

/// Whether something is put in twice.
fn puts_twice(history: &History) -> bool {
    let puts = || history.operations().filter(|operation| !operation.argument().is_null());
    let distinct: BTreeSet<_> = puts().map(|put| put.argument_id()).collect();
    distinct.len() < puts().count()
}

fn holds_for<M: Model>(model: &M, samples: impl IntoIterator<Item = Sample>, histories: u64) {
    let samples: Vec<Sample> = samples.into_iter().collect();
    let any = named(Model::name(model)).expect("a model of ours");
    let mut random = Random(histories);
    let mut invalid = 0;
    for _ in 0..histories {
        let count = 3 + random.below(5);
        let history = random_history(model, &samples, &mut random, count);
        invalid += u64::from(match histories {
            0..=SMALLEST_AMONG => lists_the_smallest_proof(model, any, &history),
            _ => lists_a_proof(model, any, &history, false),
        });
    }
    assert!(invalid * 20 > histories, "{}: only {invalid} are invalid", Model::name(model));
}

fn holds_for_every_model(histories: u64) {
    let taken = || json!([null, 1, 2, 3, 4]);
    let container =
        |put, take| all_of(put, json!([1, 2, 3, 4])).chain((0..4).map(move |_| asks(take, taken())));
    let registers = || all_of("write", json!([1, 2, 3])).chain((0..4).map(move |_| asks("read", taken())));
    holds_for(&model::register::Register, registers(), histories);
    let cas = all_of("cas", json!([[1, 2], [2, 1], [null, 3], [3, 4]]));
    holds_for(&model::cas_register::CasRegister, registers().chain(cas), histories);
    let lock = || [asks("acquire", json!([null])), asks("release", json!([null]))];
    holds_for(&model::mutex::Mutex, lock(), histories);
    holds_for(&model::fifo_queue::FifoQueue, container("enqueue", "dequeue"), histories);
    holds_for(&model::unordered_queue::UnorderedQueue, container("enqueue", "dequeue"), histories);
    let len = || asks("len", json!([0, 1, 2, 3]));
    holds_for(&model::stack::Stack, container("push", "pop").chain([len()]), histories);
    holds_for(&model::stack::Stack, container("push", "pop"), histories);
    holds_for(&model::priority_queue::PriorityQueue, container("insert", "poll"), histories);
    let answers = |function: &'static str, element: i32| Sample {
        function,
        argument: json!(element),
        results: vec![json!(null), json!([element, true]), json!([element, false])],
    };
    let contains = |element: i32| Sample {
        function: "contains",
        argument: json!(element),
        results: vec![json!([element, true]), json!([element, false])],
    };
    let elements = || {
        (1..3)
            .flat_map(move |element| [answers("add", element), answers("remove", element), contains(element)])
    };
    holds_for(&model::set::Set, elements(), histories);
    let reads = || asks("read", json!([[], [1], [2], [1, 2]]));
    holds_for(&model::set::Set, elements().chain([reads(), reads()]), histories);
    let counts = all_of("add", json!([1, 2, -1]))
        .chain([asks("read", json!([0, 1, 2, 3])), asks("read", json!([0, 1, 2, 3]))]);
    holds_for(&model::counter::Counter, counts, histories);
    let texts = all_of("append", json!(["a", "b"])).chain(all_of("put", json!(["a", "b"])));
    let gets = (0..4).map(|_| asks("get", json!([null, "a", "b", "ab", "ba"])));
    holds_for(&model::kv_append::KvAppend, texts.chain(gets), histories);
    let lists = (0..4).map(|_| asks("read", json!([null, [1], [2], [1, 2], [2, 1], [1, 2, 3], [3], [1, 3]])));
    holds_for(&model::list_append::ListAppend, all_of("append", json!([1, 2, 3])).chain(lists), histories);
    let txn = |argument: Value, results: Value| Sample {
        function: "txn",
        argument,
        results: results.as_array().expect("a list").clone(),
    };
    let both = |x: Value, y: Value| json!([["read", "x", x], ["read", "y", y]]);
    let reads = || {
        txn(
            both(json!(null), json!(null)),
            json!([
                both(json!(null), json!(null)),
                both(json!(1), json!(null)),
                both(json!(1), json!(2)),
                both(json!(2), json!(2)),
                both(json!(null), json!(2))
            ]),
        )
    };
    let writes = json!([[["write", "x", 1]], [["write", "y", 2]], [["write", "x", 2], ["write", "y", 2]]]);
    holds_for(
        &model::multi_register::MultiRegister,
        all_of("txn", writes).chain([reads(), reads()]),
        histories,
    );
    let puts = all_of("put-any", json!([[1], [1, 2]]));
    let gets = [asks("get-any", json!([[], [1], [2]])), asks("get-all", json!([[], [1], [2], [1, 2]]))];
    holds_for(&model::nondeterministic_register::NondeterministicRegister, puts.chain(gets), histories);
}

#[test]
fn lists_a_proof_for_every_model() {
    holds_for_every_model(SMALLEST_AMONG);
}

#[test]
#[ignore = "some minutes"]
fn lists_a_proof_for_every_model_in_many_histories() {
    holds_for_every_model(60_000);
}

/// The take of unknown outcome may have taken 1 before the queue was found empty, if nobody took it later.
#[test]
fn lists_the_later_take_that_leaves_nothing_to_one_of_unknown_outcome() {
    for (put, take) in [("enqueue", "dequeue"), ("push", "pop"), ("insert", "poll")] {
        let text = |last| format!("0:{put}(_,1) 3:{take}():info 1:{take}()=null 2:{take}()={last}");
        crate::testing::accepts(&Linearizability, &text("null"));
        let kind = crate::verdict::AnomalyKind::NotLinearizable;
        crate::testing::rejects(&Linearizability, &text("1"), kind, &[0, 2, 4, 6]);
    }
}

/// Once the operations of a cut core do not fail with their true ends, they must not be given them: the push of 2,
/// which came after the length that shows the fault, would be missing.
#[test]
fn lists_a_proof_where_a_cut_core_does_not_join_its_ends() {
    let text = "1:push(_,3)? 0:pop()? 2:pop()? 0:ok=3 0:len()? 1:ok 0:ok=2 1:push(_,2)? 0:push(_,4)? 2:ok=2";
    let history = notation::parse(text).expect("a history");
    let stack = named("stack").expect("a model");
    assert!(lists_the_smallest_proof(&model::stack::Stack, stack, &history));
}
