//! Every fact that a model claims is checked against its steps: all calls of a small universe, in the states
//! that random sequences of them lead to.

use perjury_histories::Value;
use proptest::prelude::*;
use rustc_hash::FxHashSet;
use serde_json::json;

use super::super::*;

/// A call that owns its values.
#[derive(Clone, Debug)]
struct Spoken {
    function: &'static str,
    argument: Value,
    result: Option<Value>,
}

impl Spoken {
    fn call(&self) -> Call<'_> {
        Call { function: self.function, argument: &self.argument, result: self.result.as_ref() }
    }
}

/// Everything that can be said to this model with these arguments and results, null and unknown among them.
fn universe(model: &impl Model, arguments: &[Value], results: &[Value]) -> Vec<Spoken> {
    let arguments = [&[Value::Null], arguments].concat();
    let mut answers = vec![None, Some(Value::Null)];
    answers.extend(results.iter().cloned().map(Some));
    let mut all = Vec::new();
    for &function in model.functions() {
        for argument in &arguments {
            for result in &answers {
                all.push(Spoken { function, argument: argument.clone(), result: result.clone() });
            }
        }
    }
    all.retain(|spoken| model.check(&spoken.call()).is_ok());
    all
}

/// The states after a call, from any of these; in what order does not matter.
fn after<M: Model>(model: &M, states: &FxHashSet<M::State>, call: &Call<'_>) -> FxHashSet<M::State> {
    let mut next = Vec::new();
    states.iter().for_each(|state| model.step(state, call, &mut next));
    next.into_iter().collect()
}

/// The same for a call that may also be absent if its outcome is unknown.
fn perhaps_after<M: Model>(model: &M, states: &FxHashSet<M::State>, call: &Call<'_>) -> FxHashSet<M::State> {
    let mut next = after(model, states, call);
    if call.result.is_none() {
        next.extend(states.iter().cloned());
    }
    next
}

/// A possible sequence of calls, and the states that it may lead to.
struct Walk<'a, M: Model> {
    calls: Vec<Call<'a>>,
    states: FxHashSet<M::State>,
}

/// Takes of the chosen calls, in their order, those that are possible where they come. One in so many is
/// enough: most calls of a universe are impossible in most states.
fn walk<'a, M: Model>(model: &M, universe: &'a [Spoken], initial: &Value, choice: &[usize]) -> Walk<'a, M> {
    let initial = model.initial(initial).expect("an initial value");
    let mut walk = Walk { calls: Vec::new(), states: FxHashSet::from_iter([initial]) };
    for place in choice {
        let call = universe[place % universe.len()].call();
        let next = after(model, &walk.states, &call);
        if !next.is_empty() {
            walk.states = next;
            walk.calls.push(call);
        }
    }
    walk
}

fn is_possible<M: Model>(model: &M, initial: &Value, calls: &[Call<'_>]) -> bool {
    let initial = FxHashSet::from_iter([model.initial(initial).expect("an initial value")]);
    !calls.iter().fold(initial, |states, call| perhaps_after(model, &states, call)).is_empty()
}

/// What a walk shows of the claims about single calls.
fn single_claims_hold<M: Model>(model: &M, universe: &[Spoken], initial: &Value, walk: &Walk<'_, M>) {
    let before = FxHashSet::from_iter([model.initial(initial).expect("an initial value")]);
    for call in universe.iter().map(Spoken::call) {
        let mut possible = FxHashSet::default();
        for state in &walk.states {
            let here = FxHashSet::from_iter([state.clone()]);
            let next = after(model, &here, &call);
            if model.is_pure(&call) {
                assert!(next.is_subset(&here), "pure? {call:?} in {state:?}");
            }
            if model.is_overwrite(&call) {
                assert!(!next.is_empty(), "an overwrite is possible: {call:?} in {state:?}");
                assert_eq!(next, after(model, &before, &call), "an overwrite forgets: {call:?} in {state:?}");
            }
            let mut in_place = Vec::new();
            model.step_from(state.clone(), &call, &mut in_place);
            assert_eq!(next, in_place.into_iter().collect(), "in place: {call:?} in {state:?}");
            possible.extend(next);
        }
        let unknown = Call { result: None, ..call };
        let either = perhaps_after(model, &walk.states, &unknown);
        assert!(possible.is_subset(&either), "without a result more is possible, not less: {call:?}");
        if possible.is_empty() {
            continue;
        }
        for value in model.needs(&call) {
            let is_brought = walk.calls.iter().any(|earlier| model.brings(earlier) == Some(value));
            assert!(is_brought || value == initial, "{call:?} needs {value} after {:?}", walk.calls);
        }
    }
}

/// Calls about different parts do not see each other.
fn parts_are_independent<M: Model>(model: &M, universe: &[Spoken], walk: &Walk<'_, M>) {
    let parts: Vec<(Call<'_>, &Value)> =
        universe.iter().filter_map(|spoken| Some((spoken.call(), model.part(&spoken.call())?))).collect();
    for (left, left_part) in &parts {
        for (right, right_part) in parts.iter().filter(|(_, right_part)| right_part != left_part) {
            for state in &walk.states {
                let here = FxHashSet::from_iter([state.clone()]);
                let there = after(model, &here, right);
                if there.is_empty() {
                    continue;
                }
                let first = after(model, &after(model, &here, left), right);
                assert_eq!(
                    first,
                    after(model, &there, left),
                    "{left:?} ({left_part}), {right:?} ({right_part})"
                );
                assert_eq!(first.is_empty(), after(model, &here, left).is_empty(), "{left:?} {right:?}");
            }
        }
    }
}

/// Whatever mentions a value can be left out.
fn values_can_be_left_out<M: Model>(model: &M, initial: &Value, calls: &[Call<'_>]) {
    let mentions: Vec<Mentions<'_>> = calls.iter().map(|call| model.mentions(call)).collect();
    let all = mentions.iter().flat_map(|mentions| match mentions {
        Mentions::Values(values) => values.clone(),
        Mentions::Everything => Vec::new(),
    });
    for value in all.collect::<FxHashSet<&Value>>() {
        let stays = |mentions: &Mentions<'_>| match mentions {
            Mentions::Values(values) => !values.contains(&value),
            Mentions::Everything => false,
        };
        let rest = calls.iter().zip(&mentions).filter(|(_, mentions)| stays(mentions)).map(|(call, _)| *call);
        let rest: Vec<Call<'_>> = rest.collect();
        assert!(is_possible(model, initial, &rest), "without {value}: {rest:?} of {calls:?}");
    }
}

/// What brings a value can be left out together with all that needs it, and what they bring in turn.
fn observers_can_be_left_out<M: Model>(model: &M, initial: &Value, calls: &[Call<'_>]) {
    for first in calls {
        let mut gone: Vec<&Value> = model.brings(first).into_iter().collect();
        let mut rest = calls.to_vec();
        loop {
            let before = rest.len();
            let is_out =
                |call: &Call<'_>| call == first || model.needs(call).iter().any(|value| gone.contains(value));
            let (out, stay): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_out);
            gone.extend(out.iter().filter_map(|call| model.brings(call)));
            rest = stay;
            if rest.len() == before {
                break;
            }
        }
        assert!(is_possible(model, initial, &rest), "without {first:?}: {rest:?} of {calls:?}");
    }
}

/// The state of a register is the value that was brought last.
fn one_value_is_held<M: Model>(model: &M, universe: &[Spoken], initial: &Value, walk: &Walk<'_, M>) {
    let last = walk.calls.iter().rev().find_map(|call| model.brings(call)).unwrap_or(initial);
    let held = FxHashSet::from_iter([model.initial(last).expect("a state")]);
    assert_eq!(walk.states, held, "{:?}", walk.calls);
    for call in universe.iter().map(Spoken::call) {
        let is_possible = !after(model, &walk.states, &call).is_empty();
        assert!(
            !is_possible || model.needs(&call).iter().all(|value| *value == last),
            "{call:?} after {last}"
        );
    }
}

/// Checks all claims of a model.
fn claims_hold<M: Model>(model: &M, initials: &[Value], arguments: &[Value], results: &[Value]) {
    let universe = universe(model, arguments, results);
    let functions: FxHashSet<&str> = universe.iter().map(|spoken| spoken.function).collect();
    assert_eq!(functions.len(), model.functions().len(), "every function is tried");
    let choice = prop::collection::vec(0..universe.len(), 0..60);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
    let test = |(initial, choice): (Value, Vec<usize>)| {
        let walk = walk(model, &universe, &initial, &choice);
        single_claims_hold(model, &universe, &initial, &walk);
        parts_are_independent(model, &universe, &walk);
        values_can_be_left_out(model, &initial, &walk.calls);
        if !model.observes_absence() {
            observers_can_be_left_out(model, &initial, &walk.calls);
        }
        if model.shape() == Shape::Register {
            assert!(!model.observes_absence(), "it follows");
            one_value_is_held(model, &universe, &initial, &walk);
        }
        Ok(())
    };
    let strategy = (prop::sample::select(initials.to_vec()), choice);
    runner.run(&strategy, test).unwrap_or_else(|error| panic!("{}: {error}", model.name()));
}

fn values(values: &Value) -> Vec<Value> {
    values.as_array().expect("an array").clone()
}

/// Some small values.
fn few() -> Vec<Value> {
    values(&json!([1, 2, 3]))
}

#[test]
fn register_claims_hold() {
    claims_hold(&register::Register, &[json!(null), json!(1)], &few(), &few());
}

#[test]
fn cas_register_claims_hold() {
    let arguments = values(&json!([1, 2, [1, 2], [2, 1], [2, 3], [2, 2], [null, 1]]));
    claims_hold(&cas_register::CasRegister, &[json!(null), json!(1)], &arguments, &few());
}

#[test]
fn multi_register_claims_hold() {
    let arguments = values(&json!([
        [["read", "x", null]],
        [["write", "x", 1]],
        [["write", "y", 2], ["read", "y", null]],
        [["write", "x", null], ["read", "y", null]],
        [["read", "y", null], ["write", "y", 1]],
        []
    ]));
    let results = values(&json!([
        [["read", "x", 1]],
        [["read", "x", null]],
        [["write", "x", 1]],
        [["write", "y", 2], ["read", "y", 2]],
        [["write", "x", null], ["read", "y", 1]],
        [["read", "y", null], ["write", "y", 1]],
        [["read", "y", 2], ["write", "y", 1]],
        []
    ]));
    let initials = [json!(null), json!({"x": 0, "y": 2})];
    claims_hold(&multi_register::MultiRegister, &initials, &arguments, &results);
}

#[test]
fn kv_append_claims_hold() {
    let strings = values(&json!(["", "a", "b", "ab", "ba"]));
    claims_hold(&kv_append::KvAppend, &[json!(null), json!("a")], &strings, &strings);
}

#[test]
fn list_append_claims_hold() {
    let lists = values(&json!([[], [1], [2], [1, 2], [2, 1], [1, 1], [1, 2, 3]]));
    claims_hold(&list_append::ListAppend, &[json!(null), json!([])], &few(), &lists);
}

#[test]
fn mutex_claims_hold() {
    claims_hold(&mutex::Mutex, &[json!(null), json!(true)], &[], &[]);
}

#[test]
fn fifo_queue_claims_hold() {
    claims_hold(&fifo_queue::FifoQueue, &[json!(null)], &few(), &few());
}

#[test]
fn unordered_queue_claims_hold() {
    claims_hold(&unordered_queue::UnorderedQueue, &[json!(null)], &few(), &few());
}

#[test]
fn stack_claims_hold() {
    claims_hold(&stack::Stack, &[json!(null)], &few(), &few());
}

#[test]
fn priority_queue_claims_hold() {
    let numbers = values(&json!([1, 1.0, 2]));
    claims_hold(&priority_queue::PriorityQueue, &[json!(null)], &numbers, &numbers);
}

#[test]
fn set_claims_hold() {
    let results = values(&json!([[1, true], [1, false], [2, true], [2, false], true, false, [1], [2, 1]]));
    claims_hold(&set::Set, &[json!(null)], &values(&json!([1, 2])), &results);
}

#[test]
fn counter_claims_hold() {
    let numbers = values(&json!([-1, 0, 1, 2]));
    claims_hold(&counter::Counter, &[json!(null), json!(1)], &numbers, &numbers);
}

#[test]
fn nondeterministic_register_claims_hold() {
    let lists = values(&json!([[], [1], [2], [1, 2], [2, 3, 1]]));
    claims_hold(&nondeterministic_register::NondeterministicRegister, &[json!(null)], &lists, &lists);
}
