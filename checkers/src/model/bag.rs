//! What queues, stacks and priority queues have in common: values go in, and come out once each.

use perjury_histories::Value;

use super::{Call, Mentions, Model, unknown_function};

/// The values held at first: null, or an array.
pub(super) fn initial(value: &Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) if !values.contains(&Value::Null) => Ok(values.clone()),
        other => Err(format!("it must begin with an array of values, not with {other}")),
    }
}

/// Null cannot be put in: coming out, it means that there was nothing.
pub(super) fn check(model: &impl Model, call: &Call<'_>, put: &str, take: &str) -> Result<(), String> {
    match call.function {
        function if function == put && call.argument.is_null() => {
            Err(format!("{put} of null, which as an answer means empty"))
        }
        function if function == put || function == take => Ok(()),
        _ => Err(unknown_function(model, call)),
    }
}

/// Whether a take may have answered so where this was next (none: it was empty).
pub(super) fn answers(result: Option<&Value>, next: Option<&Value>) -> bool {
    result.is_none_or(|result| result == next.unwrap_or(&Value::Null))
}

/// Whether the call is a take that found it empty, which changes nothing.
pub(super) fn found_nothing(call: &Call<'_>, take: &str) -> bool {
    call.function == take && call.result.is_some_and(Value::is_null)
}

/// The value that the call took out, if that is known.
pub(super) fn taken<'a>(call: &Call<'a>, take: &str) -> Option<&'a Value> {
    call.result.filter(|result| call.function == take && !result.is_null())
}

/// The value that went in or came out. A take of unknown outcome mentions none: where it took what is left
/// out, it is left out too, as one that never happened.
pub(super) fn mentions<'a>(put: Option<&'a Value>, call: &Call<'a>, take: &str) -> Mentions<'a> {
    Mentions::Values(put.or(taken(call, take)).into_iter().collect())
}
