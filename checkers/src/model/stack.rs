//! A stack: what was put in last comes out first.
//!
//! ```text
//! state [1, 2]    pop = 2 ──► [1]    pop = 1 ──► impossible    len = 2 ──► [1, 2]
//! state []        pop = null ──► [] (null: it was empty)
//! ```

use perjury_histories::Value;

use super::{Call, Mentions, Model, Shape, bag, order};

/// A stack: push, pop, len. See the [module](self).
pub struct Stack;

impl Model for Stack {
    /// What it holds, the oldest first.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "stack"
    }

    fn about(&self) -> &'static str {
        "A stack: pop takes what was pushed last, null means that it was empty; len counts."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["push", "pop", "len"]
    }

    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        bag::initial(value)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match (call.function, call.result) {
            ("len", Some(result)) if !result.is_u64() => Err("the result of len must be a count".to_owned()),
            ("len", _) => Ok(()),
            _ => bag::check(self, call, "push", "pop"),
        }
    }

    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        self.step_from(state.clone(), call, next);
    }

    fn step_from(&self, mut state: Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        let is_possible = match call.function {
            "push" => {
                state.push(call.argument.clone());
                true
            }
            "pop" => bag::answers(call.result, state.pop().as_ref()),
            _ => call.result.is_none_or(|result| result.as_u64() == Some(state.len() as u64)),
        };
        next.extend(is_possible.then_some(state));
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        call.function == "len" || bag::found_nothing(call, "pop")
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        bag::taken(call, "pop").into_iter().collect()
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        (call.function == "push").then_some(call.argument)
    }

    /// Without one value, all of its pushes and pops, the others come out in the same order; but len counts
    /// them all.
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        match call.function {
            "len" => Mentions::Everything,
            _ => bag::mentions(self.brings(call), call, "pop"),
        }
    }

    fn shape(&self) -> Shape {
        Shape::Stack
    }

    fn show(&self, state: &Vec<Value>) -> String {
        order::list(state)
    }
}
