//! The Bloom filter of a table: most keys that it does not hold cost no read (Bloom 1970).

use fastbloom::BloomFilter;
use serde::{Deserialize, Serialize};

/// What every filter's hashes start from: the same key has the same bits in every process.
const SEED: u128 = 0x7065_726a_7572_7921;
/// With seven hashes, one absent key in 120 or so is taken for present.
const BITS_PER_KEY: usize = 10;
const HASHES: u32 = 7;

/// Which keys a table may hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Filter(BloomFilter);

/// A filter as it lies on the disk: its words, little-endian.
#[derive(Serialize, Deserialize)]
struct Written(Vec<u8>);

impl Filter {
    /// A filter with room for so many keys.
    pub fn new(keys: usize) -> Filter {
        let bits = keys.saturating_mul(BITS_PER_KEY).max(64);
        Filter(BloomFilter::with_num_bits(bits).seed(&SEED).hashes(HASHES))
    }

    /// Takes in a key.
    pub fn insert(&mut self, key: &[u8]) {
        self.0.insert(key);
    }

    /// Whether the key may have been taken in; if not, it certainly was not.
    pub fn may_hold(&self, key: &[u8]) -> bool {
        self.0.contains(key)
    }
}

impl From<Filter> for Written {
    fn from(filter: Filter) -> Written {
        Written(filter.0.as_slice().iter().flat_map(|word| word.to_le_bytes()).collect())
    }
}

impl From<Written> for Filter {
    fn from(Written(bytes): Written) -> Filter {
        let words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        // A filter has a word at least; nothing but a stranger's file has none.
        let words = words.chain(bytes.is_empty().then_some(u64::MAX));
        Filter(BloomFilter::from_vec(words.collect()).seed(&SEED).hashes(HASHES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_taken_in_and_little_else_also_when_read_back() {
        let mut filter = Filter::new(1000);
        (0..1000_u32).for_each(|key| filter.insert(&key.to_le_bytes()));
        let filter: Filter = postcard::from_bytes(&postcard::to_stdvec(&filter).unwrap()).unwrap();
        let held =
            |keys: std::ops::Range<u32>| keys.filter(|key| filter.may_hold(&key.to_le_bytes())).count();
        assert_eq!(held(0..1000), 1000);
        assert!((1..50).contains(&held(1000..2000)), "{}", held(1000..2000));
    }
}
