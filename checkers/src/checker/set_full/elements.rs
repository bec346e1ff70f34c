//! The elements of a set, and who tried to add each.

use perjury_histories::{Fate, Operation, Value};

use crate::numbering::Numbering;

/// Integers below so many times the number of adds need not be hashed.
const TABLE_TIMES: usize = 4;

/// No such operation.
const NONE: u32 = u32::MAX;

/// All elements that are added or read, numbered as they come.
pub(super) struct Elements<'a> {
    /// All adds, in the order of their invocations.
    adds: Vec<Operation<'a>>,
    numbering: Numbering<'a>,
    list: Vec<Element>,
}

/// The adds of an element by their place among all of them.
#[derive(Clone, Copy)]
struct Element {
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
        let numbering = Numbering::with_table(TABLE_TIMES * adds.len() + 1024);
        let mut elements = Elements { adds: Vec::new(), numbering, list: Vec::new() };
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
        let number = self.numbering.number(value);
        if number == self.list.len() {
            self.list.push(Element { first: NONE, possible: NONE, acknowledged: NONE });
        }
        number
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The element of this number.
    pub fn value(&self, number: usize) -> &'a Value {
        self.numbering.value(number)
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
    use super::*;
    use crate::testing::history;

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
