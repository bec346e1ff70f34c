//! What one setting of a profile may be: some values with weights, or any number between two.

use crate::rng::Rng;

/// The values that a setting may take.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// One of these, each as often as its weight says against the others.
    OneOf(Vec<(String, u64)>),
    /// A number between these, both included.
    Between(u64, u64),
}

impl Choice {
    /// This value, always.
    pub fn one(value: &str) -> Choice {
        Choice::OneOf(vec![(value.to_owned(), 1)])
    }

    /// Each value alone that it may draw; of a range both ends.
    pub fn singles(&self) -> Vec<Choice> {
        match self {
            Choice::Between(min, max) => vec![Choice::Between(*min, *min), Choice::Between(*max, *max)],
            Choice::OneOf(values) => {
                let values = values.iter().filter(|(_, weight)| *weight > 0);
                values.map(|(value, _)| Choice::one(value)).collect()
            }
        }
    }

    /// Draws one; numbers in decimal.
    pub fn draw(&self, rng: &mut Rng) -> String {
        match self {
            Choice::Between(min, max) => rng.range(*min..max + 1).to_string(),
            Choice::OneOf(values) => weighted(values, rng).clone(),
        }
    }
}

/// One of these values, by weight.
///
/// # Panics
/// When no value has a weight: whoever makes the list sees to that.
pub fn weighted<'a, T>(values: &'a [(T, u64)], rng: &mut Rng) -> &'a T {
    let all = values.iter().map(|(_, weight)| weight).sum();
    let mut at = rng.below(all);
    for (value, weight) in values {
        match at.checked_sub(*weight) {
            None => return value,
            Some(left) => at = left,
        }
    }
    unreachable!("what is drawn is below the sum of all weights")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_by_weight_and_never_what_has_none() {
        let choice = Choice::OneOf(vec![("a".to_owned(), 3), ("never".to_owned(), 0), ("b".to_owned(), 1)]);
        let mut rng = Rng::new(1);
        let drawn: Vec<String> = (0..4_000).map(|_| choice.draw(&mut rng)).collect();
        let count = |value: &str| drawn.iter().filter(|drawn| *drawn == value).count();
        assert!((2_800..3_200).contains(&count("a")), "{}", count("a"));
        assert_eq!((count("never"), count("a") + count("b")), (0, 4_000));
    }

    #[test]
    fn draws_both_ends_of_a_range() {
        let mut rng = Rng::new(1);
        let drawn: std::collections::BTreeSet<String> =
            (0..100).map(|_| Choice::Between(3, 5).draw(&mut rng)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), ["3", "4", "5"]);
    }
}
