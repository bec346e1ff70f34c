//! Agreement with the definition: small histories against every order of every choice of operations.

use perjury_histories::{Event, History, Kind, Process, Value, notation};
use proptest::prelude::*;

use super::Linearizability;
use crate::access::{Access, Accesses, Act};
use crate::checker::{Checker, Context};
use crate::linearizable::Problem;
use crate::model::cas_register::CasRegister;
use crate::model::oracle;
use crate::observation;
use crate::verdict::Verdict;

/// How an operation ends, and what it is: everything but its place in time.
#[derive(Clone, Copy, Debug)]
struct Shape {
    function: &'static str,
    value: i64,
    /// Of a cas, the new value.
    new: i64,
    kind: Kind,
}

/// A history of these operations, each by its own process. `moments` names the operations, each twice: at its
/// invocation and at its return.
fn history_of(shapes: &[Shape], moments: &[usize]) -> History {
    let mut is_begun = vec![false; shapes.len()];
    let mut events = Vec::new();
    for (index, &place) in (0..).zip(moments) {
        let Shape { function, value, new, kind } = shapes[place];
        let is_begin = !std::mem::replace(&mut is_begun[place], true);
        let kind = if is_begin { Kind::Invoke } else { kind };
        let mut event = Event::new(index, Process::Client(place as u64), kind, function);
        event.value = match function {
            "read" if kind != Kind::Ok || value == 0 => Value::Null,
            "cas" => serde_json::json!([number(value), number(new)]),
            _ => number(value),
        };
        events.push(event);
    }
    History::new(events).expect("well formed")
}

/// Null is the initial value, and so 0 stands for it.
fn number(value: i64) -> Value {
    if value == 0 { Value::Null } else { Value::from(value) }
}

/// The definition: some order of everything that is ok and some of what is unknown explains the history.
fn is_linearizable(history: &History) -> bool {
    oracle::is_linearizable(&CasRegister, &Problem::of(history.operations()), &Value::Null)
}

/// Asserts that checker and definition agree, and that the core of an invalid history is proof and smallest.
fn agree(history: &History) -> Result<(), TestCaseError> {
    let expected = is_linearizable(history);
    let verdict = Linearizability.check(history, &Context::default());
    let is_told = observation::why_nothing(history).is_none();
    prop_assert_eq!(verdict.is_valid(), expected && is_told, "{:?}", verdict);
    prop_assert_eq!(verdict.is_invalid(), !expected, "{:?}", verdict);
    let Verdict::Invalid(anomalies) = verdict else { return Ok(()) };
    let shown = &anomalies[0].operations;
    let core = history.restrict(|event| shown.contains(&event.index));
    prop_assert!(!is_linearizable(&core), "the core is no proof: {:?}", anomalies);
    let ends = || core.events().map(|event| event.index);
    prop_assert!(ends().any(|end| is_smallest(&until(&core, end))), "not all is needed: {:?}", anomalies);
    Ok(())
}

/// The beginning of a history, with its last event. What was invoked later is no part of a core's proof.
fn until(history: &History, end: u64) -> History {
    let events = history.to_events().into_iter().filter(|event| event.index <= end);
    History::new(events).expect("the beginning of a history")
}

/// Whether a history has no order, and would have one without any single operation. What others observe is left
/// out together with them, and so it cannot be left out alone.
fn is_smallest(core: &History) -> bool {
    let accesses = Accesses::of(core, &Value::Null).expect("registers");
    let is_needed = |access: &Access<'_>| {
        let observes = |other: &Access<'_>| match other.act {
            Act::Read(value) => value == access.written(),
            Act::Write(_) | Act::Change => false,
            Act::Cas(old, _) => Some(old) == access.written(),
        };
        let is_observed = !access.is_read() && accesses.iter().any(observes);
        is_observed || is_linearizable(&core.restrict(|event| event.index != access.index()))
    };
    !is_linearizable(core) && accesses.iter().all(is_needed)
}

/// Every way in which the beginnings and ends of so many operations interleave: each operation is named twice,
/// and they begin in the order of their names.
fn interleavings(operations: usize) -> Vec<Vec<usize>> {
    fn extend(begun: usize, open: &[usize], so_far: &[usize], operations: usize, all: &mut Vec<Vec<usize>>) {
        if begun == operations && open.is_empty() {
            all.push(so_far.to_vec());
            return;
        }
        if begun < operations {
            extend(begun + 1, &[open, &[begun]].concat(), &[so_far, &[begun]].concat(), operations, all);
        }
        for &place in open {
            let rest: Vec<usize> = open.iter().copied().filter(|other| *other != place).collect();
            extend(begun, &rest, &[so_far, &[place]].concat(), operations, all);
        }
    }
    let mut all = Vec::new();
    extend(0, &[], &[], operations, &mut all);
    all
}

fn shape(function: &'static str, value: i64, new: i64, kind: Kind) -> Shape {
    Shape { function, value, new, kind }
}

fn all_histories(shapes: &[Shape], operations: usize) {
    let all = interleavings(operations);
    let mut choice = vec![0; operations];
    loop {
        let chosen: Vec<Shape> = choice.iter().map(|&number: &usize| shapes[number]).collect();
        for moments in &all {
            let history = history_of(&chosen, moments);
            agree(&history).unwrap_or_else(|error| panic!("{}: {error}", notation::print(&history)));
        }
        // The next choice, counting up.
        let Some(place) = choice.iter().rposition(|number| number + 1 < shapes.len()) else { return };
        choice[place] += 1;
        choice[place + 1..].fill(0);
    }
}

#[test]
fn agrees_with_the_definition_on_all_histories_of_three() {
    let mut shapes = vec![shape("read", 2, 0, Kind::Ok), shape("write", 2, 0, Kind::Info)];
    for value in 0..2 {
        shapes.push(shape("read", value, 0, Kind::Ok));
        shapes.push(shape("write", value, 0, Kind::Ok));
        shapes.push(shape("write", value, 0, Kind::Info));
        shapes.push(shape("cas", value, 1 - value, Kind::Ok));
        shapes.push(shape("cas", value, 2, Kind::Info));
    }
    all_histories(&shapes, 3);
}

#[test]
fn agrees_with_the_definition_on_all_histories_of_four() {
    let shapes = [
        shape("read", 0, 0, Kind::Ok),
        shape("read", 1, 0, Kind::Ok),
        shape("read", 2, 0, Kind::Ok),
        shape("write", 1, 0, Kind::Ok),
        shape("cas", 0, 1, Kind::Ok),
        shape("write", 2, 0, Kind::Info),
        shape("cas", 1, 2, Kind::Info),
    ];
    all_histories(&shapes, 4);
}

/// What the operations see when each takes effect at its beginning (early) or at its end, and those that
/// failed not at all.
fn with_effects(mut shapes: Vec<Shape>, moments: &[usize], is_early: &[bool]) -> Vec<Shape> {
    let mut is_begun = vec![false; shapes.len()];
    let mut present = 0;
    for &place in moments {
        let is_begin = !std::mem::replace(&mut is_begun[place], true);
        let shape = &mut shapes[place];
        if is_begin != is_early[place] || shape.kind == Kind::Fail {
            continue;
        }
        match shape.function {
            "read" => shape.value = present,
            "write" => present = shape.value,
            _ => (shape.value, present) = (present, shape.new),
        }
    }
    shapes
}

/// Five to eight operations of any kind and fate, interleaved in any way: half of them with what a correct
/// register returns, half of them with one value that may be wrong.
fn histories() -> impl Strategy<Value = History> {
    let function = prop_oneof![Just("read"), Just("read"), Just("write"), Just("cas")];
    let kind = prop_oneof![4 => Just(Kind::Ok), 1 => Just(Kind::Info), 1 => Just(Kind::Fail)];
    let shape = (function, 0..4_i64, 0..4_i64, kind);
    let shape = shape.prop_map(|(function, value, new, kind)| Shape { function, value, new, kind });
    prop::collection::vec(shape, 5..=8).prop_flat_map(|shapes| {
        let operations = shapes.len();
        let moments: Vec<usize> = (0..operations).flat_map(|place| [place, place]).collect();
        let is_early = prop::collection::vec(any::<bool>(), operations);
        let wrong = prop::option::of((0..operations, 0..4_i64));
        let parts = (Just(moments).prop_shuffle(), is_early, wrong);
        parts.prop_map(move |(moments, is_early, wrong)| {
            let mut shapes = with_effects(shapes.clone(), &moments, &is_early);
            if let Some((place, value)) = wrong {
                shapes[place].value = value;
            }
            history_of(&shapes, &moments)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_definition(history in histories()) {
        agree(&history)?;
    }
}
