//! A counter: it holds the sum of what was added.
//!
//! ```text
//! state 3    add 2 ──► 5    increment ──► 4    decrement ──► 2    read = 3 ──► 3    read = 2 ──► impossible
//! ```

use perjury_histories::Value;

use super::{Call, Model, Shape, unknown_function};

/// A counter: add, increment, decrement, read. See the [module](self).
pub struct Counter;

impl Model for Counter {
    /// Wide enough for the sum of as many 64-bit numbers as fit into memory.
    type State = i128;

    fn name(&self) -> &'static str {
        "counter"
    }

    fn about(&self) -> &'static str {
        "A counter: add n (which may be negative), increment and decrement (by one, or by n), read."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["add", "increment", "decrement", "read"]
    }

    fn initial(&self, value: &Value) -> Result<i128, String> {
        count(value, 0).ok_or(format!("a counter must begin with an integer, not with {value}"))
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "add" if call.argument.is_null() => Err("add without a number".to_owned()),
            "add" | "increment" | "decrement" if count(call.argument, 1).is_none() => {
                Err(format!("the value of {} must be an integer", call.function))
            }
            "add" | "increment" | "decrement" => Ok(()),
            "read" if call.result.is_none_or(|result| count(result, 0).is_some()) => Ok(()),
            "read" => Err("the result of read must be an integer".to_owned()),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &i128, call: &Call<'_>, next: &mut Vec<i128>) {
        match (change(call), call.result) {
            (None, Some(result)) if count(result, 0) != Some(*state) => {}
            (change, _) => next.push(state + change.unwrap_or(0)),
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        change(call).is_none_or(|change| change == 0)
    }

    fn shape(&self) -> Shape {
        Shape::Counter
    }
}

/// By how much the call changes the counter; none for a read.
fn change(call: &Call<'_>) -> Option<i128> {
    match call.function {
        "add" | "increment" => count(call.argument, 1),
        "decrement" => count(call.argument, 1).map(|by| -by),
        _ => None,
    }
}

/// The integer that a value stands for, and what null stands for.
fn count(value: &Value, null: i128) -> Option<i128> {
    match value {
        Value::Null => Some(null),
        value => value.as_i64().map(i128::from).or(value.as_u64().map(i128::from)),
    }
}
