//! A tree of hashes over the ring, by which two replicas find out where they differ (Merkle 1987; DeCandia et al.
//! 2007, section 4.7).
//!
//! ```text
//! depth 0   the whole ring
//! depth 1   16 ranges of it            each hash is that of the 16 hashes below it
//!   …
//! depth 4   65 536 ranges: leaves      each hash is the exclusive or of the hashes of its entries
//! ```
//!
//! Who compares roots, then the hashes below those that differ, has found a differing leaf among 65 536 after 64
//! hashes. A write changes one leaf, and makes stale the four hashes above it; they are made anew when somebody asks
//! for them. Nothing is stored of a range that holds nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Ranges into which a range above the leaves is divided.
pub const FAN_OUT: usize = 16;
/// How far below the whole ring the leaves are.
const DEPTH: u8 = 4;
/// Bits of a position by which the ranges of one depth are told apart, a level.
const BITS: u8 = 4;

/// The hashes right below a range, in ring order; zero: nothing is there.
pub type Children = [u64; FAN_OUT];

/// A range of the ring: one of `16^depth` equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    depth: u8,
    /// Which of its depth, in ring order.
    number: u16,
}

impl Range {
    /// The whole ring.
    pub const WHOLE: Range = Range { depth: 0, number: 0 };

    /// The leaf of this number; all numbers are of one.
    pub fn leaf(number: u16) -> Range {
        Range { depth: DEPTH, number }
    }

    /// The leaf with this position on the ring.
    pub fn leaf_at(position: u64) -> Range {
        Range::leaf((position >> (64 - DEPTH * BITS)) as u16)
    }

    /// Which leaf it is; none: it is divided further.
    pub fn as_leaf(self) -> Option<u16> {
        (self.depth == DEPTH).then_some(self.number)
    }

    /// The positions in it.
    pub fn positions(self) -> RangeInclusive<u64> {
        let leaves = self.leaves();
        let bits = 64 - DEPTH * BITS;
        u64::from(*leaves.start()) << bits..=u64::from(*leaves.end()) << bits | u64::MAX >> (DEPTH * BITS)
    }

    /// Whether there is such a range above the leaves: what comes from another node may be anything.
    fn is_inner(self) -> bool {
        self.depth < DEPTH && u32::from(self.number) < 1 << (self.depth * BITS)
    }

    fn children(self) -> [Range; FAN_OUT] {
        let first = self.number << BITS;
        std::array::from_fn(|child| Range { depth: self.depth + 1, number: first + child as u16 })
    }

    fn parent(self) -> Option<Range> {
        Some(Range { depth: self.depth.checked_sub(1)?, number: self.number >> BITS })
    }

    fn leaves(self) -> RangeInclusive<u16> {
        let bits = u32::from((DEPTH - self.depth) * BITS);
        let first = u32::from(self.number) << bits;
        first as u16..=(first + (1 << bits) - 1) as u16
    }
}

/// The hashes of a set of entries, each with a position and a hash of its own.
///
/// - Trees of the same set are equal, in whatever order its entries came.
/// - An inner hash that is kept is that of the hashes below it, as they are now (with the safeguard `tree_hash_fresh`
///   on).
#[derive(Debug)]
pub struct Tree {
    leaves: BTreeMap<u16, u64>,
    inner: BTreeMap<Range, u64>,
    fresh: bool,
    /// An inner hash is that of what was there before.
    stale: bool,
}

impl Tree {
    /// The tree of nothing. With `fresh`, an entry that comes or goes makes stale what stands above it.
    pub fn new(fresh: bool) -> Tree {
        Tree { leaves: BTreeMap::new(), inner: BTreeMap::new(), fresh, stale: false }
    }

    /// Whether it would be compared by a hash of what was there before.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// Takes an entry in, or out again.
    pub fn toggle(&mut self, position: u64, hash: u64) {
        let leaf = Range::leaf_at(position);
        let sum = self.leaves.entry(leaf.number).or_default();
        *sum ^= hash;
        if *sum == 0 {
            self.leaves.remove(&leaf.number);
        }
        for above in std::iter::successors(leaf.parent(), |range| range.parent()) {
            if self.fresh {
                self.inner.remove(&above);
            } else {
                self.stale |= self.inner.contains_key(&above);
            }
        }
    }

    /// The hash of everything.
    pub fn root(&mut self) -> u64 {
        self.hash(Range::WHOLE)
    }

    /// The hashes right below these ranges.
    pub fn below(&mut self, ranges: impl IntoIterator<Item = Range>) -> Vec<(Range, Children)> {
        ranges.into_iter().map(|range| (range, self.children(range))).collect()
    }

    /// The ranges whose hash another tree has otherwise, given some of its hashes.
    pub fn differing(&mut self, theirs: &[(Range, Children)]) -> BTreeSet<Range> {
        let mut differing = BTreeSet::new();
        for (range, theirs) in theirs.iter().filter(|(range, _)| range.is_inner()) {
            let both = theirs.iter().zip(self.children(*range)).zip(range.children());
            differing.extend(both.filter(|((theirs, ours), _)| *theirs != ours).map(|(_, child)| child));
        }
        differing
    }

    fn children(&mut self, range: Range) -> Children {
        range.children().map(|child| self.hash(child))
    }

    fn hash(&mut self, range: Range) -> u64 {
        if let Some(leaf) = range.as_leaf() {
            return self.leaves.get(&leaf).copied().unwrap_or_default();
        }
        if let Some(&kept) = self.inner.get(&range) {
            return kept;
        }
        if self.leaves.range(range.leaves()).next().is_none() {
            return 0;
        }
        let mut bytes = [0; FAN_OUT * 8];
        for (bytes, child) in bytes.chunks_exact_mut(8).zip(self.children(range)) {
            bytes.copy_from_slice(&child.to_le_bytes());
        }
        let hash = xxh3_64(&bytes);
        self.inner.insert(range, hash);
        hash
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Entries: a position, and the hash of what is there.
    type Entries = BTreeMap<u64, u64>;

    fn tree(entries: &Entries) -> Tree {
        let mut tree = Tree::new(true);
        entries.iter().for_each(|(&position, &hash)| tree.toggle(position, hash));
        tree
    }

    /// The leaves that differ, as two replicas find them, and how many hashes that took.
    fn found(ours: &mut Tree, theirs: &mut Tree) -> (BTreeSet<u16>, usize) {
        let (mut asked, mut hashes) = (BTreeSet::from([Range::WHOLE]), 0);
        if ours.root() == theirs.root() {
            return (BTreeSet::new(), hashes);
        }
        for _ in 0..DEPTH {
            let below = theirs.below(asked);
            hashes += below.len() * FAN_OUT;
            asked = ours.differing(&below);
        }
        (asked.into_iter().filter_map(Range::as_leaf).collect(), hashes)
    }

    /// The leaves that differ, as who knows both sets says.
    fn expected(ours: &Entries, theirs: &Entries) -> BTreeSet<u16> {
        let differs = |position: &&u64| ours.get(position) != theirs.get(position);
        let positions = ours.keys().chain(theirs.keys()).filter(differs);
        positions.filter_map(|&position| Range::leaf_at(position).as_leaf()).collect()
    }

    /// Positions anywhere, and in few leaves; hashes that none but a lost entry has.
    fn entries() -> impl Strategy<Value = Entries> {
        let near = (0..3u64, 0..4u64).prop_map(|(leaf, key)| leaf << 48 | key);
        let position = prop_oneof![near, any::<u64>(), Just(u64::MAX), Just((1 << 48) - 1)];
        prop::collection::btree_map(position, 1..u64::MAX, 0..40)
    }

    proptest! {
        #[test]
        fn finds_exactly_the_leaves_that_differ(common in entries(), ours in entries(), theirs in entries()) {
            let with = |more: &Entries| common.iter().chain(more).map(|(k, v)| (*k, *v)).collect::<Entries>();
            let (ours, theirs) = (with(&ours), with(&theirs));
            let (found, _) = found(&mut tree(&ours), &mut tree(&theirs));
            prop_assert_eq!(found, expected(&ours, &theirs));
        }

        #[test]
        fn a_tree_that_was_changed_is_that_of_what_is_there(before in entries(), after in entries()) {
            let mut changed = tree(&before);
            let asked_meanwhile = changed.root();
            prop_assert_eq!(asked_meanwhile == 0, before.is_empty());
            for (&position, &hash) in before.iter().chain(&after) {
                changed.toggle(position, hash);
            }
            let mut fresh = tree(&after);
            prop_assert_eq!(changed.root(), fresh.root());
            prop_assert_eq!(found(&mut changed, &mut fresh), (BTreeSet::new(), 0));
        }
    }

    #[test]
    fn one_difference_is_found_after_sixty_four_hashes() {
        let all: Entries = (0..1_000_u64).map(|key| (xxh3_64(&key.to_le_bytes()), key + 1)).collect();
        let (&lost, _) = all.iter().nth(500).unwrap();
        let mut fewer = all.clone();
        fewer.remove(&lost);
        let leaf = Range::leaf_at(lost).as_leaf().unwrap();
        assert_eq!(found(&mut tree(&all), &mut tree(&fewer)), (BTreeSet::from([leaf]), 64));
    }

    #[test]
    fn without_the_safeguard_a_hash_stays_as_it_was_compared() {
        let mut tree = Tree::new(false);
        tree.toggle(1, 7);
        assert!(!tree.is_stale());
        let compared = tree.root();
        tree.toggle(2, 8);
        assert_eq!((tree.root(), tree.is_stale()), (compared, true));
    }

    #[test]
    fn a_small_tree_takes_little_room() {
        let mut tree = tree(&BTreeMap::from([(1, 1), (u64::MAX, 2)]));
        tree.root();
        assert_eq!((tree.leaves.len(), tree.inner.len()), (2, 7));
    }

    #[test]
    fn ranges_that_are_none_are_passed_over() {
        let hostile = [Range::leaf(3), Range { depth: 9, number: 0 }, Range { depth: 1, number: 16 }];
        assert!(Tree::new(true).differing(&hostile.map(|range| (range, [7; FAN_OUT]))).is_empty());
    }

    #[test]
    fn the_positions_of_leaves_are_those_of_the_ring() {
        assert_eq!(Range::WHOLE.positions(), 0..=u64::MAX);
        assert_eq!(Range::leaf(0).positions(), 0..=(1 << 48) - 1);
        assert_eq!(Range::leaf(u16::MAX).positions(), u64::from(u16::MAX) << 48..=u64::MAX);
    }
}
