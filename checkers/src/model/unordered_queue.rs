//! A queue without order: a dequeue takes any of the values in it.
//!
//! ```text
//! state {1, 2}    dequeue = 1 ──► {2}    dequeue = 2 ──► {1}    dequeue = null ──► impossible
//! ```

use perjury_histories::Value;

use super::{Call, Mentions, Model, Shape, bag, order};

/// A bag of values: enqueue, dequeue. See the [module](self).
pub struct UnorderedQueue;

impl Model for UnorderedQueue {
    /// What it holds, sorted.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "unordered-queue"
    }

    fn about(&self) -> &'static str {
        "A queue in any order: dequeue takes one of the values in it; null means that it was empty."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["enqueue", "dequeue"]
    }

    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        let mut values = bag::initial(value)?;
        values.sort_by(order::compare);
        Ok(values)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        bag::check(self, call, "enqueue", "dequeue")
    }

    /// A dequeue whose answer nobody knows may have taken any of the values.
    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        if call.function == "enqueue" {
            let mut after = state.clone();
            order::insert(&mut after, call.argument);
            next.push(after);
        } else if state.is_empty() {
            next.extend(bag::answers(call.result, None).then(Vec::new));
        } else {
            let mut distinct: Vec<&Value> = state.iter().collect();
            distinct.dedup();
            let taken = distinct.into_iter().filter(|value| bag::answers(call.result, Some(value)));
            next.extend(taken.filter_map(|value| without(state, value)));
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        bag::found_nothing(call, "dequeue")
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        bag::taken(call, "dequeue").into_iter().collect()
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        (call.function == "enqueue").then_some(call.argument)
    }

    /// Without one value, all of its enqueues and dequeues, nothing changes for the others.
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        bag::mentions(self.brings(call), call, "dequeue")
    }

    fn shape(&self) -> Shape {
        Shape::UnorderedQueue
    }

    fn show(&self, state: &Vec<Value>) -> String {
        order::list(state)
    }
}

/// A sorted list without one of the places of this value.
fn without(sorted: &[Value], value: &Value) -> Option<Vec<Value>> {
    let place = order::position(sorted, value)?;
    Some([&sorted[..place], &sorted[place + 1..]].concat())
}
