//! What there is in a history: functions, shapes of values, notes.

use std::collections::BTreeSet;

use perjury_histories::{Fate, History, Key, Operation, Value};

use crate::linearizable::model_for;
use crate::numbers::integer;

/// What a history is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Register,
    Set,
    Counter,
    DrainedQueue,
    /// Appended to, and read as a whole.
    List,
    /// Registers that are guarded by locks.
    Guarded,
    Ids,
    Bank,
    Replicas,
    LongFork,
    CausalReverse,
    /// Anything else of which there is a model.
    OfModel,
}

/// What there is in a history.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// What it is of, where that is clear.
    pub object: Option<Object>,
    /// The functions of clients.
    pub functions: BTreeSet<&'a str>,
    notes: BTreeSet<&'a str>,
    /// Whether a replica told that it holds arrays of arrays: the siblings of a set.
    pub has_siblings: bool,
    /// Whether an ok read has a version.
    pub has_read_versions: bool,
    /// Whether anything else that is ok has one: a write.
    pub has_write_versions: bool,
    /// Keys that were deleted at a known version.
    deleted: BTreeSet<Option<&'a Key>>,
    /// Whether an ok read that is final asks for one of them.
    pub has_final_read_of_deleted: bool,
    /// Ok reads that returned an array.
    pub array_reads: usize,
    /// Whether one of them is final.
    pub has_final_array: bool,
    /// Whether an ok read returned an object.
    pub has_object_reads: bool,
    /// Whether an ok read returned a number.
    has_number_reads: bool,
    /// Whether an ok read returned a single value: neither null nor an array or an object.
    has_single_reads: bool,
    /// Whether an ok read that is final returned a number.
    pub has_final_number: bool,
    /// Whether something below zero is added.
    pub has_decrements: bool,
    /// Whether some model knows the functions.
    pub has_model: bool,
    /// The functions inside transactions.
    steps: BTreeSet<&'a str>,
    /// Whether a read asks for several keys at once.
    has_wide_reads: bool,
    /// The nodes of ok final operations.
    final_nodes: BTreeSet<&'a str>,
}

impl<'a> Facts<'a> {
    /// Those of this history.
    pub fn of(history: &'a History) -> Facts<'a> {
        let notes = history.notes().map(|note| note.function).collect();
        let has_siblings = history.notes().any(|note| note.function == "dump" && holds_siblings(note.value));
        let mut facts = Facts { notes, has_siblings, ..Facts::default() };
        for operation in history.operations() {
            facts.functions.insert(operation.function());
            facts.look_at(operation);
        }
        facts.has_model = model_for(history).is_ok();
        facts.object = facts.object_of(history);
        facts
    }

    fn look_at(&mut self, operation: Operation<'a>) {
        let has_version = operation.version().is_some();
        let is_read = operation.function() == "read";
        self.has_read_versions |= has_version && is_read;
        self.has_write_versions |= has_version && !is_read;
        let (is_ok, is_final) = (operation.fate() == Fate::Ok, operation.is_final());
        if is_ok && is_final {
            let completed = operation.completion().and_then(|event| event.node);
            self.final_nodes.extend(completed.or(operation.invocation().node));
        }
        self.has_final_read_of_deleted |=
            is_ok && is_read && is_final && self.deleted.contains(&operation.key());
        match operation.function() {
            "read" | "read-set-all" => {
                self.has_wide_reads |= operation.argument().is_array() && is_steps(operation.argument());
                match operation.result() {
                    Some(Value::Array(_)) => {
                        self.array_reads += 1;
                        self.has_final_array |= is_final;
                    }
                    Some(Value::Object(_)) => self.has_object_reads = true,
                    Some(Value::Number(_)) => {
                        (self.has_single_reads, self.has_number_reads) = (true, true);
                        self.has_final_number |= is_final;
                    }
                    Some(Value::Bool(_) | Value::String(_)) => self.has_single_reads = true,
                    Some(Value::Null) | None => {}
                }
            }
            "delete" if has_version => drop(self.deleted.insert(operation.key())),
            "add" => self.has_decrements |= integer(operation.argument()).is_some_and(|amount| amount < 0),
            "txn" => {
                let steps = operation.argument().as_array().into_iter().flatten();
                self.steps.extend(steps.filter_map(|step| step.get(0)?.as_str()));
            }
            _ => {}
        }
    }

    /// What the history is of.
    fn object_of(&self, history: &History) -> Option<Object> {
        let only = |names: &[&str]| self.functions.iter().all(|function| names.contains(function));
        let has = |name: &str| self.functions.contains(name);
        let reads_many = self.array_reads > 0;
        Some(match () {
            () if self.functions.is_empty() => return None,
            () if only(&["generate"]) => Object::Ids,
            () if only(&["deposit", "transfer", "read"]) && has("transfer") => Object::Bank,
            () if only(&["enqueue", "dequeue", "drain"]) && has("drain") => Object::DrainedQueue,
            () if has("write-fenced") && only(&["acquire", "release", "write-fenced", "read"]) => {
                Object::Guarded
            }
            () if only(&["append", "read"]) && has("append") && !self.has_single_reads => Object::List,
            () if only(&["write-set", "read-set-all"]) => Object::Set,
            () if only(&["add", "read"]) && has("add") && reads_many => Object::Set,
            // With no read to tell a set from a counter, elements are different from each other.
            () if only(&["add", "read"]) && !self.has_number_reads && adds_once(history) => Object::Set,
            () if only(&["add", "read"]) && has("add") => Object::Counter,
            () if only(&["read", "write"]) && self.has_wide_reads => Object::LongFork,
            () if only(&["read", "write"]) && has("write") && self.reads_what_is_no_value(history) => {
                Object::CausalReverse
            }
            // Balances by account.
            () if only(&["read"]) && self.has_object_reads => Object::Bank,
            () if only(&["read", "write", "cas", "delete"]) => Object::Register,
            () if self.is_of_replicas() => Object::Replicas,
            // A transaction of this kind is one access to several registers; others are not judged yet.
            () if has("txn") && self.steps.iter().any(|step| !matches!(*step, "read" | "write")) => {
                return None;
            }
            () if self.has_model => Object::OfModel,
            () => return None,
        })
    }

    /// Whether reads return arrays of what was written, and no array was.
    fn reads_what_is_no_value(&self, history: &History) -> bool {
        let is_array = |write: Operation<'_>| write.function() == "write" && write.argument().is_array();
        self.array_reads > 0 && !history.operations().any(is_array)
    }

    fn is_of_replicas(&self) -> bool {
        let is_known = |step: &&str| matches!(*step, "r" | "w" | "append" | "readAll" | "writeSome");
        let is_replicated = self.steps.contains("append") || self.steps.contains("readAll");
        self.final_nodes.len() > 1 && is_replicated && self.steps.iter().all(is_known)
    }

    /// This reason, if the history is of this.
    pub fn is(&self, object: Object, reason: &'static str) -> Option<&'static str> {
        (self.object == Some(object)).then_some(reason)
    }

    /// This reason, if the nemesis noted this.
    pub fn has_note(&self, note: &str, reason: &'static str) -> Option<&'static str> {
        (self.notes.contains(note) && !self.functions.is_empty()).then_some(reason)
    }
}

/// Whether this is a dump with an array of arrays in it.
fn holds_siblings(dump: &Value) -> bool {
    let entries = dump.get("entries").and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get(2)?.get(0)).any(Value::is_array)
}

/// Whether nothing is added twice.
fn adds_once(history: &History) -> bool {
    let adds = || history.operations().filter(|operation| operation.function() == "add");
    let added: BTreeSet<_> = adds().map(|add| (add.key_id(), add.argument_id())).collect();
    added.len() == adds().count() && !added.is_empty()
}

/// Whether this is a list of `[function, key, value]`.
fn is_steps(value: &Value) -> bool {
    let mut steps = value.as_array().into_iter().flatten().peekable();
    steps.peek().is_some() && steps.all(|step| step.get(0).is_some_and(Value::is_string))
}
