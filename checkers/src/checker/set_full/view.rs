//! All reads of one copy of a set, and which element is in which.

use std::collections::BTreeMap;

use perjury_histories::{Operation, Value};

use super::elements::Elements;

/// Not in any read.
const NONE: u32 = u32::MAX;

/// An ok read and what it returned.
#[derive(Clone, Copy)]
pub(super) struct Read<'a> {
    pub operation: Operation<'a>,
    pub elements: &'a [Value],
}

impl Read<'_> {
    /// The position by which it had returned.
    pub fn ended(&self) -> usize {
        self.operation.returned_at().unwrap_or(self.operation.invoked_at())
    }
}

/// The ok reads of one copy, in the order in which they began. Never empty.
pub(super) struct View<'a> {
    /// The node whose copy it is, where reads are of one node each.
    pub node: Option<&'a str>,
    pub reads: Vec<Read<'a>>,
    /// Of each read, the position by which it and all that began after it had returned.
    pub ended_from: Vec<usize>,
}

/// Which element is in which reads; reads by their place among those of the view.
pub(super) struct Seen {
    presence: Vec<Presence>,
    /// Elements that are twice or more in one read, with the first such read, and how often.
    pub duplicated: Vec<(usize, usize, u32)>,
    /// Elements that are in a read and should not, with the first such read.
    pub unexpected: Vec<(usize, usize)>,
}

/// In which reads an element is.
#[derive(Clone, Copy)]
struct Presence {
    /// The last one.
    last: u32,
    /// The first one from which on it is in all up to the last.
    since: u32,
    /// The one that returned first.
    first_ended: u32,
    /// The one that was looked at last, and how often it was there.
    current: u32,
    times: u32,
}

impl<'a> View<'a> {
    /// The view of these reads.
    pub fn of(node: Option<&'a str>, reads: Vec<Read<'a>>) -> View<'a> {
        let mut ended_from: Vec<usize> = reads.iter().map(Read::ended).collect();
        for place in (1..ended_from.len()).rev() {
            ended_from[place - 1] = ended_from[place - 1].max(ended_from[place]);
        }
        View { node, reads, ended_from }
    }

    /// Looks for every element in every read, the last read first.
    pub fn seen(&self, elements: &mut Elements<'a>) -> Seen {
        const ABSENT: Presence =
            Presence { last: NONE, since: NONE, first_ended: NONE, current: NONE, times: 0 };
        let mut presence = vec![ABSENT; elements.len()];
        let (mut duplicated, mut unexpected) = (BTreeMap::new(), BTreeMap::new());
        for (place, read) in (0..NONE).zip(&self.reads).rev() {
            let ended = read.ended();
            for value in read.elements {
                let number = elements.number(value);
                if number == presence.len() {
                    presence.push(ABSENT);
                }
                let here = &mut presence[number];
                if here.current == place {
                    here.times += 1;
                    duplicated.insert(number, (place as usize, here.times));
                    continue;
                }
                (here.current, here.times) = (place, 1);
                if elements.tried_at(number).is_none_or(|tried| tried > ended) {
                    // It says nothing of what was added later.
                    unexpected.insert(number, place as usize);
                    continue;
                }
                if here.last == NONE {
                    (here.last, here.since, here.first_ended) = (place, place, place);
                } else if here.since == place + 1 {
                    here.since = place;
                }
                if ended < self.reads[here.first_ended as usize].ended() {
                    here.first_ended = place;
                }
            }
        }
        let duplicated =
            duplicated.into_iter().map(|(number, (place, times))| (number, place, times)).collect();
        Seen { presence, duplicated, unexpected: unexpected.into_iter().collect() }
    }
}

impl Seen {
    /// The last read with this element.
    pub fn last(&self, number: usize) -> Option<usize> {
        self.get(number, |presence| presence.last)
    }

    /// The first read from which on this element is in all up to the last with it.
    pub fn since(&self, number: usize) -> Option<usize> {
        self.get(number, |presence| presence.since)
    }

    /// The read with this element that returned first.
    pub fn first_ended(&self, number: usize) -> Option<usize> {
        self.get(number, |presence| presence.first_ended)
    }

    fn get(&self, number: usize, field: impl Fn(&Presence) -> u32) -> Option<usize> {
        let place = self.presence.get(number).map(field).filter(|place| *place != NONE);
        place.map(|place| place as usize)
    }
}
