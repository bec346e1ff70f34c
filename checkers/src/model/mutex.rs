//! A lock that one holds at a time.
//!
//! ```text
//! free    acquire ──► held    release ──► impossible
//! held    release ──► free    acquire ──► impossible
//! ```
//!
//! Whoever holds it, anybody may release it, as in Knossos: the history does not say whose lock it is. An
//! attempt that did not get the lock answers `fail`.

use perjury_histories::Value;

use super::{Call, Model, Shape, unknown_function};

/// A lock: acquire, release. See the [module](self).
pub struct Mutex;

impl Model for Mutex {
    /// Whether it is held.
    type State = bool;

    fn name(&self) -> &'static str {
        "mutex"
    }

    fn about(&self) -> &'static str {
        "A lock: acquire succeeds only while it is free, release only while it is held."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["acquire", "release"]
    }

    fn initial(&self, value: &Value) -> Result<bool, String> {
        match value {
            Value::Null => Ok(false),
            Value::Bool(is_held) => Ok(*is_held),
            other => Err(format!("a mutex must begin with true (held) or false (free), not with {other}")),
        }
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "acquire" | "release" => Ok(()),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, is_held: &bool, call: &Call<'_>, next: &mut Vec<bool>) {
        let is_acquired = call.function == "acquire";
        next.extend((*is_held != is_acquired).then_some(is_acquired));
    }

    fn shape(&self) -> Shape {
        Shape::Mutex
    }

    fn show(&self, is_held: &bool) -> String {
        if *is_held { "held" } else { "free" }.to_owned()
    }
}
