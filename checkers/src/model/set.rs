//! A set: what was added and not removed is in it.
//!
//! ```text
//! state {1}    contains 1 = [1, true] ──► {1}    remove 1 = [1, true] ──► {}    read = [1] ──► {1}
//!              contains 1 = [1, false] ──► impossible                           read = [] ──► impossible
//! ```
//!
//! An answer is `[element, bool]` or a bare `bool`: of contains whether the element was in it, of remove
//! whether it was and is no more, of add whether it was not and is now. Where add and remove answer anything
//! else, they do not say.

use perjury_histories::Value;

use super::{Call, Mentions, Model, Shape, order, unknown_function};

/// A set: add, remove, contains, read. See the [module](self).
pub struct Set;

impl Model for Set {
    /// What it holds, sorted, nothing twice.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "set"
    }

    fn about(&self) -> &'static str {
        "A set: add, remove and contains answer [element, bool]; read returns all elements."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["add", "remove", "contains", "read"]
    }

    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        let elements = elements(value).ok_or(format!("a set must begin with an array, not with {value}"))?;
        let mut state = elements.to_vec();
        state.sort_by(order::compare);
        state.dedup();
        Ok(state)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match (call.function, call.result) {
            ("add" | "remove", _) | ("contains" | "read", None) => Ok(()),
            ("contains", _) if answer(call).is_some() => Ok(()),
            ("contains", _) => Err("contains must answer [element, true] or [element, false]".to_owned()),
            ("read", Some(result)) if elements(result).is_some() => Ok(()),
            ("read", _) => Err("the result of read must be an array".to_owned()),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        self.step_from(state.clone(), call, next);
    }

    fn step_from(&self, mut state: Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        if call.function == "read" {
            let is_possible = call.result.is_none_or(|result| holds_exactly(&state, result));
            next.extend(is_possible.then_some(state));
            return;
        }
        let place = order::position(&state, call.argument);
        let would_answer = if call.function == "add" { place.is_none() } else { place.is_some() };
        if answer(call).is_some_and(|answer| answer != would_answer) {
            return;
        }
        match (call.function, place) {
            ("add", None) => order::insert(&mut state, call.argument),
            ("remove", Some(place)) => drop(state.remove(place)),
            _ => {}
        }
        next.push(state);
    }

    /// An add of what was there, and a remove of what was not, change nothing either.
    fn is_pure(&self, call: &Call<'_>) -> bool {
        matches!(call.function, "contains" | "read") || answer(call) == Some(false)
    }

    fn part<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        (call.function != "read").then_some(call.argument)
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        match (call.function, call.result) {
            ("read", Some(result)) => elements(result).unwrap_or_default().iter().collect(),
            ("read", None) => Vec::new(),
            (function, _) => {
                let was_there = answer(call).map(|answer| answer == (function != "add"));
                was_there.filter(|was_there| *was_there).map(|_| call.argument).into_iter().collect()
            }
        }
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        (call.function == "add" && answer(call) != Some(false)).then_some(call.argument)
    }

    /// Elements are independent of each other, and a read that did not return an element saw the set as if
    /// there had never been such an element.
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        match call.function {
            "read" => Mentions::Values(self.needs(call)),
            _ => Mentions::Values(vec![call.argument]),
        }
    }

    fn shape(&self) -> Shape {
        Shape::Set
    }

    fn show(&self, state: &Vec<Value>) -> String {
        order::list(state)
    }
}

/// What the call answered, if it did.
pub(crate) fn answer(call: &Call<'_>) -> Option<bool> {
    match call.result? {
        // An add that repeats its argument does not answer.
        Value::Bool(answer) if call.function == "contains" || !call.argument.is_boolean() => Some(*answer),
        Value::Array(pair) => match pair.as_slice() {
            [element, Value::Bool(answer)] if element == call.argument => Some(*answer),
            _ => None,
        },
        _ => None,
    }
}

/// The elements of a set that is written as an array; null is the empty one.
fn elements(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        value => value.as_array().map(Vec::as_slice),
    }
}

/// Whether these are all elements, each of them once.
fn holds_exactly(state: &[Value], read: &Value) -> bool {
    let mut read = elements(read).unwrap_or_default().to_vec();
    read.sort_by(order::compare);
    read == state
}
