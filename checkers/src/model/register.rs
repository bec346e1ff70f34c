//! A register: it holds one value.
//!
//! ```text
//! state 1    write 2 ──► 2    delete ──► null    read = 1 ──► 1    read = 2 ──► impossible
//! ```

use perjury_histories::Value;

use super::{Call, Model, Shape, unknown_function};

/// What a delete writes.
static NOTHING: Value = Value::Null;

/// A value that is read, written and deleted. See the [module](self).
pub struct Register;

impl Model for Register {
    type State = Value;

    fn name(&self) -> &'static str {
        "register"
    }

    fn about(&self) -> &'static str {
        "One value: write, read; delete writes null."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["read", "write", "delete"]
    }

    fn initial(&self, value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "read" if is_of_a_key(call) => Err(format!(
                "a read of {} that returned its first half with something else: the values look like keys with \
                 their values (Jepsen's independent keys), and no register holds these; name the key in `key`",
                call.argument
            )),
            "read" | "write" | "delete" => Ok(()),
            _ => Err(unknown_function(self, call)),
        }
    }

    fn step(&self, state: &Value, call: &Call<'_>, next: &mut Vec<Value>) {
        match (written(call), call.result) {
            (Some(value), _) => next.push(value.clone()),
            (None, Some(result)) if result != state => {}
            (None, _) => next.push(state.clone()),
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        written(call).is_none()
    }

    fn is_overwrite(&self, call: &Call<'_>) -> bool {
        written(call).is_some()
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        match written(call) {
            Some(_) => Vec::new(),
            None => call.result.into_iter().collect(),
        }
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        written(call)
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

/// What the call leaves behind whatever it meets: a write's value, null for a delete.
pub(super) fn written<'a>(call: &Call<'a>) -> Option<&'a Value> {
    match call.function {
        "write" => Some(call.argument),
        "delete" => Some(&NOTHING),
        _ => None,
    }
}
/// Whether the read asks for `[key, null]` and gets `[key, value]`.
fn is_of_a_key(call: &Call<'_>) -> bool {
    let pair = |value: &'_ Value| match value.as_array().map(Vec::as_slice) {
        Some([key, value]) => Some((key.clone(), value.is_null())),
        _ => None,
    };
    let (asked, got) = (pair(call.argument), call.result.and_then(pair));
    matches!((asked, got), (Some((asked, true)), Some((got, false))) if asked == got)
}
