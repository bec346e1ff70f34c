//! Slots for what is known of each value: numbers from 0, dense, whatever the ids of the values are.

use rustc_hash::FxHashMap;

/// The slot of each value of a history.
pub(super) enum Slots {
    /// The ids are dense enough to be the slots.
    Ids(usize),
    /// Few of many ids: the values of one key, say.
    Numbered(FxHashMap<u32, u32>),
}

impl Slots {
    /// Slots for these values.
    pub(super) fn of(values: impl Iterator<Item = u32> + Clone) -> Slots {
        let (count, highest) =
            values.clone().fold((0_usize, 0), |(count, highest), value| (count + 1, value.max(highest)));
        if highest as usize <= 4 * count {
            return Slots::Ids(highest as usize + 1);
        }
        let mut numbers = FxHashMap::default();
        for value in values {
            let next = numbers.len() as u32;
            numbers.entry(value).or_insert(next);
        }
        Slots::Numbered(numbers)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Slots::Ids(count) => *count,
            Slots::Numbered(numbers) => numbers.len(),
        }
    }

    /// The slot of this value, which must be one of those given to [`Slots::of`].
    pub(super) fn of_value(&self, value: u32) -> usize {
        match self {
            Slots::Ids(_) => value as usize,
            Slots::Numbered(numbers) => numbers[&value] as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_value_its_own_slot() {
        for values in [vec![0, 3, 1, 3], vec![7, 4_000_000_000, 7, 9]] {
            let slots = Slots::of(values.iter().copied());
            for &left in &values {
                assert!(slots.of_value(left) < slots.len());
                for &right in &values {
                    assert_eq!(slots.of_value(left) == slots.of_value(right), left == right, "{values:?}");
                }
            }
            assert!(slots.len() <= 4, "{values:?} take {} slots", slots.len());
        }
    }
}
