//! The objects of a history: the operations of each key.

use perjury_histories::{Fate, History, Key, Operation, Value};

use crate::checker::Undecided;
use crate::linearizable::problem;
use crate::linearizable::{AnyModel, Problem};
use crate::model::{Call, Shape};

/// What happened to one object.
#[derive(Default)]
pub(in crate::checker) struct Object<'a> {
    /// Its key, if it has one.
    pub key: Option<&'a Key>,
    /// What happened or may have happened, in the order of the invocations.
    pub operations: Vec<Operation<'a>>,
    /// The same, as a problem.
    pub problem: Problem<'a>,
}

/// The operations of one object so far, and their problem.
#[derive(Default)]
struct Builder<'a> {
    operations: Vec<Operation<'a>>,
    problem: problem::Builder<'a>,
}

/// The objects of a history, sorted by key.
///
/// Errs where some operations name a key and others do not: these may be about an object of its own, or about
/// all of them, such as a read of all elements where each has a key.
pub(in crate::checker) fn of<'a>(
    history: &'a History,
    model: &dyn AnyModel,
    initial: &Value,
) -> Result<Vec<Object<'a>>, Undecided> {
    let possible = || history.operations().filter(|operation| operation.fate() != Fate::Fail);
    let mut counts: Vec<usize> = Vec::new();
    for number in history.operations().map(number) {
        if counts.len() <= number {
            counts.resize(number + 1, 0);
        }
        counts[number] += 1;
    }
    // One pass over the history for all objects: a pass for each would jump through it.
    let mut builders: Vec<Builder<'a>> = counts.into_iter().map(Builder::with_room).collect();
    for operation in possible() {
        let builder = &mut builders[number(operation)];
        builder.operations.push(operation);
        builder.problem.push(operation);
    }
    let mut objects: Vec<Object<'a>> = builders.into_iter().filter_map(Builder::finish).collect();
    objects.sort_by_key(|object| object.key);
    if let [Object { key: None, operations, .. }, _, ..] = &objects[..]
        && let Some(first) = operations.first()
    {
        let (index, function) = (first.index(), first.function());
        return Err(format!("event {index}: this {function} names no key, though other operations do"));
    }
    for object in &mut objects {
        object.forget_unrecorded(model, initial);
    }
    Ok(objects)
}

/// The number of the object that an operation is about.
fn number(operation: Operation<'_>) -> usize {
    operation.key_id().map_or(0, |id| id.0 as usize + 1)
}

impl<'a> Builder<'a> {
    fn with_room(operations: usize) -> Builder<'a> {
        let problem = problem::Builder::with_room(operations);
        Builder { operations: Vec::with_capacity(operations), problem }
    }

    /// The object, unless nothing happened to it.
    fn finish(self) -> Option<Object<'a>> {
        let key = self.operations.first()?.key();
        Some(Object { key, operations: self.operations, problem: self.problem.finish() })
    }
}

impl Object<'_> {
    /// Drops the reads of null of a register that cannot have held it: one that began with something else, and
    /// into which nobody wrote null. Their results were not recorded, as in the histories of Knossos.
    fn forget_unrecorded(&mut self, model: &dyn AnyModel, initial: &Value) {
        if model.shape() != Shape::Register || initial.is_null() {
            return;
        }
        let calls = &self.problem.calls;
        if calls.iter().any(|call| model.brings(call).is_some_and(Value::is_null)) {
            return;
        }
        let is_recorded = |call: &Call<'_>| !(model.is_pure(call) && call.result.is_some_and(Value::is_null));
        if calls.iter().all(is_recorded) {
            return;
        }
        let recorded: Vec<bool> =
            self.problem.ops.iter().map(|op| is_recorded(self.problem.call(op))).collect();
        let mut recorded = recorded.into_iter();
        self.operations.retain(|_| recorded.next().unwrap_or(true));
        self.problem = Problem::of(self.operations.iter().copied());
    }
}
