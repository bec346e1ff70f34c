//! Numbers for what a register holds: one for each pair of a key and a value.
//!
//! ```text
//! key  value   cell
//! x    1       0        write(x, 1), and a read of 1 from x
//! x    2       1
//! y    1       2
//! ```
//!
//! Facts about what was written then stand in lists, and nobody hashes a value. A history has numbers for its keys
//! and values already; only values inside others (those of a compare-and-set) are looked up.

use perjury_histories::{History, Key, Operation, Value, ValueId, Values};
use rustc_hash::FxHashMap;

use super::{Act, NONE, register};

/// The pairs met so far.
pub(crate) struct Cells<'a> {
    numbers: Numbers<'a>,
    keys: FxHashMap<&'a Key, u32>,
    is_known: Vec<bool>,
    /// Of each value, the first key that it was met with and their cell: mostly there is no other.
    first: Vec<(u32, u32)>,
    others: FxHashMap<(u32, u32), u32>,
    count: u32,
}

impl<'a> Cells<'a> {
    /// No pair yet.
    pub fn of(history: &'a History) -> Cells<'a> {
        let numbers = Numbers::of(history.values());
        let first = vec![(NONE, NONE); history.values().len()];
        Cells {
            numbers,
            keys: FxHashMap::default(),
            is_known: Vec::new(),
            first,
            others: FxHashMap::default(),
            count: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Makes the key of an operation known, and gives the number of its register.
    fn register(&mut self, operation: Operation<'a>) -> u32 {
        let register = register(operation);
        if self.is_known.len() <= register as usize {
            self.is_known.resize(register as usize + 1, false);
        }
        if !std::mem::replace(&mut self.is_known[register as usize], true)
            && let Some(key) = operation.key()
        {
            self.keys.insert(key, register);
        }
        register
    }

    /// The number of this key, if any operation named it.
    pub fn key_of(&self, key: Option<&Key>) -> Option<u32> {
        key.map_or(Some(0), |key| self.keys.get(key).copied())
    }

    /// What an operation met, and what it wrote.
    pub fn of_act(&mut self, operation: Operation<'a>, act: Act<'a>) -> (Option<u32>, Option<u32>) {
        let key = self.register(operation);
        match act {
            Act::Read(_) => {
                let seen = operation.result_id().map(|id| self.numbers.of_id(id));
                (seen.map(|value| self.cell(key, value)), None)
            }
            Act::Write(value) if std::ptr::eq(value, operation.argument()) => {
                let value = self.numbers.of_id(operation.argument_id());
                (None, Some(self.cell(key, value)))
            }
            Act::Write(value) => (None, Some(self.of_value(key, value))),
            Act::Cas(old, new) => (Some(self.of_value(key, old)), Some(self.of_value(key, new))),
            Act::Change => (None, None),
        }
    }

    fn of_value(&mut self, key: u32, value: &'a Value) -> u32 {
        let value = self.numbers.of_value(value);
        self.cell(key, value)
    }

    fn cell(&mut self, key: u32, value: u32) -> u32 {
        if self.first.len() <= value as usize {
            self.first.resize(value as usize + 1, (NONE, NONE));
        }
        let first = &mut self.first[value as usize];
        let cell = match first.0 {
            NONE => {
                *first = (key, NONE);
                &mut first.1
            }
            known if known == key => &mut first.1,
            _ => self.others.entry((key, value)).or_insert(NONE),
        };
        if *cell == NONE {
            *cell = self.count;
            self.count += 1;
        }
        *cell
    }
}

/// Numbers for values: equal ones have equal numbers.
struct Numbers<'a> {
    values: Values<'a>,
    /// Beyond the ids of the history: made when the first value without an id is asked for.
    others: FxHashMap<&'a Value, u32>,
    next: u32,
}

impl<'a> Numbers<'a> {
    fn of(values: Values<'a>) -> Numbers<'a> {
        Numbers { values, others: FxHashMap::default(), next: values.len() as u32 }
    }

    /// The number of a value with an id: that, unless an equal one may have another id, as 0.0 and -0.0 have.
    fn of_id(&mut self, id: ValueId) -> u32 {
        match self.values.get(id) {
            Value::Null | Value::Bool(_) | Value::String(_) => id.0,
            Value::Number(number) if !number.is_f64() => id.0,
            value => self.of_value(value),
        }
    }

    fn of_value(&mut self, value: &'a Value) -> u32 {
        if self.others.is_empty() {
            self.others = self.values.iter().map(|(id, value)| (value, id.0)).collect();
        }
        *self.others.entry(value).or_insert_with(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::access::Accesses;
    use crate::testing::history;

    /// Whether the last access met what the first one writes.
    fn is_met(text: &str) -> bool {
        let history = history(text);
        let null = perjury_histories::Value::Null;
        let accesses = Accesses::of(&history, &null).expect("registers");
        let written = accesses.iter().next().and_then(|write| write.brings().map(|(cell, _)| cell));
        let met = accesses.iter().last().and_then(|last| last.cell());
        assert!(written.is_some() && met.is_some(), "{text}");
        let writers = accesses.writers(met).count();
        assert_eq!(writers > 0, written == met, "{text}");
        written == met
    }

    #[test]
    fn are_one_for_each_key_and_value() {
        assert!(is_met("0:write(x,1) 1:read(x)=1"));
        assert!(!is_met("0:write(x,1) 1:read(x)=2"));
        assert!(!is_met("0:write(x,1) 1:read(y)=1"));
        assert!(is_met("0:write(_,1) 1:read()=1"));
        assert!(!is_met("0:write(x,1) 1:read()=1"));
    }

    #[test]
    fn know_values_within_values_and_those_of_two_ids() {
        assert!(is_met("0:cas(x,[1,2]) 1:read(x)=2"));
        assert!(is_met("0:write(x,[7]) 1:cas(x,[[7],2])"));
        assert!(is_met("0:delete(x) 1:read(x)=null"));
        assert!(is_met("0:write(x,0.0) 1:read(x)=-0.0"));
        assert!(!is_met("0:write(x,0.0) 1:read(x)=0"));
    }
}
