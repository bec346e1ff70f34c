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
        let mut sums = vec![(sure, sure)];
        // Small amounts first: they make the gaps narrow that large ones would multiply.
        let mut choices: Vec<(i128, u64)> = choices.iter().map(|(&amount, &times)| (amount, times)).collect();
        choices.sort_by_key(|(amount, _)| amount.abs());
        for (amount, times) in choices {
            sums = shifted(&sums, amount, times, intervals_max)?;
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

/// These intervals, each shifted by the amount up to so many times.
fn shifted(sums: &[(i128, i128)], amount: i128, times: u64, intervals_max: u64) -> Option<Vec<(i128, i128)>> {
    if amount == 0 {
        return Some(sums.to_vec());
    }
    let mut all = Vec::new();
    for &(lower, upper) in sums {
        let most = i128::from(times) * amount;
        if upper - lower + 1 >= amount.abs() {
            // Each shift touches the one before it.
            all.push((lower + most.min(0), upper + most.max(0)));
        } else if all.len() as u64 + times >= intervals_max {
            return None;
        } else {
            all.extend((0..=i128::from(times)).map(|time| (lower + time * amount, upper + time * amount)));
        }
    }
    all.sort_unstable();
    let merged = all.into_iter().fold(Vec::<(i128, i128)>::new(), |mut merged, (lower, upper)| {
        match merged.last_mut() {
            Some(last) if lower <= last.1 + 1 => last.1 = last.1.max(upper),
            _ => merged.push((lower, upper)),
        }
        merged
    });
    Some(merged)
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
        assert_eq!(Sums::of(0, &BTreeMap::from([(1_000, 100_000)]), 99_000), None);
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
