//! Sets of slots: one bit for each operation that is open.

use std::ops::{BitAnd, BitOr, Not};

/// A set of numbers below `64 * N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mask<const N: usize>([u64; N]);

impl<const N: usize> Mask<N> {
    /// How many numbers there are.
    pub const SLOTS: usize = 64 * N;

    pub const EMPTY: Mask<N> = Mask([0; N]);

    pub fn of(slot: usize) -> Mask<N> {
        let mut words = [0; N];
        words[slot / 64] = 1 << (slot % 64);
        Mask(words)
    }

    pub fn is_empty(self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub fn meets(self, other: Mask<N>) -> bool {
        !(self & other).is_empty()
    }

    pub fn is_within(self, other: Mask<N>) -> bool {
        self.without(other).is_empty()
    }

    pub fn without(self, other: Mask<N>) -> Mask<N> {
        self & !other
    }

    /// The lowest member.
    pub fn first(self) -> Option<usize> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(64 * word + self.0[word].trailing_zeros() as usize)
    }

    /// The lowest number that is no member.
    pub fn first_free(self) -> Option<usize> {
        (!self).first()
    }

    /// The members, from the lowest.
    pub fn iter(mut self) -> impl Iterator<Item = usize> {
        let mut word = 0;
        std::iter::from_fn(move || {
            while *self.0.get(word)? == 0 {
                word += 1;
            }
            let bit = self.0[word].trailing_zeros() as usize;
            self.0[word] &= self.0[word] - 1;
            Some(64 * word + bit)
        })
    }

    /// The words, for hashing.
    pub fn words(self) -> [u64; N] {
        self.0
    }
}

impl<const N: usize> BitAnd for Mask<N> {
    type Output = Mask<N>;

    fn bitand(self, other: Mask<N>) -> Mask<N> {
        Mask(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }
}

impl<const N: usize> BitOr for Mask<N> {
    type Output = Mask<N>;

    fn bitor(self, other: Mask<N>) -> Mask<N> {
        Mask(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }
}

impl<const N: usize> Not for Mask<N> {
    type Output = Mask<N>;

    fn not(self) -> Mask<N> {
        Mask(self.0.map(|word| !word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let mask = Mask::<2>::of(3) | Mask::of(64) | Mask::of(127);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [3, 64, 127]);
        assert_eq!(mask.without(Mask::of(3)).first(), Some(64));
        assert!(Mask::of(64).is_within(mask) && mask.meets(Mask::of(127)) && !mask.meets(Mask::of(63)));
    }

    #[test]
    fn finds_what_is_free() {
        let full = !Mask::<2>::EMPTY;
        assert_eq!(full.first_free(), None);
        assert_eq!(full.without(Mask::of(70)).first_free(), Some(70));
    }
}
