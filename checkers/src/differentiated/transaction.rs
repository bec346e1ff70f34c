//! What leaves a transaction: the reads that come before its own writes, and its last write of each key.
//!
//! ```text
//! [["r","x",1],["w","x",2],["r","x",2],["w","x",3],["w","y",4]]      reads x = 1, writes x = 3 and y = 4
//! ```

use perjury_histories::{Fate, Operation, Value};
use smallvec::SmallVec;

use super::Object;
use super::sketch::Effects;
use crate::checker::Undecided;

/// What this transaction reads and writes; of one with unknown outcome, what it would have written.
pub(super) fn effects(operation: Operation<'_>) -> Result<Effects<'_>, Undecided> {
    let problem = |what: &str| format!("event {}: {what}", operation.index());
    if operation.function() != "txn" {
        return Err(problem(&format!("{} among transactions", operation.function())));
    }
    let mut effects = Effects { operation, reads: SmallVec::new(), writes: SmallVec::new() };
    let value = operation.result().unwrap_or(operation.argument());
    for step in value.as_array().ok_or_else(|| problem("a transaction must be an array"))? {
        let Some([name, key, value]) = step.as_array().map(Vec::as_slice) else {
            return Err(problem("a step of a transaction must be [function, key, value]"));
        };
        match (name.as_str(), value) {
            (Some("r"), value) => effects.read(Object::Value(key), value)?,
            (Some("w"), value) => effects.write(Object::Value(key), value),
            (Some("readAll"), Value::Object(all)) => {
                for (key, value) in all {
                    effects.read(Object::Text(key), value)?;
                }
            }
            (Some("writeSome"), Value::Object(some)) => {
                some.iter().for_each(|(key, value)| effects.write(Object::Text(key), value));
            }
            _ => return Err(problem(&format!("{step} is no step that reads or writes registers"))),
        }
    }
    Ok(effects)
}

impl<'a> Effects<'a> {
    fn read(&mut self, object: Object<'a>, value: &'a Value) -> Result<(), Undecided> {
        if self.operation.fate() != Fate::Ok {
            return Ok(());
        }
        match self.writes.iter().find(|(written, _)| *written == object) {
            Some((_, own)) if *own == value => {}
            Some((_, own)) => {
                let index = self.operation.index();
                return Err(format!("event {index}: reads {value} of {object} after it wrote {own} itself"));
            }
            None if self.reads.contains(&(object, value)) => {}
            None => self.reads.push((object, value)),
        }
        Ok(())
    }

    fn write(&mut self, object: Object<'a>, value: &'a Value) {
        match self.writes.iter_mut().find(|(written, _)| *written == object) {
            Some((_, last)) => *last = value,
            None => self.writes.push((object, value)),
        }
    }
}
