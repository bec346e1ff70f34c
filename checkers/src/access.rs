//! What each operation did to the register of its key, and who wrote what was read.
//!
//! ```text
//! function  argument      observes          writes
//! read      -             result, if ok     -
//! write     value         -                 value
//! delete    -             -                 null
//! cas       [old, new]    old, if ok        new
//! add       element       -                 element, where it has a key (the set workload)
//! ```
//!
//! Counters and lists are no registers: what is read of them many have made, and no value names a writer. Of these only
//! versions tell the place ([`Accesses::placed`]):
//!
//! ```text
//! add       amount        -                 changes the counter
//! append    element       -                 changes the list
//! ```

use std::collections::BTreeSet;

use perjury_histories::{Fate, History, Key, Operation, Value, Version};

use crate::checker::Undecided;

mod accesses;
mod cells;

pub(crate) use accesses::Accesses;
use cells::Cells;

/// What a delete writes.
static NOTHING: Value = Value::Null;

/// An operation on one register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    pub operation: Operation<'a>,
    pub key: Option<&'a Key>,
    pub act: Act<'a>,
    /// The number of the key and value that it says to have met, if it says so.
    met: u32,
    /// The number of the key and value that it writes, if it does.
    brings: u32,
}

/// No cell.
const NONE: u32 = u32::MAX;

/// What it does to the register.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act<'a> {
    /// Returns the value; none: what it returned is not known.
    Read(Option<&'a Value>),
    /// Replaces the value.
    Write(&'a Value),
    /// Replaces the first value by the second, if it is that.
    Cas(&'a Value, &'a Value),
    /// Adds to what is there: to a counter, or to a list.
    Change,
}

/// Whether an access reads or writes; a compare-and-set counts as a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Read,
    Write,
}

impl Role {
    /// `read` or `write`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Write => "write",
        }
    }
}

impl<'a> Access<'a> {
    /// Whether it reads or writes.
    pub fn role(&self) -> Role {
        match self.act {
            Act::Read(_) => Role::Read,
            Act::Write(_) | Act::Cas(..) | Act::Change => Role::Write,
        }
    }

    /// The value that it writes, if it takes effect.
    pub fn written(&self) -> Option<&'a Value> {
        match self.act {
            Act::Read(_) | Act::Change => None,
            Act::Write(value) | Act::Cas(_, value) => Some(value),
        }
    }

    /// The value that it certainly saw.
    pub fn observed(&self) -> Option<&'a Value> {
        match self.act {
            Act::Read(value) => value,
            Act::Cas(old, _) if self.is_ok() => Some(old),
            Act::Cas(..) | Act::Write(_) | Act::Change => None,
        }
    }

    /// The value that it met, or would have if it took effect, with its [cell](Cells): of a read what it
    /// returned, of a compare-and-set its old value.
    pub fn met(&self) -> Option<(u32, &'a Value)> {
        match self.act {
            Act::Read(value) => value,
            Act::Cas(old, _) => Some(old),
            Act::Write(_) | Act::Change => None,
        }
        .map(|value| (self.met, value))
    }

    /// The value that it writes, if it takes effect, with its [cell](Cells).
    pub fn brings(&self) -> Option<(u32, &'a Value)> {
        self.written().map(|value| (self.brings, value))
    }

    /// The cell of what it met.
    pub fn cell(&self) -> Option<u32> {
        Some(self.met).filter(|&cell| cell != NONE)
    }

    /// The number of its register: one for each key, and 0 for that without a key.
    pub fn register(&self) -> u32 {
        register(self.operation)
    }

    /// Whether it certainly happened.
    pub fn is_ok(&self) -> bool {
        self.operation.fate() == Fate::Ok
    }

    /// Whether it may have happened.
    pub fn is_possible(&self) -> bool {
        self.operation.fate() != Fate::Fail
    }

    /// Whether it is a write, cas, delete, add or append.
    pub fn is_write(&self) -> bool {
        self.role() == Role::Write
    }

    /// Whether it is a read.
    pub fn is_read(&self) -> bool {
        self.role() == Role::Read
    }

    /// The index of its invocation.
    pub fn index(&self) -> u64 {
        self.operation.index()
    }
}

/// Where in the order of a key's writes an access stands, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Position<'a> {
    /// Before every write.
    Initial,
    /// At some write, nobody knows which place it has.
    Somewhere,
    /// At the write of this version.
    At(&'a Version),
}

impl Position<'_> {
    /// Whether this is certainly before the other one.
    pub fn is_below(self, other: Self) -> bool {
        match (self, other) {
            (Position::Initial, other) => other != Position::Initial,
            (Position::At(left), Position::At(right)) => left < right,
            _ => false,
        }
    }

    /// Whether it is known which of the two comes first, or that they are the same.
    pub fn is_comparable(self, other: Self) -> bool {
        self == Position::Initial
            || other == Position::Initial
            || matches!((self, other), (Position::At(_), Position::At(_)))
    }
}

/// The keys whose reads return a whole set: where anything is added, none at all (the set of all elements,
/// each perhaps under a key of its own), and every key with an add and a read that returned an array.
pub(crate) fn sets(history: &History) -> BTreeSet<Option<&Key>> {
    let adds = history.operations().filter(|operation| operation.function() == "add");
    let added: BTreeSet<Option<&Key>> = adds.map(|add| add.key()).collect();
    if added.is_empty() {
        return added;
    }
    let reads = history.operations().filter(|operation| operation.function() == "read");
    let arrays = reads.filter(|read| read.result().is_some_and(Value::is_array)).map(|read| read.key());
    arrays.filter(|key| added.contains(key)).chain([None]).collect()
}

/// The number of the register that an operation is about.
fn register(operation: Operation<'_>) -> u32 {
    operation.key_id().map_or(0, |id| id.0 + 1)
}

/// What an operation did to its register; none for one that failed and would have had no meaning.
fn act(operation: Operation<'_>) -> Result<Option<Act<'_>>, Undecided> {
    let argument = operation.argument();
    Ok(Some(match operation.function() {
        "read" => Act::Read(operation.result()),
        "write" | "add" => Act::Write(argument),
        "delete" => Act::Write(&NOTHING),
        "cas" => match argument.as_array().map(Vec::as_slice) {
            Some([old, new]) => Act::Cas(old, new),
            _ if operation.fate() == Fate::Fail => return Ok(None),
            _ => {
                let index = operation.index();
                return Err(format!("event {index}: the value of a cas must be [old, new]"));
            }
        },
        _ if operation.fate() == Fate::Fail => return Ok(None),
        other => {
            let index = operation.index();
            return Err(format!("event {index}: {other} is no operation on a register"));
        }
    }))
}
