//! The objects of a history: the operations of each key.

use perjury_histories::{Fate, History, Key, Operation, Value};

use crate::checker::Undecided;
use crate::linearizable::AnyModel;
use crate::model::{Call, Shape};

/// What happened to one object.
pub(in crate::checker) struct Object<'a> {
    /// Its key, if it has one.
    pub key: Option<&'a Key>,
    /// What happened or may have happened, in the order of the invocations.
    pub operations: Vec<Operation<'a>>,
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
    let mut keyless = Object { key: None, operations: Vec::new() };
    let mut objects: Vec<Option<Object<'a>>> = Vec::new();
    for operation in history.operations().filter(|operation| operation.fate() != Fate::Fail) {
        let object = match operation.key_id() {
            None => &mut keyless,
            Some(id) => {
                let number = id.0 as usize;
                if objects.len() <= number {
                    objects.resize_with(number + 1, || None);
                }
                let new = || Object { key: operation.key(), operations: Vec::new() };
                objects[number].get_or_insert_with(new)
            }
        };
        object.operations.push(operation);
    }
    let mut objects: Vec<Object<'a>> = objects.into_iter().flatten().collect();
    objects.sort_by_key(|object| object.key);
    match keyless.operations.first() {
        None => {}
        Some(first) if !objects.is_empty() => {
            let (index, function) = (first.index(), first.function());
            return Err(format!("event {index}: this {function} names no key, though other operations do"));
        }
        Some(_) => objects.push(keyless),
    }
    for object in &mut objects {
        object.forget_unrecorded(model, initial);
    }
    Ok(objects)
}

impl Object<'_> {
    /// Drops the reads of null of a register that cannot have held it: one that began with something else, and
    /// into which nobody wrote null. Their results were not recorded, as in the histories of Knossos.
    fn forget_unrecorded(&mut self, model: &dyn AnyModel, initial: &Value) {
        if model.shape() != Shape::Register || initial.is_null() {
            return;
        }
        let calls = || self.operations.iter().map(Call::of);
        if calls().any(|call| model.brings(&call).is_some_and(Value::is_null)) {
            return;
        }
        let is_recorded = |call: &Call<'_>| !(model.is_pure(call) && call.result.is_some_and(Value::is_null));
        let recorded: Vec<bool> = calls().map(|call| is_recorded(&call)).collect();
        let mut recorded = recorded.into_iter();
        self.operations.retain(|_| recorded.next().unwrap_or(true));
    }
}
