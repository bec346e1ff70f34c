//! What each operation reads and writes, as it says itself, with numbers for what was read and written.
//!
//! ```text
//! operation   reads                      writes
//! cas 1 2     x = 1 (object 0, cell 0)   x = 2 (object 0, cell 1)
//! read 2      x = 2 (object 0, cell 1)
//! ```
//!
//! A cell is a value of an object: who wrote it is then a matter of looking into a list.

use perjury_histories::{Fate, History, Operation, Value};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{NONE, Object, transaction};
use crate::access::{Access, Accesses};
use crate::checker::Undecided;

/// The operations that may have taken effect, with what they mention.
pub(super) struct Sketch<'a> {
    pub operations: Vec<Operation<'a>>,
    pub reads: Vec<Mention<'a>>,
    writes: Vec<Mention<'a>>,
    /// Where the mentions of each operation end.
    ends: Vec<(u32, u32)>,
    pub objects: Vec<Object<'a>>,
    /// How many cells there are.
    pub cells: usize,
}

/// An object and its value.
#[derive(Clone, Copy)]
pub(super) struct Mention<'a> {
    pub object: u32,
    pub cell: u32,
    pub value: &'a Value,
}

/// What an operation reads and writes, as it says itself.
pub(super) struct Effects<'a> {
    pub operation: Operation<'a>,
    pub reads: SmallVec<[(Object<'a>, &'a Value); 1]>,
    pub writes: SmallVec<[(Object<'a>, &'a Value); 1]>,
}

impl<'a> Sketch<'a> {
    /// The sketch of all operations that did not fail.
    pub fn of(history: &'a History, initial: &'a Value) -> Result<Sketch<'a>, Undecided> {
        let possible = || history.operations().filter(|operation| operation.fate() != Fate::Fail);
        let mut sketch = Sketch {
            operations: Vec::with_capacity(history.operations().len()),
            reads: Vec::new(),
            writes: Vec::new(),
            ends: Vec::with_capacity(history.operations().len()),
            objects: Vec::new(),
            cells: 0,
        };
        if possible().any(|operation| operation.function() == "txn") {
            let mut numbers = Numbers::default();
            for operation in possible() {
                sketch.push_effects(&transaction::effects(operation)?, &mut numbers);
            }
            sketch.cells = numbers.cells.len();
            return Ok(sketch);
        }
        let accesses = Accesses::of(history, initial)?;
        sketch.cells = accesses.cells();
        let mut objects = Vec::new();
        for access in accesses.iter().filter(|access| access.is_possible()) {
            sketch.push_access(access, &mut objects);
        }
        Ok(sketch)
    }

    /// What the operation at this place reads.
    pub fn reads(&self, place: usize) -> &[Mention<'a>] {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.reads[begin as usize..self.ends[place].0 as usize]
    }

    /// What the operation at this place writes.
    pub fn writes(&self, place: usize) -> &[Mention<'a>] {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.writes[begin as usize..self.ends[place].1 as usize]
    }

    /// `objects` are the numbers of the objects, by those of the registers.
    fn push_access(&mut self, access: &Access<'a>, objects: &mut Vec<u32>) {
        let key = access.register() as usize;
        if objects.len() <= key {
            objects.resize(key + 1, NONE);
        }
        if objects[key] == NONE {
            objects[key] = self.objects.len() as u32;
            self.objects.push(access.key.map_or(Object::Only, Object::Key));
        }
        let object = objects[key];
        // A compare-and-set that took effect, as somebody may have seen, had found its old value.
        if let Some((cell, value)) = access.met() {
            self.reads.push(Mention { object, cell, value });
        }
        if let Some((cell, value)) = access.brings() {
            self.writes.push(Mention { object, cell, value });
        }
        self.end(access.operation);
    }

    fn push_effects(&mut self, effects: &Effects<'a>, numbers: &mut Numbers<'a>) {
        let Sketch { reads, writes, objects, .. } = self;
        reads.extend(effects.reads.iter().map(|read| numbers.mention(*read, objects)));
        writes.extend(effects.writes.iter().map(|write| numbers.mention(*write, objects)));
        self.end(effects.operation);
    }

    fn end(&mut self, operation: Operation<'a>) {
        self.operations.push(operation);
        self.ends.push((self.reads.len() as u32, self.writes.len() as u32));
    }
}

/// Numbers for objects and cells of transactions, whose values have none in the history.
#[derive(Default)]
struct Numbers<'a> {
    objects: FxHashMap<Object<'a>, u32>,
    cells: FxHashMap<(u32, &'a Value), u32>,
}

impl<'a> Numbers<'a> {
    fn mention(
        &mut self,
        (object, value): (Object<'a>, &'a Value),
        objects: &mut Vec<Object<'a>>,
    ) -> Mention<'a> {
        let object = *self.objects.entry(object).or_insert_with(|| {
            objects.push(object);
            objects.len() as u32 - 1
        });
        let next = self.cells.len() as u32;
        Mention { object, cell: *self.cells.entry((object, value)).or_insert(next), value }
    }
}
