//! Several registers, read and written together by transactions.
//!
//! ```text
//! state {x: 0, y: 0}    txn [[write, x, 1], [read, y, 0]] ──► {x: 1, y: 0}
//!                       txn [[read, x, 1]]                ──► impossible
//! ```
//!
//! The micro-ops of a transaction take effect in their order, at one moment. Where the registers begin with
//! values, null is no value: a read of null is then one whose result was not recorded, as in Knossos. Where
//! they begin empty, null is what an untouched register holds.

use perjury_histories::Value;

use super::{Call, Model, unknown_function};

/// Registers by key. See the [module](self).
pub struct MultiRegister;

/// The registers that hold something, by key.
///
/// - Sorted by key, no key twice, no value null: equal registers have one form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Registers {
    held: Vec<(String, Value)>,
    /// Whether a read of null says that there is nothing.
    has_null: bool,
}

impl Registers {
    fn get(&self, key: &str) -> Option<&Value> {
        self.place(key).ok().map(|place| &self.held[place].1)
    }

    fn set(&mut self, key: &str, value: &Value) {
        match (self.place(key), value) {
            (Ok(place), Value::Null) => drop(self.held.remove(place)),
            (Ok(place), value) => self.held[place].1 = value.clone(),
            (Err(_), Value::Null) => {}
            (Err(place), value) => self.held.insert(place, (key.to_owned(), value.clone())),
        }
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.held.binary_search_by(|(other, _)| other.as_str().cmp(key))
    }

    /// Whether a read may return this value.
    fn answers(&self, key: &str, seen: &Value) -> bool {
        match seen {
            Value::Null => !self.has_null || self.get(key).is_none(),
            seen => self.get(key) == Some(seen),
        }
    }
}

impl Model for MultiRegister {
    type State = Registers;

    fn name(&self) -> &'static str {
        "multi-register"
    }

    fn about(&self) -> &'static str {
        "Several registers: txn [[read, key, value], [write, key, value], …] at one moment."
    }

    fn functions(&self) -> &'static [&'static str] {
        &["txn"]
    }

    fn initial(&self, value: &Value) -> Result<Registers, String> {
        let mut registers = Registers { held: Vec::new(), has_null: value.is_null() };
        match value {
            Value::Null => {}
            Value::Object(held) => held.iter().for_each(|(key, value)| registers.set(key, value)),
            other => return Err(format!("the registers must begin with an object, not with {other}")),
        }
        Ok(registers)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        if call.function != "txn" {
            return Err(unknown_function(self, call));
        }
        [Some(call.argument), call.result].into_iter().flatten().try_for_each(check_transaction)?;
        match call.result {
            Some(result) if !same_shape(call.argument, result) => {
                Err("the result of a txn must have the micro-ops of its invocation".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn step(&self, state: &Registers, call: &Call<'_>, next: &mut Vec<Registers>) {
        let mut after = state.clone();
        for (kind, key, value) in micro_ops(call.result.unwrap_or(call.argument)) {
            let key = name(key);
            match kind {
                MicroOp::Write => after.set(&key, value),
                MicroOp::Read if call.result.is_some() && !after.answers(&key, value) => return,
                MicroOp::Read => {}
            }
        }
        next.push(after);
    }

    fn is_pure(&self, call: &Call<'_>) -> bool {
        micro_ops(call.argument).all(|(kind, ..)| kind == MicroOp::Read)
    }

    /// Of a transaction on one register, that register.
    fn part<'a>(&self, call: &Call<'a>) -> Option<&'a Value> {
        let mut keys = micro_ops(call.argument).map(|(_, key, _)| key);
        let first = keys.next()?;
        keys.all(|key| key == first).then_some(first)
    }

    fn show(&self, state: &Registers) -> String {
        let held = state.held.iter().map(|(key, value)| format!("{key}: {value}"));
        format!("{{{}}}", held.collect::<Vec<_>>().join(", "))
    }
}

/// One step inside a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MicroOp {
    Read,
    Write,
}

/// The micro-ops of a transaction, with key and value.
fn micro_ops(transaction: &Value) -> impl Iterator<Item = (MicroOp, &Value, &Value)> {
    transaction.as_array().into_iter().flatten().filter_map(micro_op)
}

fn micro_op(value: &Value) -> Option<(MicroOp, &Value, &Value)> {
    let (kind, key, value) = match value.as_array().map(Vec::as_slice)? {
        [kind, key, value] => (kind.as_str()?, key, value),
        [kind, key] => (kind.as_str()?, key, &Value::Null),
        _ => return None,
    };
    match kind {
        "read" => Some((MicroOp::Read, key, value)),
        "write" => Some((MicroOp::Write, key, value)),
        _ => None,
    }
}

fn check_transaction(value: &Value) -> Result<(), String> {
    let Some(steps) = value.as_array() else {
        return Err("the value of a txn must be a list of micro-ops".to_owned());
    };
    match steps.iter().find(|step| micro_op(step).is_none()) {
        Some(step) => {
            Err(format!("a micro-op must be [\"read\", key, value] or [\"write\", key, value], not {step}"))
        }
        None => Ok(()),
    }
}

/// Whether a result answers this transaction: the same micro-ops, but for what was read.
fn same_shape(argument: &Value, result: &Value) -> bool {
    let mut results = micro_ops(result);
    let mut asked = micro_ops(argument);
    let fits = asked.all(|(kind, key, value)| {
        results.next().is_some_and(|(result_kind, result_key, result)| {
            (kind, key) == (result_kind, result_key) && (kind == MicroOp::Read || value == result)
        })
    });
    fits && results.next().is_none()
}

/// The key as the initial object names it.
fn name(key: &Value) -> std::borrow::Cow<'_, str> {
    match key {
        Value::String(key) => key.as_str().into(),
        other => other.to_string().into(),
    }
}
