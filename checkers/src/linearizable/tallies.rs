//! How many operations of unknown outcome of each class a configuration has used: vectors of counts, as
//! numbers.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// The vectors met so far; number 0 is that of nothing used.
pub(super) struct Tallies {
    classes: usize,
    /// One row of counts after the other.
    counts: Vec<u32>,
    totals: Vec<u32>,
    /// One row after the other: the number of the vector with one more of this class.
    successors: Vec<u32>,
    numbers: HashTable<u32>,
    /// From so many counts on it is time to forget.
    large: usize,
}

const LARGE_MIN: usize = 1 << 18;

const UNKNOWN: u32 = u32::MAX;

impl Tallies {
    pub fn new(classes: usize) -> Tallies {
        let mut tallies = Tallies {
            classes,
            counts: Vec::new(),
            totals: Vec::new(),
            successors: Vec::new(),
            numbers: HashTable::new(),
            large: LARGE_MIN,
        };
        tallies.number(&vec![0; classes]);
        tallies
    }

    /// The counts of a vector.
    pub fn counts(&self, tally: u32) -> &[u32] {
        let begin = tally as usize * self.classes;
        &self.counts[begin..begin + self.classes]
    }

    /// The count of this class.
    pub fn count(&self, tally: u32, class: u32) -> u32 {
        self.counts[tally as usize * self.classes + class as usize]
    }

    /// The sum of its counts.
    pub fn total(&self, tally: u32) -> u32 {
        self.totals[tally as usize]
    }

    /// Whether no count exceeds that of the other.
    pub fn is_at_most(&self, left: u32, right: u32) -> bool {
        left == right
            || self.total(left) < self.total(right)
                && self.counts(left).iter().zip(self.counts(right)).all(|(left, right)| left <= right)
    }

    /// The vector with one more of this class.
    pub fn with(&mut self, tally: u32, class: u32) -> u32 {
        let place = tally as usize * self.classes + class as usize;
        if self.successors[place] == UNKNOWN {
            let mut counts = self.counts(tally).to_vec();
            counts[class as usize] += 1;
            self.successors[place] = self.number(&counts);
        }
        self.successors[place]
    }

    pub fn is_large(&self) -> bool {
        self.counts.len() >= self.large
    }

    /// Forgets all vectors but these, which get new numbers.
    pub fn keep(&mut self, tallies: &mut [&mut u32]) {
        let mut kept = Tallies::new(self.classes);
        for tally in tallies {
            **tally = kept.number(self.counts(**tally));
        }
        kept.large = LARGE_MIN.max(2 * kept.counts.len());
        *self = kept;
    }

    fn number(&mut self, counts: &[u32]) -> u32 {
        let hash = FxBuildHasher.hash_one(counts);
        let of = |tally: &u32| {
            let begin = *tally as usize * self.classes;
            &self.counts[begin..begin + self.classes]
        };
        if let Some(&tally) = self.numbers.find(hash, |tally| of(tally) == counts) {
            return tally;
        }
        let tally = self.totals.len() as u32;
        self.counts.extend_from_slice(counts);
        self.totals.push(counts.iter().sum());
        self.successors.resize(self.successors.len() + self.classes, UNKNOWN);
        let of = |tally: &u32| {
            let begin = *tally as usize * self.classes;
            &self.counts[begin..begin + self.classes]
        };
        self.numbers.insert_unique(hash, tally, |tally| FxBuildHasher.hash_one(of(tally)));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_equal_vectors_one_number() {
        let mut tallies = Tallies::new(2);
        let (left, right) = (tallies.with(0, 0), tallies.with(0, 1));
        let both = tallies.with(left, 1);
        assert_eq!(both, tallies.with(right, 0));
        assert_eq!((tallies.counts(both), tallies.total(both)), (&[1, 1][..], 2));
    }

    #[test]
    fn keeps_what_is_still_used() {
        let mut tallies = Tallies::new(2);
        let left = tallies.with(0, 0);
        let (mut both, mut more) = (tallies.with(left, 1), tallies.with(left, 0));
        tallies.keep(&mut [&mut more, &mut both]);
        assert_eq!((tallies.counts(both), tallies.counts(more)), (&[1, 1][..], &[2, 0][..]));
        assert_eq!((tallies.totals.len(), tallies.counts(0)), (3, &[0, 0][..]));
    }

    #[test]
    fn compares_every_count() {
        let mut tallies = Tallies::new(2);
        let (left, right) = (tallies.with(0, 0), tallies.with(0, 1));
        let (both, more) = (tallies.with(left, 1), tallies.with(right, 1));
        assert!(tallies.is_at_most(left, both) && tallies.is_at_most(0, 0));
        assert!(!tallies.is_at_most(both, left) && !tallies.is_at_most(left, right));
        assert!(!tallies.is_at_most(left, more) && tallies.is_at_most(right, more));
    }
}
