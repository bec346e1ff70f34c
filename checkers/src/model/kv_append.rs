//! The value of one key in a store of strings, as in Porcupine's key-value model.
//!
//! ```text
//! state "a"    append "b" ──► "ab"    put "c" ──► "c"    get = "a" ──► "a"    get = "b" ──► impossible
//! ```
//!
//! An untouched key holds the empty string; a get of null found it so.

use perjury_histories::Value;

use super::{Call, Model, unknown_function};

/// A string that is put, appended to and got. See the [module](self).
pub struct KvAppend;

impl Model for KvAppend {
    type State = String;

    fn name(&self) -> &'static str {
        "kv-append"
    }

    fn about(&self) -> &'static str {
        "A string per key: put, append, get; at first it is empty."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["get", "put", "append"]
    }

    fn initial(&self, value: &Value) -> Result<String, String> {
        Ok(text(value).ok_or(format!("the value must begin as a string, not as {value}"))?.to_owned())
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "put" | "append" if call.argument.is_string() => Ok(()),
            "put" | "append" => Err(format!("the value of {} must be a string", call.function)),
            "get" if call.result.is_none_or(|result| text(result).is_some()) => Ok(()),
            "get" => Err("the result of get must be a string, or null where there is none".to_owned()),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &String, call: &Call<'_>, next: &mut Vec<String>) {
        let argument = call.argument.as_str().unwrap_or_default();
        match (call.function, call.result) {
            ("put", _) => next.push(argument.to_owned()),
            ("append", _) => next.push(format!("{state}{argument}")),
            (_, Some(result)) if text(result) != Some(state) => {}
            _ => next.push(state.clone()),
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        call.function == "get" || (call.function == "append" && call.argument == "")
    }

    fn is_overwrite(&self, call: &Call<'_>) -> bool {
        call.function == "put"
    }
}

/// The string that a value stands for.
fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Null => Some(""),
        value => value.as_str(),
    }
}
