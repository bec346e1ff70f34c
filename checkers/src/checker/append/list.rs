//! The lists of a history: who appended what to each, and what was read of it.

use perjury_histories::{Fate, History, Key, Operation, Value};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::checker::Undecided;
use crate::model::list_append;

/// One list.
pub(super) struct List<'a> {
    pub key: Option<&'a Key>,
    /// What anybody tried to append, or read.
    pub elements: Vec<Element<'a>>,
    /// Reads that are ok, in the order in which they began.
    pub reads: Vec<Read<'a>>,
    numbers: FxHashMap<&'a Value, u32>,
}

/// An element, with all that tried to append it.
pub(super) struct Element<'a> {
    pub value: &'a Value,
    pub appends: SmallVec<[Operation<'a>; 1]>,
    /// Where those of them began that may have happened, in order.
    begun: SmallVec<[usize; 1]>,
    /// How often it was there from the beginning.
    pub initial: usize,
}

/// A read that is ok.
pub(super) struct Read<'a> {
    pub operation: Operation<'a>,
    /// What it returned, by number.
    pub elements: Vec<u32>,
}

impl Read<'_> {
    /// The position at which it returned.
    pub fn ended(&self) -> usize {
        self.operation.returned_at().unwrap_or(self.operation.invoked_at())
    }
}

impl<'a> Element<'a> {
    /// Adds what tried to append it, in the order in which they began.
    fn append(&mut self, append: Operation<'a>) {
        self.appends.push(append);
        if append.fate() != Fate::Fail {
            self.begun.push(append.invoked_at());
        }
    }
}

impl<'a> List<'a> {
    fn of(key: Option<&'a Key>, initial: &'a [Value]) -> List<'a> {
        let mut list = List { key, elements: Vec::new(), reads: Vec::new(), numbers: FxHashMap::default() };
        for value in initial {
            let number = list.number(value);
            list.elements[number as usize].initial += 1;
        }
        list
    }

    /// The number of this value.
    fn number(&mut self, value: &'a Value) -> u32 {
        let next = self.elements.len() as u32;
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            let (appends, begun) = (SmallVec::new(), SmallVec::new());
            self.elements.push(Element { value, appends, begun, initial: 0 });
        }
        number
    }

    /// How often the element may be there at this position.
    pub fn possible(&self, element: u32, by: usize) -> usize {
        let Element { begun, initial, .. } = &self.elements[element as usize];
        initial + begun.partition_point(|position| *position < by)
    }
}

/// All lists, in the order in which they were first used. Errs on what is no operation on a list.
pub(super) fn all<'a>(history: &'a History, initial: &'a [Value]) -> Result<Vec<List<'a>>, Undecided> {
    let mut lists: Vec<List<'a>> = Vec::new();
    let mut places = FxHashMap::default();
    for operation in history.operations() {
        let (event, function) = (operation.index(), operation.function());
        if !matches!(function, "append" | "read") {
            match operation.fate() {
                Fate::Fail => continue,
                _ => return Err(format!("event {event}: {function} is no operation on a list")),
            }
        }
        let place = *places.entry(operation.key_id()).or_insert(lists.len());
        if place == lists.len() {
            lists.push(List::of(operation.key(), initial));
        }
        let list = &mut lists[place];
        if function == "append" {
            let element = list.number(operation.argument());
            list.elements[element as usize].append(operation);
        } else if let Some(result) = operation.result() {
            let elements = list_append::elements(result)
                .ok_or_else(|| format!("event {event}: the read of a list must return an array"))?;
            let elements = elements.iter().map(|value| list.number(value)).collect();
            list.reads.push(Read { operation, elements });
        }
    }
    Ok(lists)
}
