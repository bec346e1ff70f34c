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

use std::collections::BTreeSet;

use perjury_histories::{Fate, History, Key, Operation, Value, Version};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::checker::Undecided;

mod cells;

pub(crate) use cells::Cells;

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
}

/// Whether an access reads or writes; a compare-and-set counts as a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Read,
    Write,
}

impl<'a> Access<'a> {
    /// Whether it reads or writes.
    pub fn role(&self) -> Role {
        match self.act {
            Act::Read(_) => Role::Read,
            Act::Write(_) | Act::Cas(..) => Role::Write,
        }
    }

    /// The value that it writes, if it takes effect.
    pub fn written(&self) -> Option<&'a Value> {
        match self.act {
            Act::Read(_) => None,
            Act::Write(value) | Act::Cas(_, value) => Some(value),
        }
    }

    /// The value that it certainly saw.
    pub fn observed(&self) -> Option<&'a Value> {
        match self.act {
            Act::Read(value) => value,
            Act::Cas(old, _) if self.is_ok() => Some(old),
            Act::Cas(..) | Act::Write(_) => None,
        }
    }

    /// The value that it met, or would have if it took effect, with its [cell](Cells): of a read what it
    /// returned, of a compare-and-set its old value.
    pub fn met(&self) -> Option<(u32, &'a Value)> {
        match self.act {
            Act::Read(value) => value,
            Act::Cas(old, _) => Some(old),
            Act::Write(_) => None,
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

    /// Whether it is a write, cas, delete or add.
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

/// All accesses of a history, in the order of their invocations.
pub(crate) struct Accesses<'a> {
    list: Vec<Access<'a>>,
    cells: Cells<'a>,
    /// The writers of cell c are `writers[begins[c]..begins[c + 1]]`.
    begins: Vec<u32>,
    writers: Vec<u32>,
    by_version: FxHashMap<(u32, &'a Version), SmallVec<[u32; 1]>>,
    reads_have_versions: bool,
    initial: &'a Value,
}

impl<'a> Accesses<'a> {
    /// The accesses of this history, but for those of [`sets`]. Errs on an operation that may have
    /// happened and that has no meaning on a register.
    pub fn of(history: &'a History, initial: &'a Value) -> Result<Accesses<'a>, Undecided> {
        let sets = sets(history);
        let mut accesses = Accesses {
            list: Vec::with_capacity(history.operations().len()),
            cells: Cells::of(history),
            begins: Vec::new(),
            writers: Vec::new(),
            by_version: FxHashMap::default(),
            reads_have_versions: false,
            initial,
        };
        for operation in history.operations() {
            let key = operation.key();
            if !sets.is_empty() && matches!(operation.function(), "read" | "add") && sets.contains(&key) {
                continue;
            }
            if let Some(act) = act(operation)? {
                accesses.push(operation, act);
            }
        }
        accesses.gather_writers();
        Ok(accesses)
    }

    fn push(&mut self, operation: Operation<'a>, act: Act<'a>) {
        let (met, brings) = self.cells.of_act(operation, act);
        let access = Access {
            operation,
            key: operation.key(),
            act,
            met: met.unwrap_or(NONE),
            brings: brings.unwrap_or(NONE),
        };
        if let Some(version) = operation.version() {
            if access.is_write() {
                self.by_version.entry((access.register(), version)).or_default().push(self.list.len() as u32);
            } else {
                self.reads_have_versions = true;
            }
        }
        self.list.push(access);
    }

    /// Sorts the writers by what they write, in two passes.
    fn gather_writers(&mut self) {
        let mut begins = vec![0_u32; self.cells.len() + 2];
        let written = self.list.iter().filter_map(Access::brings);
        written.for_each(|(cell, _)| begins[cell as usize + 2] += 1);
        (2..begins.len()).for_each(|cell| begins[cell] += begins[cell - 1]);
        self.writers = vec![0; begins.last().map_or(0, |&end| end as usize)];
        for (number, access) in (0..).zip(&self.list) {
            if let Some((cell, _)) = access.brings() {
                let next = &mut begins[cell as usize + 1];
                self.writers[*next as usize] = number;
                *next += 1;
            }
        }
        self.begins = begins;
    }

    /// The access of this number, in the order of [`Accesses::iter`].
    pub fn get(&self, number: u32) -> &Access<'a> {
        &self.list[number as usize]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Access<'a>> {
        self.list.iter()
    }

    /// The cells of all that anything tried to write, for those who ask with a value of another origin.
    pub fn by_value(&self) -> FxHashMap<(Option<&'a Key>, &'a Value), u32> {
        let written = self.list.iter().filter_map(|write| Some((write.key, write.brings()?)));
        written.map(|(key, (cell, value))| ((key, value), cell)).collect()
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Everything that tried to write this, also what failed.
    pub fn writers(&self, cell: Option<u32>) -> impl Iterator<Item = &Access<'a>> {
        let cell = cell.map(|cell| cell as usize);
        let place = cell.map_or(0..0, |cell| self.begins[cell] as usize..self.begins[cell + 1] as usize);
        self.writers[place].iter().map(|&number| &self.list[number as usize])
    }

    /// The ok writes of this key that have this version: one, unless the store is badly broken.
    pub fn at_version<'s>(
        &'s self,
        key: Option<&Key>,
        version: &'s Version,
    ) -> impl Iterator<Item = &'s Access<'a>> + use<'s, 'a> {
        let numbers = self.cells.key_of(key).and_then(|key| self.by_version.get(&(key, version)));
        numbers.map_or(&[][..], SmallVec::as_slice).iter().map(|&number| &self.list[number as usize])
    }

    /// The write whose value this read returned: the ok write of the same version, else the only
    /// operation that may have written that value. None for the initial value, or when several might.
    pub fn writer(&self, read: &Access<'a>) -> Option<&Access<'a>> {
        let value = read.observed()?;
        if let Some(version) = read.operation.version().filter(|_| read.is_read())
            && let Some(write) = self.at_version(read.key, version).next()
        {
            return Some(write);
        }
        let mut possible = self.writers(read.cell()).filter(|write| write.is_possible());
        possible.next().filter(|_| value != self.initial && possible.next().is_none())
    }

    /// Where an ok access stands in the order of its key: by its version, else by what the value it
    /// read proves.
    ///
    /// A read of the initial value without a version stands before every write if versions are recorded
    /// with reads at all, or if nobody may have written that value again.
    pub fn position(&self, access: &Access<'a>) -> Option<Position<'a>> {
        if !access.is_ok() {
            return None;
        }
        if let Some(version) = access.operation.version() {
            return Some(Position::At(version));
        }
        let Act::Read(value) = access.act else {
            return Some(Position::Somewhere);
        };
        let value = value?;
        let mut possible = self.writers(access.cell()).filter(|write| write.is_possible()).peekable();
        if value == self.initial {
            let is_initial = self.reads_have_versions || possible.peek().is_none();
            return is_initial.then_some(Position::Initial);
        }
        possible.peek()?;
        let version = self.writer(access).and_then(|write| write.operation.version());
        Some(version.map_or(Position::Somewhere, Position::At))
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
