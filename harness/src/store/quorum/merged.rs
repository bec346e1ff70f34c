//! Sets in a store that keeps siblings: the client merges them.
//!
//! ```text
//! add x 7   get x: [1, 4] and [1, 5], with a context ── put x [1, 4, 5, 7] over that context
//! read x    get x: [1, 4] and [1, 5] ── [1, 4, 5]
//! ```

use std::collections::BTreeSet;

use perjury_histories::{Value, Version};
use perjury_store::client::Answer;
use perjury_store::quorum::message::{Operation, Response};

use super::client::{QuorumClient, integers, reply};
use super::level::pair;
use crate::store::{decode, encode};
use crate::system::{Call, Reply};

/// What a read of a set has returned.
struct Seen {
    elements: BTreeSet<String>,
    context: Vec<u8>,
    version: Option<Version>,
}

impl QuorumClient {
    /// Adds to a set, or reads it.
    pub(super) async fn merge(&mut self, call: &Call) -> Reply {
        let (Some(key), "add" | "read") = (&call.key, call.function) else {
            return Reply::fail(format!("siblings hold sets, and no {} of {}", call.function, call.value));
        };
        let (key, (write, read)) = (key.to_string(), pair(&call.level));
        let answer = self.call(call, Operation::Get { key: key.clone() }, read).await;
        let node = self.name_of(&answer);
        let seen = match seen(answer) {
            Ok(seen) => seen,
            Err(why) => return Reply { node, ..Reply::fail(why) },
        };
        if call.function == "read" {
            return Reply { node, ..Reply::ok(array(seen.elements), seen.version) };
        }
        let mut elements = seen.elements;
        elements.insert(call.value.to_string());
        let value = Some(encode(&array(elements)));
        let update = Operation::Update { key, value, context: seen.context };
        let answer = self.call(call, update, write).await;
        Reply { node: self.name_of(&answer), ..reply(call, answer) }
    }
}

/// All that the siblings hold which a read has returned, each element once.
fn seen(answer: Answer) -> Result<Seen, String> {
    match answer.outcome {
        Response::Siblings { values, context, version } => {
            let values = values.iter().flatten().map(|value| decode(value));
            let elements = values.flat_map(|value| value.as_array().cloned().unwrap_or_default());
            let elements = elements.map(|element| element.to_string()).collect();
            Ok(Seen { elements, context, version: version.map(integers) })
        }
        Response::Refused(refusal) => Err(refusal.to_string()),
        other => Err(format!("not siblings: {other:?}")),
    }
}

/// The array of these elements, numbers in their order.
fn array(elements: BTreeSet<String>) -> Value {
    let mut elements: Vec<String> = elements.into_iter().collect();
    elements.sort_by_key(String::len);
    elements.iter().map(|element| decode(element.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(values: &[Value]) -> Result<Seen, String> {
        let values = values.iter().map(|value| Some(encode(value))).chain([None]).collect();
        let outcome = Response::Siblings { values, context: vec![7], version: None };
        seen(Answer { node: 0, outcome, guarantee_ended: None })
    }

    #[test]
    fn siblings_are_merged_by_their_elements() {
        let seen = read(&[json!([1, 14]), json!([1, 5])]).expect("siblings");
        assert_eq!((array(seen.elements), seen.context), (json!([1, 5, 14]), vec![7]));
        assert_eq!(read(&[]).map(|seen| array(seen.elements)), Ok(json!([])));
    }

    #[test]
    fn a_read_that_was_not_answered_adds_nothing() {
        let outcome = Response::Unknown("late".to_owned());
        assert!(seen(Answer { node: 0, outcome, guarantee_ended: None }).is_err());
    }
}
