//! All sums of some of these numbers, as a union of intervals.
//!
//! ```text
//! sure 10, once 5, twice -1      10 ──► 10 15 ──► 8..10 13..15
//! ```

use std::collections::BTreeMap;

/// A set of integers: intervals with both ends included, in order, none touching the next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums(Vec<(i128, i128)>);

impl Sums {
    /// The sums of this number, and any choice of these amounts, each as often as it says at most. None when
    /// there are more intervals on the way than this.
    pub fn of(sure: i128, choices: &BTreeMap<i128, u64>, intervals_max: u64) -> Option<Sums> {
        let mut parts: Vec<i128> =
            choices.iter().flat_map(|(&amount, &times)| parts(amount, times)).collect();
        // Small parts first: they close the gaps that large ones would multiply.
        parts.sort_by_key(|part| part.abs());
        let mut sums = vec![(sure, sure)];
        for part in parts {
            sums = with_or_without(&sums, part);
            if sums.len() as u64 > intervals_max {
                return None;
            }
        }
        Some(Sums(sums))
    }

    /// Whether this is one of the sums.
    pub fn contains(&self, value: i128) -> bool {
        let (below, above) = self.nearest(value);
        below == Some(value) || above == Some(value)
    }

    /// The greatest sum that is not above this, and the least that is not below it.
    pub fn nearest(&self, value: i128) -> (Option<i128>, Option<i128>) {
        let after = self.0.partition_point(|(lower, _)| *lower <= value);
        let above = self.0.get(after).map(|(lower, _)| *lower);
        match after.checked_sub(1).map(|before| self.0[before].1) {
            Some(upper) if upper >= value => (Some(value), Some(value)),
            below => (below, above),
        }
    }

    /// The intervals.
    pub fn intervals(&self) -> &[(i128, i128)] {
        &self.0
    }
}

/// Amounts of which every choice makes one to so many times the amount, or nothing: once, twice, four times it,
/// and so on, and what remains. There are few of them, however many times it is.
fn parts(amount: i128, mut times: u64) -> Vec<i128> {
    let mut parts = Vec::new();
    let mut next = 1;
    while times > 0 {
        let taken = times.min(next);
        parts.push(amount * i128::from(taken));
        times -= taken;
        next *= 2;
    }
    parts
}

/// These sums, and those with this part as well.
fn with_or_without(sums: &[(i128, i128)], part: i128) -> Vec<(i128, i128)> {
    let with = sums.iter().map(|(lower, upper)| (lower + part, upper + part));
    let mut all: Vec<(i128, i128)> = sums.iter().copied().chain(with).collect();
    // Two runs that are in order: merged in linear time.
    all.sort();
    let mut united: Vec<(i128, i128)> = Vec::new();
    for (lower, upper) in all {
        match united.last_mut() {
            Some(last) if lower <= last.1 + 1 => last.1 = last.1.max(upper),
            _ => united.push((lower, upper)),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn choices(amounts: &[i128]) -> BTreeMap<i128, u64> {
        let mut choices = BTreeMap::new();
        amounts.iter().for_each(|&amount| *choices.entry(amount).or_default() += 1);
        choices
    }

    #[test]
    fn unites_what_touches() {
        let sums = Sums::of(10, &choices(&[5, -1, -1]), 100).expect("few");
        assert_eq!(sums.intervals(), [(8, 10), (13, 15)]);
        assert_eq!((sums.nearest(11), sums.nearest(7)), ((Some(10), Some(13)), (None, Some(8))));
        assert_eq!((sums.nearest(9), sums.nearest(16)), ((Some(9), Some(9)), (Some(15), None)));
    }

    #[test]
    fn stays_small_for_a_million_amounts() {
        let choices = BTreeMap::from([(3, 500_000), (-4, 400_000), (1_000, 100_000)]);
        let sums = Sums::of(0, &choices, 1_000_000).expect("few");
        assert!(sums.intervals().len() < 10, "{sums:?}");
        let (below, above) = sums.nearest(0);
        assert_eq!((below, above), (Some(0), Some(0)));
        let sparse = BTreeMap::from([(1_000, 100_000)]);
        assert_eq!(Sums::of(0, &sparse, 99_000), None);
        assert_eq!(Sums::of(0, &sparse, 101_000).expect("few enough").intervals().len(), 100_001);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn are_those_of_all_subsets(sure in -5..5_i128, amounts in prop::collection::vec(-20..20_i128, 0..9)) {
            let mut expected = BTreeSet::from([sure]);
            for amount in &amounts {
                expected.extend(expected.clone().iter().map(|sum| sum + amount));
            }
            let sums = Sums::of(sure, &choices(&amounts), 1_000_000).expect("few");
            let found: BTreeSet<i128> = (-200..200).filter(|value| sums.contains(*value)).collect();
            prop_assert_eq!(found, expected);
            prop_assert!(sums.intervals().is_sorted_by(|left, right| left.1 + 1 < right.0));
        }
    }
}
