//! Writes that come before a read of their key, although the read returned another one.
//!
//! ```text
//! write x = 1 ─────────────────────────┐
//! write x = 2 ──► write y ──► read y ──► read x = 1      2 is overtaken by 1, as this read shows
//! ```
//!
//! If 1 comes before 2, the read is stale. Otherwise 2 must come before 1 wherever this read is explained.

use std::cell::Cell;

use smallvec::SmallVec;

use crate::causality::Clocks;
use crate::causality::clocks::{Knowledge, place_in_leaf};
use crate::differentiated::{Differentiated, Source};

/// A write that a read had before it and did not return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overtake {
    /// The operation that reads.
    pub read: u32,
    /// Which key.
    pub key: u32,
    /// The operation whose write it did not return.
    pub passed: u32,
    /// The operation whose write it returned; none for the initial value.
    pub source: Option<u32>,
}

impl Overtake {
    /// Whether the value returned had been overwritten by the other.
    pub fn is_stale(&self, clocks: &Clocks) -> bool {
        self.source.is_none_or(|source| clocks.is_before(source, self.passed))
    }
}

/// The writers of each key, by chain, with their positions in it.
pub(crate) struct Writers<'d, 'a> {
    history: &'d Differentiated<'a>,
    /// The lists of key k are `lists[keys[k]..keys[k + 1]]`, by chain.
    keys: Vec<u32>,
    lists: Vec<List>,
    /// Positions in a chain, with what stands there.
    places: Vec<(u32, u32)>,
}

/// The writers of a key in a chain.
struct List {
    chain: u32,
    begin: u32,
    end: u32,
    /// How many of them came before who asked last: who asks next is mostly near.
    near: Cell<u32>,
}

impl<'d, 'a> Writers<'d, 'a> {
    /// Those of this history.
    pub fn of(history: &'d Differentiated<'a>) -> Writers<'d, 'a> {
        let mut place_of = vec![(0, 0); history.len()];
        for (number, chain) in (0..).zip(&history.chains) {
            (0..).zip(chain).for_each(|(position, &node)| place_of[node as usize] = (number, position));
        }
        let mut writers = Writers { history, keys: vec![0], lists: Vec::new(), places: Vec::new() };
        for of_key in &history.writers {
            let place = |&writer: &u32| (place_of[writer as usize], writer);
            let mut places: Vec<((u32, u32), u32)> = of_key.iter().map(place).collect();
            places.sort_unstable();
            for of_chain in places.chunk_by(|left, right| left.0.0 == right.0.0) {
                let begin = writers.places.len() as u32;
                writers.places.extend(of_chain.iter().map(|&((_, position), writer)| (position, writer)));
                let (chain, end) = (of_chain[0].0.0, writers.places.len() as u32);
                writers.lists.push(List { chain, begin, end, near: Cell::new(0) });
            }
            writers.keys.push(writers.lists.len() as u32);
        }
        writers
    }

    /// Of each of these operations and each key it reads: the last write of the key in each chain that comes
    /// before it, where that is not the one it returned, nor before the one it returned.
    pub fn overtakes<'s>(
        &'s self,
        clocks: &'s Clocks,
        nodes: impl IntoIterator<Item = u32> + 's,
    ) -> impl Iterator<Item = Overtake> + 's {
        let reads =
            nodes.into_iter().flat_map(|node| self.history.reads(node).iter().map(move |read| (node, read)));
        reads.filter(|(_, read)| read.source != Source::Nobody).flat_map(move |(node, read)| {
            let source = match read.source {
                Source::Node(source) => Some(source),
                Source::Initial | Source::Nobody => None,
            };
            let mut passed: SmallVec<[u32; 8]> = SmallVec::new();
            self.passed(clocks, node, source, read.key, &mut passed);
            passed.into_iter().map(move |passed| Overtake { read: node, key: read.key, passed, source })
        })
    }

    /// The last write of this key in each chain that comes before this operation, unless it is the source or
    /// before that. What both have from the same node of their clocks is passed over at once.
    fn passed(
        &self,
        clocks: &Clocks,
        node: u32,
        source: Option<u32>,
        key: u32,
        into: &mut SmallVec<[u32; 8]>,
    ) {
        let own = clocks.place(node);
        let lists = &self.lists[self.keys[key as usize] as usize..self.keys[key as usize + 1] as usize];
        let mut at = 0;
        while let Some(List { chain, .. }) = lists.get(at) {
            if *chain == own.0 {
                let known = source.map_or(0, |source| clocks.count(source, *chain));
                into.extend(self.last(&lists[at], known, own.1));
                at += 1;
                continue;
            }
            let until = match clocks.compare(node, source, *chain) {
                Knowledge::Same(until) => until,
                Knowledge::Counts([here, there]) => {
                    let place = place_in_leaf(*chain);
                    let known = match source.map(|source| clocks.place(source)) {
                        Some((of_source, position)) if of_source == *chain => position + 1,
                        _ => there[place],
                    };
                    into.extend(self.last(&lists[at], known, here[place]));
                    chain + 1
                }
            };
            let until = if own.0 > *chain { until.min(own.0) } else { until };
            let most = lists.len().min(at + (until - chain) as usize);
            at += lists[at..most].partition_point(|list| list.chain < until);
        }
    }

    /// The last of these writers among the first so many of their chain, unless it is among the first so many
    /// that are known.
    fn last(&self, list: &List, known: u32, bound: u32) -> Option<u32> {
        if bound <= known {
            return None;
        }
        let places = &self.places[list.begin as usize..list.end as usize];
        let before = partition_near(places, list.near.get() as usize, |&(position, _)| position < bound);
        list.near.set(before as u32);
        let (position, writer) = places[before.checked_sub(1)?];
        (position >= known).then_some(writer)
    }
}

/// The partition point of this list, which is sought from this place on.
fn partition_near<T>(list: &[T], near: usize, is_before: impl Fn(&T) -> bool) -> usize {
    let (mut low, mut high) = (0, list.len());
    let mut step = 1;
    if list.get(near).is_some_and(&is_before) {
        low = near + 1;
        while let Some(item) = list.get(low + step) {
            if !is_before(item) {
                high = low + step;
                break;
            }
            low += step + 1;
            step *= 2;
        }
    } else {
        high = high.min(near);
        while let Some(place) = high.checked_sub(step) {
            if is_before(&list[place]) {
                low = place + 1;
                break;
            }
            high = place;
            step *= 2;
        }
    }
    low + list[low..high].partition_point(is_before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_partition_point_from_anywhere() {
        for length in 0..20 {
            let list: Vec<usize> = (0..length).collect();
            for point in 0..=length {
                for near in 0..=length + 1 {
                    assert_eq!(partition_near(&list, near, |&item| item < point), point, "{length} {near}");
                }
            }
        }
    }
}
