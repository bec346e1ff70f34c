//! A queue: what was put in first comes out first.
//!
//! ```text
//! state [1, 2]    dequeue = 1 ──► [2]    dequeue = 2 ──► impossible    dequeue = null ──► impossible
//! state []        dequeue = null ──► [] (null: it was empty)
//! ```

use std::collections::VecDeque;

use perjury_histories::Value;

use super::{Call, Mentions, Model, Shape, bag, order};

/// A queue: enqueue, dequeue. See the [module](self).
pub struct FifoQueue;

impl Model for FifoQueue {
    /// What it holds, the oldest first.
    type State = VecDeque<Value>;

    fn name(&self) -> &'static str {
        "fifo-queue"
    }

    fn about(&self) -> &'static str {
        "A queue: dequeue takes what was enqueued first; null means that it was empty."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["enqueue", "dequeue"]
    }

    fn initial(&self, value: &Value) -> Result<VecDeque<Value>, String> {
        bag::initial(value).map(VecDeque::from)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        bag::check(self, call, "enqueue", "dequeue")
    }

    fn step(&self, state: &VecDeque<Value>, call: &Call<'_>, next: &mut Vec<VecDeque<Value>>) {
        self.step_from(state.clone(), call, next);
    }

    fn step_from(&self, mut state: VecDeque<Value>, call: &Call<'_>, next: &mut Vec<VecDeque<Value>>) {
        let is_possible = if call.function == "enqueue" {
            state.push_back(call.argument.clone());
            true
        } else {
            bag::answers(call.result, state.pop_front().as_ref())
        };
        next.extend(is_possible.then_some(state));
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

    /// Without one value, all of its enqueues and dequeues, the others come out in the same order.
    fn mentions<'a>(&self, call: &Call<'a>) -> Mentions<'a> {
        bag::mentions(self.brings(call), call, "dequeue")
    }

    fn shape(&self) -> Shape {
        Shape::FifoQueue
    }

    fn show(&self, state: &VecDeque<Value>) -> String {
        order::list(state)
    }
}
