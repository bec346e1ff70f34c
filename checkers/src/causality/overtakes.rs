//! Writes that come before a read of their key, although the read returned another one.
//!
//! ```text
//! write x = 1 ─────────────────────────┐
//! write x = 2 ──► write y ──► read y ──► read x = 1      2 is overtaken by 1, as this read shows
//! ```
//!
//! If 1 comes before 2, the read is stale. Otherwise 2 must come before 1 wherever this read is explained.

use crate::causality::Clocks;
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
    by_key: Vec<Vec<(u32, Places)>>,
}

/// Positions in a chain, with what stands there.
type Places = Vec<(u32, u32)>;

impl<'d, 'a> Writers<'d, 'a> {
    /// Those of this history.
    pub fn of(history: &'d Differentiated<'a>) -> Writers<'d, 'a> {
        let mut place_of = vec![(0, 0); history.nodes.len()];
        for (number, chain) in (0..).zip(&history.chains) {
            (0..).zip(chain).for_each(|(position, &node)| place_of[node as usize] = (number, position));
        }
        let sorted = history.writers.iter().map(|writers| {
            let mut places: Vec<(u32, u32, u32)> = writers
                .iter()
                .map(|&writer| {
                    let (chain, position) = place_of[writer as usize];
                    (chain, position, writer)
                })
                .collect();
            places.sort_unstable();
            let chains = places.chunk_by(|left, right| left.0 == right.0);
            chains.map(|of| (of[0].0, of.iter().map(|place| (place.1, place.2)).collect())).collect()
        });
        Writers { history, by_key: sorted.collect() }
    }

    /// Of each of these operations and each key it reads: the last write of the key in each chain that comes
    /// before it, where that is not the one it returned, nor before the one it returned.
    pub fn overtakes<'s>(
        &'s self,
        clocks: &'s Clocks,
        nodes: impl IntoIterator<Item = u32> + 's,
    ) -> impl Iterator<Item = Overtake> + 's {
        let reads = nodes
            .into_iter()
            .flat_map(|node| self.history.nodes[node as usize].reads.iter().map(move |read| (node, read)));
        reads.filter(|(_, read)| read.source != Source::Nobody).flat_map(move |(node, read)| {
            let source = match read.source {
                Source::Node(source) => Some(source),
                Source::Initial | Source::Nobody => None,
            };
            let passed = self.last(clocks, node, read.key);
            let passed = passed.filter(move |&passed| {
                source.is_none_or(|source| passed != source && !clocks.is_before(passed, source))
            });
            passed.map(move |passed| Overtake { read: node, key: read.key, passed, source })
        })
    }

    /// The last write of this key in each chain that comes before this operation.
    fn last<'s>(&'s self, clocks: &'s Clocks, node: u32, key: u32) -> impl Iterator<Item = u32> + 's {
        let (own, place) = clocks.place(node);
        self.by_key[key as usize].iter().filter_map(move |(chain, writers)| {
            let bound = if *chain == own { place } else { clocks.count(node, *chain) };
            let before = writers.partition_point(|&(position, _)| position < bound);
            before.checked_sub(1).map(|last| writers[last].1)
        })
    }
}
