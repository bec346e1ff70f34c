//! The stretches that are free: a set that finds the next member in either direction.

/// A set of numbers below a bound: one bit for each, and one for each word of those that is not empty.
pub(super) struct Free {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl Free {
    /// The empty set of numbers below this bound.
    pub(super) fn new(bound: usize) -> Free {
        let words = bound.div_ceil(64);
        Free { words: vec![0; words], summary: vec![0; words.div_ceil(64)] }
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, number: u32) {
        self.words[number as usize / 64] |= 1 << (number % 64);
        self.summary[number as usize / 4096] |= 1 << (number / 64 % 64);
    }

    /// The first member from the first to the last of these numbers.
    pub(super) fn first(&self, first: u32, last: u32) -> Option<u32> {
        let word = first / 64;
        let found = match first_bit(self.words[word as usize], first % 64) {
            Some(bit) => Some(word * 64 + bit),
            None => {
                self.first_word(word + 1).map(|word| word * 64 + self.words[word as usize].trailing_zeros())
            }
        };
        found.filter(|number| *number <= last)
    }

    /// The last member from the first to the last of these numbers.
    pub(super) fn last(&self, first: u32, last: u32) -> Option<u32> {
        let word = last / 64;
        let found = match last_bit(self.words[word as usize], last % 64) {
            Some(bit) => Some(word * 64 + bit),
            None => {
                let word = word.checked_sub(1).and_then(|word| self.last_word(word));
                word.map(|word| word * 64 + 63 - self.words[word as usize].leading_zeros())
            }
        };
        found.filter(|number| *number >= first)
    }

    /// The first word from this one on that is not empty.
    fn first_word(&self, word: u32) -> Option<u32> {
        let start = word / 64;
        let bit = first_bit(*self.summary.get(start as usize)?, word % 64);
        bit.map(|bit| start * 64 + bit).or_else(|| {
            let block =
                (start + 1..self.summary.len() as u32).find(|block| self.summary[*block as usize] != 0);
            block.map(|block| block * 64 + self.summary[block as usize].trailing_zeros())
        })
    }

    /// The last word up to this one that is not empty.
    fn last_word(&self, word: u32) -> Option<u32> {
        let start = word / 64;
        let bit = last_bit(self.summary[start as usize], word % 64);
        bit.map(|bit| start * 64 + bit).or_else(|| {
            let block = (0..start).rev().find(|block| self.summary[*block as usize] != 0);
            block.map(|block| block * 64 + 63 - self.summary[block as usize].leading_zeros())
        })
    }
}

/// The first set bit that is not below this one.
fn first_bit(bits: u64, from: u32) -> Option<u32> {
    let rest = bits & u64::MAX << from;
    (rest != 0).then(|| rest.trailing_zeros())
}

/// The last set bit that is not above this one.
fn last_bit(bits: u64, to: u32) -> Option<u32> {
    let rest = bits & u64::MAX >> (63 - to);
    (rest != 0).then(|| 63 - rest.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_plain_set_finds() {
        for members in [vec![], vec![0], vec![63, 64], vec![5, 4_095, 4_096, 9_999], vec![1, 8_200]] {
            let mut free = Free::new(10_000);
            members.iter().for_each(|member| free.insert(*member));
            for first in (0..10_000).step_by(31) {
                for last in (first..10_000).step_by(509).chain([first + 1, 9_999]) {
                    let mut plain = members.iter().copied().filter(|member| (first..=last).contains(member));
                    let (lowest, highest) = (plain.clone().next(), plain.next_back());
                    assert_eq!(free.first(first, last.min(9_999)), lowest, "{members:?} {first} {last}");
                    assert_eq!(free.last(first, last.min(9_999)), highest, "{members:?} {first} {last}");
                }
            }
        }
    }
}
