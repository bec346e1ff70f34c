//! A priority queue: the largest value comes out first.
//!
//! ```text
//! state {1, 7}    poll = 7 ──► {1}    poll = 1 ──► impossible    insert 3 ──► {1, 3, 7}
//! state {}        poll = null ──► {} (null: it was empty)
//! ```

use std::cmp::Ordering;

use perjury_histories::Value;

use super::{Call, Mentions, Model, Shape, bag, order};

/// A priority queue: insert, poll. See the [module](self).
pub struct PriorityQueue;

impl Model for PriorityQueue {
    /// What it holds, sorted, the largest last.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "priority-queue"
    }

    fn about(&self) -> &'static str {
        "A priority queue of numbers: poll takes the largest; null means that it was empty."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["insert", "poll"]
    }

    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        let mut values = bag::initial(value)?;
        if let Some(other) = values.iter().find(|value| !value.is_number()) {
            return Err(format!("a priority queue holds numbers, not {other}"));
        }
        values.sort_by(order::compare);
        Ok(values)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "insert" if !call.argument.is_number() => Err("only numbers can be inserted".to_owned()),
            _ => bag::check(self, call, "insert", "poll"),
        }
    }

    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        self.step_from(state.clone(), call, next);
    }

    /// Of several that are equally large (1 and 1.0) any may come out.
    fn step_from(&self, mut state: Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        if call.function == "insert" {
            order::insert(&mut state, call.argument);
            next.push(state);
            return;
        }
        let Some(largest) = state.last() else {
            next.extend(bag::answers(call.result, None).then_some(state));
            return;
        };
        let begin = state.iter().rposition(|value| !is_as_large(value, largest)).map_or(0, |place| place + 1);
        let end = state.len();
        for place in begin..end {
            let is_last_of_equals = state.get(place + 1) != state.get(place);
            if !is_last_of_equals || !bag::answers(call.result, state.get(place)) {
                continue;
            }
            if place + 1 == end {
                state.pop();
                next.push(state);
                return;
            }
            next.push([&state[..place], &state[place + 1..]].concat());
        }
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        bag::found_nothing(call, "poll")
    }

    fn needs<'a>(&self, call: &Call<'a>) -> Vec<&'a Value> {
        bag::taken(call, "poll").into_iter().collect()
    }

    fn brings<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        (call.function == "insert").then_some(call.argument)
    }

    /// Without one value, all of its inserts and polls, the largest of the others stays the largest of them.
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        bag::mentions(self.brings(call), call, "poll")
    }

    fn shape(&self) -> Shape {
        Shape::PriorityQueue
    }

    fn show(&self, state: &Vec<Value>) -> String {
        order::list(state)
    }
}

fn is_as_large(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order::by_size(left, right) == Ordering::Equal,
        _ => left == right,
    }
}
