//! A register with compare-and-set.
//!
//! ```text
//! state 1    cas [1, 2] ──► 2    cas [3, 4] ──► impossible (had it found 1, it would have failed)
//! ```
//!
//! A cas that found another value answers `fail` and is no step at all: it says nothing of the value that it
//! met, because it may also have failed for reasons of its own.

use perjury_histories::Value;

use super::register::{Register, written};
use super::{Call, Model, Shape, unknown_function};

/// A value that is read, written, deleted and compared-and-set. See the [module](self).
pub struct CasRegister;

impl Model for CasRegister {
    type State = Value;

    fn name(&self) -> &'static str {
        "cas-register"
    }

    fn about(&self) -> &'static str {
        "One value: write, read, delete, and cas [old, new], which replaces old by new."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["read", "write", "delete", "cas"]
    }

    fn initial(&self, value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "cas" if change(call).is_none() => Err("the value of a cas must be [old, new]".to_owned()),
            "cas" => Ok(()),
            function if self.functions().contains(&function) => Register.check(call),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &Value, call: &Call<'_>, next: &mut Vec<Value>) {
        match change(call) {
            Some((old, new)) => next.extend((old == state).then(|| new.clone())),
            None => Register.step(state, call, next),
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        match change(call) {
            Some((old, new)) => old == new,
            None => Register.is_pure(call),
        }
    }

    fn is_overwrite(&self, call: &Call<'_>) -> bool {
        written(call).is_some()
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        match change(call) {
            Some((old, _)) => vec![old],
            None => Register.needs(call),
        }
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        match change(call) {
            Some((old, new)) => (old != new).then_some(new),
            None => written(call),
        }
    }

    fn observes_absence(&self) -> bool {
        false
    }

    fn shape(&self) -> Shape {
        Shape::Register
    }

    fn show(&self, state: &Value) -> String {
        state.to_string()
    }
}

/// What a cas compares with, and what it sets.
fn change<'a>(call: &Call<'a>) -> Option<(&'a Value, &'a Value)> {
    match call.argument.as_array().map(Vec::as_slice) {
        Some([old, new]) if call.function == "cas" => Some((old, new)),
        _ => None,
    }
}
