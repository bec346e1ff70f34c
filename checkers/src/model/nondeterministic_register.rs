//! A register that keeps some of what it is given, and tells some of what it has.
//!
//! ```text
//! state {}        put-any [1, 2] ──► {} or {1} or {2} or {1, 2}
//! state {1, 2}    get-any = [2] ──► {1, 2}    get-all = [2] ──► impossible
//! ```
//!
//! It shows that a model may leave a choice: one step, several states.

use perjury_histories::Value;

use super::{Call, Model, order, unknown_function};

/// The most values that one put-any may have: each subset of them is a state.
const VALUES_MAX: usize = 10;

/// A register of subsets: put-any, get-any, get-all. See the [module](self).
pub struct NondeterministicRegister;

impl Model for NondeterministicRegister {
    /// What it holds, sorted, nothing twice.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "nondeterministic-register"
    }

    fn about(&self) -> &'static str {
        "Any subset of what was put last: get-any returns some of it, get-all the whole."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["put-any", "get-any", "get-all"]
    }

    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        list(value).ok_or(format!("the register must begin with an array, not with {value}"))
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "put-any" => match list(call.argument) {
                None => Err("the value of put-any must be an array".to_owned()),
                Some(values) if values.len() > VALUES_MAX => {
                    Err(format!("put-any of more than {VALUES_MAX} values"))
                }
                Some(_) => Ok(()),
            },
            "get-any" | "get-all" if call.result.is_none_or(|result| list(result).is_some()) => Ok(()),
            "get-any" | "get-all" => Err(format!("the result of {} must be an array", call.function)),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        let seen = call.result.and_then(list);
        match (call.function, seen) {
            ("put-any", _) => subsets(&list(call.argument).unwrap_or_default(), next),
            ("get-any", Some(some)) if !some.iter().all(|value| state.contains(value)) => {}
            ("get-all", Some(all)) if all != *state => {}
            _ => next.push(state.clone()),
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        call.function != "put-any"
    }

    fn show(&self, state: &Vec<Value>) -> String {
        order::list(state)
    }
}

/// The distinct values of an array, sorted; null is the empty one.
fn list(value: &Value) -> Option<Vec<Value>> {
    let mut values = match value {
        Value::Null => Vec::new(),
        value => value.as_array()?.clone(),
    };
    values.sort_by(order::compare);
    values.dedup();
    Some(values)
}

/// Every choice of these values.
fn subsets(values: &[Value], all: &mut Vec<Vec<Value>>) {
    for choice in 0..1_u32 << values.len() {
        let chosen = values.iter().enumerate().filter(|(place, _)| choice & 1 << place != 0);
        all.push(chosen.map(|(_, value)| value.clone()).collect());
    }
}
