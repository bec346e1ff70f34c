//! Objects that are simulated: every operation takes effect at one moment, so their histories are valid.

use std::collections::VecDeque;

use perjury_histories::Value;
use serde_json::json;

/// SplitMix64: enough to scatter, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What is simulated: what to ask for next, and what it does.
pub trait Object {
    fn next(&mut self, number: u64, random: &mut Random) -> (&'static str, Value);
    fn effect(&mut self, function: &str, argument: &Value) -> Value;
    /// What is asked for when all is over.
    fn last(&self) -> &'static str;
}

#[derive(Default)]
pub struct Counter(i64);

impl Object for Counter {
    fn next(&mut self, _: u64, random: &mut Random) -> (&'static str, Value) {
        match random.below(2) {
            0 => ("add", json!(random.below(10) as i64 - 5)),
            _ => ("read", Value::Null),
        }
    }

    fn effect(&mut self, _: &str, argument: &Value) -> Value {
        self.0 += argument.as_i64().unwrap_or(0);
        if argument.is_null() { json!(self.0) } else { argument.clone() }
    }

    fn last(&self) -> &'static str {
        "read"
    }
}

#[derive(Default)]
pub struct Queue(VecDeque<Value>);

impl Object for Queue {
    fn next(&mut self, number: u64, random: &mut Random) -> (&'static str, Value) {
        match random.below(2) {
            0 => ("enqueue", json!(number)),
            _ => ("dequeue", Value::Null),
        }
    }

    fn effect(&mut self, function: &str, argument: &Value) -> Value {
        match function {
            "enqueue" => self.0.push_back(argument.clone()),
            "drain" => return self.0.drain(..).collect(),
            _ => return self.0.pop_front().unwrap_or(Value::Null),
        }
        argument.clone()
    }

    fn last(&self) -> &'static str {
        "drain"
    }
}

/// A set that is read once in so many operations.
pub struct Set {
    pub elements: Vec<Value>,
    pub adds_per_read: u64,
}

impl Object for Set {
    fn next(&mut self, number: u64, _: &mut Random) -> (&'static str, Value) {
        match number % self.adds_per_read {
            0 => ("read", Value::Null),
            _ => ("add", json!(number)),
        }
    }

    fn effect(&mut self, function: &str, argument: &Value) -> Value {
        if function == "read" {
            return Value::Array(self.elements.clone());
        }
        self.elements.push(argument.clone());
        argument.clone()
    }

    fn last(&self) -> &'static str {
        "read"
    }
}

#[derive(Default)]
pub struct Ids(u64);

impl Object for Ids {
    fn next(&mut self, _: u64, _: &mut Random) -> (&'static str, Value) {
        ("generate", Value::Null)
    }

    fn effect(&mut self, _: &str, _: &Value) -> Value {
        self.0 += 1;
        json!(self.0)
    }

    fn last(&self) -> &'static str {
        "generate"
    }
}

pub struct Bank(pub Vec<i64>);

impl Object for Bank {
    fn next(&mut self, _: u64, random: &mut Random) -> (&'static str, Value) {
        let accounts = self.0.len() as u64;
        let (from, to, amount) = (random.below(accounts), random.below(accounts), random.below(5));
        match random.below(2) {
            0 => ("transfer", json!({"from": from, "to": to, "amount": amount})),
            _ => ("read", Value::Null),
        }
    }

    fn effect(&mut self, function: &str, argument: &Value) -> Value {
        if function == "read" {
            return json!(self.0);
        }
        let account = |name: &str| argument[name].as_u64().expect("a number") as usize;
        let amount = argument["amount"].as_i64().expect("a number").min(self.0[account("from")]);
        self.0[account("from")] -= amount;
        self.0[account("to")] += amount;
        argument.clone()
    }

    fn last(&self) -> &'static str {
        "read"
    }
}
