//! Everything that was read and written, operation by operation, whatever it was called.

use std::borrow::Cow;
use std::collections::BTreeMap;

use perjury_histories::{Fate, History, Key, Operation, Value};
use serde_json::Map;

use crate::checker::Undecided;

/// A key by its name.
pub(super) type Name<'a> = Cow<'a, str>;

/// What was seen or written under one key.
#[derive(Clone, Copy)]
pub(super) struct Access<'a> {
    pub operation: Operation<'a>,
    /// Null: nothing.
    pub value: &'a Value,
    pub kind: Kind,
}

/// All accesses to one key, in the order of their beginnings.
#[derive(Default)]
pub(super) struct Accesses<'a> {
    /// By ok operations.
    pub reads: Vec<Access<'a>>,
    /// By operations that did not fail.
    pub writes: Vec<Access<'a>>,
}

/// What a value is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The value written last, whichever that is.
    Whole,
    /// All elements appended.
    Elements,
    /// The greatest number written.
    Greatest,
}

/// A history as reads and writes.
pub(super) struct Log<'a> {
    /// What every key holds before anything is written.
    initial: &'a Value,
    /// What was read and written, by key.
    pub keys: BTreeMap<Name<'a>, Accesses<'a>>,
    /// The ok operations that are marked final and read all keys there are.
    pub finals_of_all: Vec<Operation<'a>>,
    /// Every node that clients asked for anything, with the first that did.
    pub nodes: BTreeMap<&'a str, Operation<'a>>,
}

/// The node that served an operation.
pub(super) fn node(operation: Operation<'_>) -> Option<&str> {
    let completed = operation.completion().and_then(|event| event.node);
    completed.or(operation.invocation().node)
}

/// Nothing.
pub(super) static NOTHING: Value = Value::Null;

impl<'a> Log<'a> {
    /// The log of this history, in which keys begin so. Errs on what reads or writes nothing.
    pub fn of(history: &'a History, initial: &'a Value) -> Result<Log<'a>, Undecided> {
        let mut log =
            Log { initial, keys: BTreeMap::new(), finals_of_all: Vec::new(), nodes: BTreeMap::new() };
        for operation in history.operations().filter(|operation| operation.fate() != Fate::Fail) {
            if let Some(node) = node(operation) {
                log.nodes.entry(node).or_insert(operation);
            }
            let event = operation.index();
            let key = || operation.key().map_or(Name::from(""), name_of_key);
            match operation.function() {
                "read" => log.read(operation, key(), operation.result(), Kind::Whole),
                "write" => log.write(operation, key(), operation.argument(), Kind::Whole),
                "txn" => {
                    let value = operation.result().unwrap_or(operation.argument());
                    log.transaction(operation, value).ok_or_else(|| {
                        format!("event {event}: a transaction must be a list of [function, key, value]")
                    })?;
                }
                other => return Err(format!("event {event}: {other} neither reads nor writes a key")),
            }
        }
        Ok(log)
    }

    fn transaction(&mut self, operation: Operation<'a>, value: &'a Value) -> Option<()> {
        for step in value.as_array()? {
            let [function, key, value] = step.as_array()?.as_slice() else { return None };
            match function.as_str()? {
                "r" => self.read(operation, name(key), Some(value), Kind::Elements),
                "w" => self.write(operation, name(key), value, Kind::Whole),
                "append" => self.write(operation, name(key), value, Kind::Elements),
                "readAll" => self.read_all(operation, value.as_object()?),
                "writeSome" => {
                    for (key, value) in value.as_object()? {
                        self.write(operation, Name::from(key), value, Kind::Greatest);
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn read_all(&mut self, operation: Operation<'a>, values: &'a Map<String, Value>) {
        if operation.fate() == Fate::Ok && operation.is_final() {
            self.finals_of_all.push(operation);
        }
        for (key, value) in values {
            let value = if value.as_i64() == Some(-1) { &NOTHING } else { value };
            self.read(operation, Name::from(key), Some(value), Kind::Greatest);
        }
    }

    fn read(&mut self, operation: Operation<'a>, key: Name<'a>, value: Option<&'a Value>, kind: Kind) {
        if operation.fate() == Fate::Ok {
            let value = value.unwrap_or(&NOTHING);
            let is_nothing = value == self.initial || value.as_array().is_some_and(Vec::is_empty);
            let value = if is_nothing { &NOTHING } else { value };
            self.keys.entry(key).or_default().reads.push(Access { operation, value, kind });
        }
    }

    fn write(&mut self, operation: Operation<'a>, key: Name<'a>, value: &'a Value, kind: Kind) {
        self.keys.entry(key).or_default().writes.push(Access { operation, value, kind });
    }
}

fn name_of_key(key: &Key) -> Name<'_> {
    match key {
        Key::Name(name) => Name::from(name),
        Key::Number(number) => Name::from(number.to_string()),
    }
}

fn name(key: &Value) -> Name<'_> {
    match key {
        Value::String(name) => Name::from(name),
        other => Name::from(other.to_string()),
    }
}
