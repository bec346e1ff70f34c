//! A list to whose end elements are appended, and which is read as a whole.
//!
//! ```text
//! state [1]    append 2 ──► [1, 2]    read = [1] ──► [1]    read = [2] ──► impossible    read = null ──► impossible
//! ```
//!
//! A read of null found a list that nobody touched yet: the empty one.

use perjury_histories::Value;

use super::{Call, Mentions, Model, Shape, order, unknown_function};

/// A list: append, read. See the [module](self).
pub struct ListAppend;

impl Model for ListAppend {
    /// Its elements, the oldest first.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "list-append"
    }

    fn about(&self) -> &'static str {
        "A list: append adds an element to its end, read returns all of them in order."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["append", "read"]
    }

    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        let initial = elements(value).ok_or(format!("a list must begin with an array, not with {value}"))?;
        Ok(initial.to_vec())
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "append" => Ok(()),
            "read" if call.result.is_none_or(|result| elements(result).is_some()) => Ok(()),
            "read" => Err("the result of read must be an array, or null where there is none".to_owned()),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        self.step_from(state.clone(), call, next);
    }

    fn step_from(&self, mut state: Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        let seen = call.result.filter(|_| call.function == "read").and_then(elements);
        if seen.is_some_and(|seen| seen != state) {
            return;
        }
        if call.function == "append" {
            state.push(call.argument.clone());
        }
        next.push(state);
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        call.function == "read"
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        let seen = call.result.filter(|_| call.function == "read").and_then(elements);
        seen.unwrap_or_default().iter().collect()
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        (call.function == "append").then_some(call.argument)
    }

    /// What is appended stays: a read that lacks an element came before it was appended.
    fn observes_absence(&self) -> bool {
        false
    }

    /// Without one value, its appends and the reads that hold it, the others are as they were.
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        Mentions::Values(self.brings(call).map_or_else(|| self.needs(call), |appended| vec![appended]))
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn show(&self, state: &Vec<Value>) -> String {
        order::list(state)
    }
}

/// The elements of a list that is written as an array; null is the empty one.
pub(crate) fn elements(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        value => value.as_array().map(Vec::as_slice),
    }
}
