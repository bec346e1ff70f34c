//! Equal things once: each distinct one has a number, dense from 0 in the order of first appearance.
//!
//! A history repeats itself: a million operations know a handful of functions and keys, and often few
//! values. What is stored once is compared by number, and an event takes 32 bytes.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use serde_json::{Number, Value};

use crate::event::Key;

/// What can be told apart by a fingerprint first, and exactly then.
pub(crate) trait Interned {
    /// Equal for equal things.
    fn fingerprint(&self) -> u64;
    /// Whether they are the same, to the last bit: 0.0 is not -0.0.
    fn is_same(&self, other: &Self) -> bool;
}

/// The distinct things.
#[derive(Clone)]
pub(crate) struct Interner<T> {
    items: Vec<T>,
    places: HashTable<Place>,
}

/// Where a thing is, with its fingerprint: a growing table asks no thing again, however large it is.
#[derive(Clone, Copy)]
struct Place {
    number: u32,
    fingerprint: u32,
}

/// The half of a fingerprint that is kept.
fn folded(fingerprint: u64) -> u32 {
    (fingerprint >> 32) as u32 ^ fingerprint as u32
}

/// From the fingerprint to the 64 bits that a table wants to be spread.
fn spread(fingerprint: u32) -> u64 {
    u64::from(fingerprint).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl<T> Default for Interner<T> {
    fn default() -> Interner<T> {
        Interner { items: Vec::new(), places: HashTable::new() }
    }
}

impl<T: Interned> Interner<T> {
    /// The number of this thing, which is taken over if it is new.
    pub fn intern(&mut self, item: T) -> u32 {
        let fingerprint = item.fingerprint();
        match self.find(fingerprint, |known| known.is_same(&item)) {
            Some(number) => number,
            None => self.add(fingerprint, item),
        }
    }

    /// The number of the thing with this fingerprint which `is_it` recognizes, or else of a new one.
    pub fn find_or(&mut self, fingerprint: u64, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u32 {
        match self.find(fingerprint, is_it) {
            Some(number) => number,
            None => self.add(fingerprint, make()),
        }
    }

    fn find(&self, fingerprint: u64, is_it: impl Fn(&T) -> bool) -> Option<u32> {
        let fingerprint = folded(fingerprint);
        let is_there =
            |place: &Place| place.fingerprint == fingerprint && is_it(&self.items[place.number as usize]);
        self.places.find(spread(fingerprint), is_there).map(|place| place.number)
    }

    /// The numbers here of all that the other holds, by its numbers there.
    pub fn absorb(&mut self, other: Interner<T>) -> Vec<u32> {
        if self.items.is_empty() {
            *self = other;
            return (0..self.items.len() as u32).collect();
        }
        other.items.into_iter().map(|item| self.intern(item)).collect()
    }

    fn add(&mut self, fingerprint: u64, item: T) -> u32 {
        let place = Place { number: self.items.len() as u32, fingerprint: folded(fingerprint) };
        self.items.push(item);
        self.places.insert_unique(spread(place.fingerprint), place, |place| spread(place.fingerprint));
        place.number
    }

    /// The thing of this number.
    pub fn get(&self, number: u32) -> &T {
        &self.items[number as usize]
    }

    /// All of them, by number.
    pub fn items(&self) -> &[T] {
        &self.items
    }
}

impl Interned for String {
    fn fingerprint(&self) -> u64 {
        of_text(self)
    }

    fn is_same(&self, other: &String) -> bool {
        self == other
    }
}

impl Interned for Key {
    fn fingerprint(&self) -> u64 {
        match self {
            Key::Number(number) => of_integer(*number),
            Key::Name(name) => of_text(name),
        }
    }

    fn is_same(&self, other: &Key) -> bool {
        self == other
    }
}

impl Interned for Value {
    fn fingerprint(&self) -> u64 {
        match self {
            Value::Number(number) => number.as_i64().map_or_else(|| finish(self), of_integer),
            Value::String(text) => of_text(text),
            _ => finish(self),
        }
    }

    fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Number(left), Value::Number(right)) => is_same_number(left, right),
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.is_same(right))
            }
            (Value::Object(left), Value::Object(right)) => {
                let pairs = left.iter().zip(right);
                left.len() == right.len()
                    && pairs.into_iter().all(|(left, right)| left.0 == right.0 && left.1.is_same(right.1))
            }
            _ => self == other,
        }
    }
}

fn is_same_number(left: &Number, right: &Number) -> bool {
    match (left.is_f64(), right.is_f64()) {
        (true, true) => left.as_f64().map(f64::to_bits) == right.as_f64().map(f64::to_bits),
        _ => left == right,
    }
}

/// The fingerprint of a text, as a string, a function or the name of a key.
pub(crate) fn of_text(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// The fingerprint of an integer, as a value or a key.
pub(crate) fn of_integer(number: i64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_i64(number);
    hasher.finish()
}

fn finish(value: &Value) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_by_first_appearance() {
        let mut values: Interner<Value> = Interner::default();
        let texts = [json!(7), json!([1, 2]), json!(7), json!("7"), json!([1, 2]), json!(null)];
        let numbers = texts.map(|value| values.intern(value));
        assert_eq!(numbers, [0, 1, 0, 2, 1, 3]);
        assert_eq!(values.get(2), &json!("7"));
    }

    #[test]
    fn keeps_apart_what_is_written_differently() {
        let mut values: Interner<Value> = Interner::default();
        for value in [json!(0.0), json!(-0.0), json!(0), json!([0.0]), json!([-0.0]), json!({"a": -0.0})] {
            values.intern(value);
        }
        values.intern(json!({"a": 0.0}));
        assert_eq!(values.items().len(), 7);
    }

    #[test]
    fn finds_without_building() {
        let mut values: Interner<Value> = Interner::default();
        let place = values.intern(json!(-3));
        let again = values.find_or(of_integer(-3), |value| value.as_i64() == Some(-3), || unreachable!());
        assert_eq!(again, place);
    }

    #[test]
    fn absorbs_another() {
        let (mut left, mut right): (Interner<String>, Interner<String>) = Default::default();
        assert_eq!(["a", "b"].map(|text| left.intern(text.to_owned())), [0, 1]);
        assert_eq!(["c", "b"].map(|text| right.intern(text.to_owned())), [0, 1]);
        assert_eq!(left.absorb(right), [2, 1]);
        assert_eq!(left.items(), ["a", "b", "c"]);
    }
}
