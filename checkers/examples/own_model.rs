//! A model of one's own, and one that leaves a choice: a queue that delivers at least once.
//!
//! ```text
//! state [1, 2]    dequeue = 1 ──► [2]        the receiver's acknowledgement arrived
//!                             └─► [1, 2]     it was lost: 1 will be delivered again
//! ```
//!
//! Such a queue may repeat itself, but it loses nothing and keeps the order. Run it with
//! `cargo run -p perjury-checkers --example own_model`.

use perjury_checkers::model::{Call, Model};
use perjury_checkers::{Context, named};
use perjury_histories::{Value, notation};

/// A queue whose head may stay when it is taken.
struct AtLeastOnce;

impl Model for AtLeastOnce {
    /// What it holds, the oldest first. Equal states must be equal values: states are compared and hashed.
    type State = Vec<Value>;

    fn name(&self) -> &'static str {
        "at-least-once"
    }

    fn about(&self) -> &'static str {
        "A queue that may deliver its head more than once."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["send", "receive"]
    }

    /// The initial value comes from `--init` or the context; null is an untouched object.
    fn initial(&self, value: &Value) -> Result<Vec<Value>, String> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(messages) => Ok(messages.clone()),
            other => Err(format!("the queue must begin with an array, not with {other}")),
        }
    }

    /// Everything that `step` relies on is checked here, once for each distinct call.
    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        match call.function {
            "send" if call.argument.is_null() => {
                Err("null is no message: it means that there is none".to_owned())
            }
            "send" | "receive" => Ok(()),
            other => Err(format!("{other} is no operation on this queue")),
        }
    }

    /// All states that may follow; none where the call is impossible. A result of none means that nobody knows
    /// the outcome: then whatever might follow with any result may follow.
    fn step(&self, state: &Vec<Value>, call: &Call<'_>, next: &mut Vec<Vec<Value>>) {
        if call.function == "send" {
            next.push([state.as_slice(), std::slice::from_ref(call.argument)].concat());
            return;
        }
        let head = state.first().unwrap_or(&Value::Null);
        if call.result.is_none_or(|received| received == head) {
            next.push(state.clone());
            next.extend((!state.is_empty()).then(|| state[1..].to_vec()));
        }
    }

    /// For explanations.
    fn show(&self, state: &Vec<Value>) -> String {
        Value::Array(state.clone()).to_string()
    }

    /// A fact that lets the search do less. Whoever is not sure of one leaves it out.
    fn is_pure(&self, call: &Call<'_>) -> bool {
        call.function == "receive" && call.result.is_some_and(Value::is_null)
    }
}

fn main() {
    let checker = named("linearizability").expect("a checker of this name");
    let context = Context { model: Some(&AtLeastOnce), ..Context::default() };
    let judge = |text: &str| checker.check(&notation::parse(text).expect("a history"), &context);

    let repeated = judge("0:send(_,1) 0:send(_,2) 1:receive()=1 1:receive()=1 1:receive()=2");
    assert!(repeated.is_valid());
    println!("1 1 2 is {}", repeated.name());

    let reordered = judge("0:send(_,1) 0:send(_,2) 1:receive()=2 1:receive()=1");
    assert!(reordered.is_invalid());
    println!("2 1 is {}: {}", reordered.name(), reordered.anomalies()[0].explanation);
}
