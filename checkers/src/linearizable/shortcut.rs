//! Which problems the special cases decide, told in the words that these know.

use std::cmp::Ordering;

use perjury_histories::Value;

use super::problem::{NEVER, Problem};
use super::special::{self, Answer, container, list, priority_queue, queue, register, set, stack};
use crate::model::order;
use crate::model::set::answer;
use crate::model::{Call, Shape};
use crate::numbering::Numbering;

/// Positions of events in their lowest bits are all that a special case can take.
const POSITIONS_MAX: u32 = 1 << 29;

/// What a special case says of this problem; not applicable, if none decides it. Operations are named by their
/// places in the problem.
pub(crate) fn linearize(shape: Shape, problem: &Problem<'_>, initial: &Value) -> Answer {
    let is_empty = initial.is_null() || initial.as_array().is_some_and(Vec::is_empty);
    match shape {
        _ if problem.ops.last().is_some_and(|op| op.invoked >= POSITIONS_MAX) => {
            Answer::NotApplicable("too many events")
        }
        Shape::Register => of_register(problem, initial),
        Shape::FifoQueue if is_empty => of_container(problem, queue::linearize),
        Shape::Stack if is_empty => of_container(problem, stack::linearize),
        Shape::PriorityQueue if is_empty => of_priority_queue(problem),
        Shape::Set if is_empty => of_set(problem),
        Shape::List if is_empty => of_list(problem),
        _ => Answer::NotApplicable("the general search decides"),
    }
}

fn of_register(problem: &Problem<'_>, initial: &Value) -> Answer {
    let mut ids = Ids::of(problem);
    let initial = ids.number(initial);
    let calls: Vec<Option<register::Call>> =
        problem.calls.iter().map(|call| register_call(call, &mut ids)).collect();
    solve(problem, &calls, |operations| register::linearize(operations, initial))
}

/// None for a read of unknown result.
fn register_call<'a>(call: &Call<'a>, ids: &mut Ids<'a>) -> Option<register::Call> {
    Some(match (call.function, call.argument.as_array().map(Vec::as_slice)) {
        ("read", _) => register::Call::Read(ids.number(call.result?)),
        ("cas", Some([old, new])) => register::Call::Cas(ids.number(old), ids.number(new)),
        ("delete", _) => register::Call::Write(ids.number(&Value::Null)),
        _ => register::Call::Write(ids.number(call.argument)),
    })
}

fn of_container(
    problem: &Problem<'_>,
    linearize: impl FnOnce(&[special::Operation<container::Call>]) -> Answer,
) -> Answer {
    let mut ids = Ids::of(problem);
    match container_calls(problem, &mut ids) {
        Some(calls) => solve(problem, &calls, linearize),
        None => Answer::NotApplicable("something was counted"),
    }
}

/// The larger a number, the higher its priority; equally large ones, such as 1 and 1.0, have the same.
fn of_priority_queue(problem: &Problem<'_>) -> Answer {
    let mut ids = Ids::of(problem);
    let Some(calls) = container_calls(problem, &mut ids) else {
        return Answer::NotApplicable("something was counted");
    };
    let mut by_size: Vec<(&Value, u32)> = ids.0.values().zip(0..).collect();
    by_size.sort_unstable_by(|(left, _), (right, _)| order::compare(left, right));
    let mut priorities = vec![0; by_size.len()];
    let mut priority = 0;
    for (place, (value, id)) in by_size.iter().enumerate() {
        let is_larger = place > 0 && !is_as_large(by_size[place - 1].0, value);
        priority += u32::from(is_larger);
        priorities[*id as usize] = priority;
    }
    let priority = |id: u32| priorities[id as usize];
    solve(problem, &calls, |operations| priority_queue::linearize(operations, priority))
}

fn is_as_large(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order::by_size(left, right) == Ordering::Equal,
        _ => left == right,
    }
}

/// None where there is a call that is no put and no take.
fn container_calls<'a>(problem: &Problem<'a>, ids: &mut Ids<'a>) -> Option<Vec<Option<container::Call>>> {
    let call = |call: &Call<'a>| match (call.function, call.result) {
        ("enqueue" | "push" | "insert", _) => Some(Some(container::Call::Put(ids.number(call.argument)))),
        ("dequeue" | "pop" | "poll", None) => Some(Some(container::Call::TakeUnknown)),
        ("dequeue" | "pop" | "poll", Some(Value::Null)) => Some(Some(container::Call::TakeEmpty)),
        ("dequeue" | "pop" | "poll", Some(taken)) => Some(Some(container::Call::Take(ids.number(taken)))),
        _ => None,
    };
    problem.calls.iter().map(call).collect()
}

/// Each element is decided by itself, unless the whole was read.
fn of_set<'a>(problem: &Problem<'a>) -> Answer {
    let mut ids = Ids::of(problem);
    let call = |call: &Call<'a>| {
        let element = ids.number(call.argument);
        match (call.function, answer(call)) {
            ("add", answer) => Some(Some(set::Call::Add(element, answer))),
            ("remove", answer) => Some(Some(set::Call::Remove(element, answer))),
            ("contains", Some(answer)) => Some(Some(set::Call::Contains(element, answer))),
            ("contains", None) => Some(None),
            _ => None,
        }
    };
    match problem.calls.iter().map(call).collect::<Option<Vec<_>>>() {
        Some(calls) => solve(problem, &calls, set::linearize),
        None => Answer::NotApplicable("the whole set was read"),
    }
}

/// What reads returned is numbered once for each distinct answer.
fn of_list<'a>(problem: &Problem<'a>) -> Answer {
    let mut ids = Ids::of(problem);
    let mut numbers = |call: &Call<'a>| -> Vec<u32> {
        let seen = call.result.and_then(Value::as_array).filter(|_| call.function == "read");
        let told = if call.function == "append" { std::slice::from_ref(call.argument) } else { &[] };
        seen.into_iter().flatten().chain(told).map(|value| ids.number(value)).collect()
    };
    let numbers: Vec<Vec<u32>> = problem.calls.iter().map(&mut numbers).collect();
    let mut calls: Vec<Option<list::Call<'_>>> = Vec::with_capacity(numbers.len());
    for (call, numbers) in problem.calls.iter().zip(&numbers) {
        calls.push(match (call.function, call.result) {
            ("append", _) => numbers.first().map(|appended| list::Call::Append(*appended)),
            (_, result) => result.map(|_| list::Call::Read(numbers)),
        });
    }
    solve(problem, &calls, list::linearize)
}

/// Solves the problem of the operations whose calls are known, and names them by their places again.
fn solve<C: Copy>(
    problem: &Problem<'_>,
    calls: &[Option<C>],
    linearize: impl FnOnce(&[special::Operation<C>]) -> Answer,
) -> Answer {
    let (mut places, mut operations) = (Vec::new(), Vec::new());
    for (place, op) in (0..).zip(&problem.ops) {
        let Some(call) = calls[op.call as usize] else { continue };
        // A completion without an invocation has but one position: doubled, it begins before it ends.
        let returned = if op.returned == NEVER { special::NEVER } else { 2 * op.returned + 1 };
        places.push(place);
        operations.push(special::Operation { invoked: 2 * op.invoked, returned, call });
    }
    let back = |found: Vec<u32>| found.into_iter().map(|place| places[place as usize]).collect();
    match linearize(&operations) {
        Answer::Order(order) => Answer::Order(back(order)),
        Answer::Impossible(core) => Answer::Impossible(back(core)),
        Answer::NotApplicable(why) => Answer::NotApplicable(why),
    }
}

/// Equal values have equal numbers.
struct Ids<'a>(Numbering<'a>);

impl<'a> Ids<'a> {
    /// No value yet; integers as they are written one after the other will not be hashed.
    fn of(problem: &Problem<'_>) -> Ids<'a> {
        Ids(Numbering::with_table(2 * problem.calls.len() + 1024))
    }

    fn number(&mut self, value: &'a Value) -> u32 {
        self.0.number(value) as u32
    }
}
