//! The elements of a set, and who tried to add each.

use perjury_histories::{Fate, Operation, Value};
use rustc_hash::FxHashMap;

/// Integers below so many times the number of adds have their place in a table; others are hashed.
const TABLE_TIMES: usize = 4;

/// No such element, or no such operation.
const NONE: u32 = u32::MAX;

/// All elements that are added or read, numbered as they come.
pub(super) struct Elements<'a> {
    /// All adds, in the order of their invocations.
    adds: Vec<Operation<'a>>,
    list: Vec<Element<'a>>,
    small: Vec<u32>,
    others: FxHashMap<&'a Value, u32>,
}

/// An element; its adds by their place among all of them.
#[derive(Clone, Copy)]
struct Element<'a> {
    value: &'a Value,
    /// The first add of it, whatever became of that.
    first: u32,
    /// The first that did not fail.
    possible: u32,
    /// The ok one that returned first.
    acknowledged: u32,
}

impl<'a> Elements<'a> {
    /// The elements that these operations add, in the order of their invocations.
    pub fn of(adds: Vec<Operation<'a>>) -> Elements<'a> {
        let small = vec![NONE; TABLE_TIMES * adds.len() + 1024];
        let mut elements =
            Elements { adds: Vec::new(), list: Vec::new(), small, others: FxHashMap::default() };
        for (place, add) in (0..NONE).zip(&adds) {
            let number = elements.number(add.argument());
            let element = &mut elements.list[number];
            if element.first == NONE {
                element.first = place;
            }
            if element.possible == NONE && add.fate() != Fate::Fail {
                element.possible = place;
            }
            let is_earlier =
                |other: u32| other == NONE || add.returned_at() < adds[other as usize].returned_at();
            if add.fate() == Fate::Ok && is_earlier(element.acknowledged) {
                element.acknowledged = place;
            }
        }
        elements.adds = adds;
        elements
    }

    /// The number of this element, which becomes known if it was not.
    pub fn number(&mut self, value: &'a Value) -> usize {
        let table = value.as_u64().and_then(|number| self.small.get_mut(usize::try_from(number).ok()?));
        let place = table.unwrap_or_else(|| self.others.entry(value).or_insert(NONE));
        if *place == NONE {
            *place = self.list.len() as u32;
            self.list.push(Element { value, first: NONE, possible: NONE, acknowledged: NONE });
        }
        *place as usize
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The element of this number.
    pub fn value(&self, number: usize) -> &'a Value {
        self.list[number].value
    }

    /// The first add of this element, whatever became of it.
    pub fn first(&self, number: usize) -> Option<Operation<'a>> {
        self.adds.get(self.list[number].first as usize).copied()
    }

    /// The first add of this element that did not fail.
    pub fn possible(&self, number: usize) -> Option<Operation<'a>> {
        self.adds.get(self.list[number].possible as usize).copied()
    }

    /// The ok add of this element that returned first.
    pub fn acknowledged(&self, number: usize) -> Option<Operation<'a>> {
        self.adds.get(self.list[number].acknowledged as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::history;

    #[test]
    fn tells_elements_apart_and_finds_them_again() {
        let history = history("0:add(_,7) 0:add(_,-7) 0:add(_,99999999) 0:add(_,word)");
        let values = [json!(7), json!(-7), json!(99_999_999), json!("word"), json!(8), json!([7])];
        let mut elements = Elements::of(history.operations().collect());
        let numbers: Vec<usize> = values.iter().map(|value| elements.number(value)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        assert_eq!((elements.len(), elements.value(5)), (6, &json!([7])));
    }

    #[test]
    fn knows_the_adds_of_each() {
        let history = history("0:add(_,7):fail 1:add(_,7)? 2:add(_,7)? 2:ok 1:ok 3:add(_,8):info");
        let elements = Elements::of(history.operations().collect());
        let begin = |add: Option<Operation<'_>>| add.map(|add| add.invoked_at());
        let of = |number| {
            let (first, possible) = (elements.first(number), elements.possible(number));
            [begin(first), begin(possible), begin(elements.acknowledged(number))]
        };
        assert_eq!(of(0), [Some(0), Some(2), Some(3)]);
        assert_eq!(of(1), [Some(6), Some(6), None]);
    }
}
