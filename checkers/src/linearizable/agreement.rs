//! Agreement with the definition: every small history, against every order of every choice of operations.
//!
//! Histories that differ only in the order of invocations with no return between them, or of returns with no
//! invocation between them, are the same to the definition; one of each kind is tried. Likewise nothing
//! is tried that the definition does not look at: which process did what.

use std::sync::LazyLock;

use perjury_histories::Value;
use serde_json::json;

use super::problem::NEVER;
use super::pruning::Prunings;
use super::search::search_with;
use super::{Op, Outcome, Problem};
use crate::checker::Limits;
use crate::model::cas_register::CasRegister;
use crate::model::oracle::is_linearizable;
use crate::model::{Call, Model};

/// Every call on a register with compare-and-set of the values 0 and 1, with its result if it has one. A cas
/// that sets the value it expects is a read to the register, and is left out.
static CALLS: LazyLock<Vec<(&'static str, Value, Option<Value>)>> = LazyLock::new(|| {
    let mut calls = Vec::new();
    for value in [0, 1] {
        calls.push(("read", Value::Null, Some(json!(value))));
        for (function, argument) in [("write", json!(value)), ("cas", json!([value, 1 - value]))] {
            calls.push((function, argument.clone(), Some(argument.clone())));
            calls.push((function, argument, None));
        }
    }
    calls
});

/// The history so far, and what is needed to go on.
struct Histories<'v> {
    problem: Problem<'static>,
    operations: usize,
    open_max: usize,
    position: u32,
    visit: &'v mut dyn FnMut(&Problem<'_>),
}

/// The last event: which call was invoked, or which operation returned.
#[derive(Clone, Copy)]
enum Last {
    Invoked(usize),
    Returned(usize),
}

impl Histories<'_> {
    /// Goes on in every way, and visits every history that is complete.
    fn extend(&mut self, last: Last) {
        let begun = self.problem.ops.len();
        let returns = |op: &Op| self.problem.calls[op.call as usize].result.is_some();
        let is_open = |op: &Op| op.returned == NEVER && returns(op);
        let open: Vec<usize> = (0..begun).filter(|op| is_open(&self.problem.ops[*op])).collect();
        if begun == self.operations && open.is_empty() {
            return (self.visit)(&self.problem);
        }
        self.position += 1;
        let least = if let Last::Invoked(call) = last { call } else { 0 };
        let calls = if begun < self.operations { least..self.problem.calls.len() } else { 0..0 };
        for call in calls {
            if open.len() < self.open_max || self.problem.calls[call].result.is_none() {
                self.problem.ops.push(Op { invoked: self.position, returned: NEVER, call: call as u32 });
                self.extend(Last::Invoked(call));
                self.problem.ops.pop();
            }
        }
        let least = if let Last::Returned(op) = last { op } else { 0 };
        for op in open.into_iter().filter(|op| *op >= least) {
            self.problem.ops[op].returned = self.position;
            self.extend(Last::Returned(op));
            self.problem.ops[op].returned = NEVER;
        }
        self.position -= 1;
    }
}

/// Visits every history of so many operations, with so many open at most at any time.
fn all_histories(operations: usize, open_max: usize, visit: &mut dyn FnMut(&Problem<'_>)) {
    let calls =
        CALLS.iter().map(|(function, argument, result)| Call { function, argument, result: result.as_ref() });
    let problem = Problem { ops: Vec::new(), calls: calls.collect() };
    Histories { problem, operations, open_max, position: 0, visit }.extend(Last::Returned(0));
}

/// Whether this order explains the problem.
fn proves(problem: &Problem<'_>, order: &[u32]) -> bool {
    let mut state = json!(0);
    let is_possible = order.iter().enumerate().all(|(place, op)| {
        let op = &problem.ops[*op as usize];
        let mut next = Vec::new();
        CasRegister.step(&state, problem.call(op), &mut next);
        next.pop().inspect(|next| state = next.clone()).is_some()
            && order[place..].iter().all(|later| op.invoked <= problem.ops[*later as usize].returned)
    });
    let count = |place| order.iter().filter(|op| **op == place).count();
    let is_complete = (0..)
        .zip(&problem.ops)
        .all(|(place, op)| count(place) == 1 || count(place) == 0 && op.is_indeterminate());
    is_possible && is_complete
}

/// Asserts that search and definition agree; whether there is an order.
fn agree(problem: &Problem<'_>, prunings: &Prunings) -> bool {
    let answer = search_with(&CasRegister, problem, &json!(0), &Limits::default(), prunings);
    let is_found = match &answer.outcome {
        Outcome::Order(order) => {
            assert!(proves(problem, order), "{order:?} is no proof: {}", show(problem));
            true
        }
        Outcome::Impossible(_) => false,
        Outcome::GaveUp(gave_up) => panic!("{gave_up:?}: {}", show(problem)),
    };
    let expected = is_linearizable(&CasRegister, problem, &json!(0));
    assert_eq!(is_found, expected, "{prunings:?}: {}", show(problem));
    expected
}

fn show(problem: &Problem<'_>) -> String {
    let show = |op: &Op| {
        let Call { function, argument, result } = problem.call(op);
        format!("{function} {argument} = {result:?} from {} to {}", op.invoked, op.returned)
    };
    problem.ops.iter().map(show).collect::<Vec<String>>().join("; ")
}

/// How many histories have an order, and how many have none.
fn check_all(operations: usize, open_max: usize) -> [usize; 2] {
    let mut counts = [0; 2];
    all_histories(operations, open_max, &mut |problem| {
        counts[usize::from(!agree(problem, &Prunings::ALL))] += 1;
    });
    counts
}

#[test]
fn agrees_with_the_definition_on_all_histories_of_up_to_three() {
    for operations in 1..=3 {
        for prunings in Prunings::each_alone().chain(Prunings::all_but_one()).chain([Prunings::NONE]) {
            all_histories(operations, operations, &mut |problem| {
                agree(problem, &prunings);
            });
        }
    }
}

#[test]
fn agrees_with_the_definition_on_all_histories_of_four() {
    assert_eq!(check_all(4, 4), [17_995, 17_165]);
}

/// With at most three open at any time.
#[test]
#[ignore = "takes half a minute"]
fn agrees_with_the_definition_on_all_histories_of_five() {
    assert_eq!(check_all(5, 3), [389_999, 426_531]);
}
