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
    /// Whether the set held it from the beginning.
    is_initial: bool,
}

const UNKNOWN: Element = Element { first: NONE, possible: NONE, acknowledged: NONE, is_initial: false };

impl<'a> Elements<'a> {
    /// The elements of a set that begins with these and to which these operations add, in the order of their
    /// invocations.
    pub fn of(initial: &'a [Value], adds: Vec<Operation<'a>>) -> Elements<'a> {
        let numbering = Numbering::with_table(TABLE_TIMES * adds.len() + 1024);
        let mut elements = Elements { adds: Vec::new(), numbering, list: Vec::new() };
        for value in initial {
            let number = elements.number(value);
            elements.list[number].is_initial = true;
        }
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
            self.list.push(UNKNOWN);
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

    /// Whether the set held this element from the beginning.
    pub fn is_initial(&self, number: usize) -> bool {
        self.list[number].is_initial
    }

    /// The position from which on this element may be there; none if nobody can have added it.
    pub fn tried_at(&self, number: usize) -> Option<usize> {
        let Element { possible, is_initial, .. } = self.list[number];
        let possible = || self.adds.get(possible as usize).map(Operation::invoked_at);
        if is_initial { Some(0) } else { possible() }
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
        let initial = [Value::from(9), Value::from(8)];
        let elements = Elements::of(&initial, history.operations().collect());
        let begin = |add: Option<Operation<'_>>| add.map(|add| add.invoked_at());
        let of = |number| {
            let (first, tried) = (elements.first(number), elements.tried_at(number));
            [begin(first), tried, begin(elements.acknowledged(number))]
        };
        // 9, 8, 7.
        assert_eq!(of(2), [Some(0), Some(2), Some(3)]);
        assert_eq!(of(1), [Some(6), Some(0), None]);
        assert_eq!(of(0), [None, Some(0), None]);
        assert_eq!([0, 1, 2].map(|number| elements.is_initial(number)), [true, true, false]);
    }
}
