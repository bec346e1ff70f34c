//! Numbers for values as they come, so that facts about them can be kept in lists.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

/// No number yet.
const NONE: u32 = u32::MAX;

/// Equal values have equal numbers, dense from 0. Elements of arrays have no ids in a history, and sets are read
/// as arrays a million times: small integers, as elements mostly are, have their place in a table, and only others
/// are hashed.
pub(crate) struct Numbering<'a> {
    small: Vec<u32>,
    others: FxHashMap<&'a Value, u32>,
    values: Vec<&'a Value>,
}

impl<'a> Numbering<'a> {
    /// No value yet; integers below this will have a place in the table.
    pub fn with_table(integers: usize) -> Numbering<'a> {
        Numbering { small: vec![NONE; integers], others: FxHashMap::default(), values: Vec::new() }
    }

    /// The number of this value.
    pub fn number(&mut self, value: &'a Value) -> usize {
        let place = value.as_u64().and_then(|number| self.small.get_mut(usize::try_from(number).ok()?));
        let place = place.unwrap_or_else(|| self.others.entry(value).or_insert(NONE));
        if *place == NONE {
            *place = self.values.len() as u32;
            self.values.push(value);
        }
        *place as usize
    }

    /// All values, in the order of their numbers.
    pub fn values(&self) -> impl Iterator<Item = &'a Value> {
        self.values.iter().copied()
    }

    /// The value of this number.
    pub fn value(&self, number: usize) -> &'a Value {
        self.values[number]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_values_apart_and_finds_them_again() {
        let values =
            [json!(7), json!(-7), json!(99), json!(100), json!("word"), json!("7"), json!([7]), json!(7.0)];
        let mut numbering = Numbering::with_table(100);
        let numbers: Vec<usize> = values.iter().map(|value| numbering.number(value)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
        let again = values.clone();
        let found: Vec<usize> = again.iter().map(|value| numbering.number(value)).collect();
        assert_eq!(numbers, found);
        assert_eq!(numbering.value(3), &json!(100));
    }
}
