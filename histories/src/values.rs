//! The distinct values of a history, and the numbers that stand for what is stored once.
//!
//! Within one history equal ids mean equal things, and different ids different ones, written differently if
//! nothing else (0.0 and -0.0). They are dense from 0, so that facts about values can be kept in a `Vec`.
//! Between histories they mean nothing.

use serde_json::Value;

/// The number of a value within a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

/// The number of a key within a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// The number of a function within a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// The distinct values of a history: of arguments, results and errors.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a>(pub(crate) &'a [Value]);

impl<'a> Values<'a> {
    /// The value with this id.
    ///
    /// # Panics
    ///
    /// When the id is of another history, and higher than any here.
    pub fn get(self, id: ValueId) -> &'a Value {
        &self.0[id.0 as usize]
    }

    /// How many there are: all ids are below this.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of their ids.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (ValueId, &'a Value)> {
        self.0.iter().enumerate().map(|(id, value)| (ValueId(id as u32), value))
    }
}
