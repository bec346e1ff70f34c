//! Blocks that were read and verified, as many as a bound in bytes allows.

use std::cell::RefCell;
use std::fmt;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::unsync::{Cache as Bounded, DefaultLifecycle};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::block;

/// A table's number, and the number of a block in it. No two tables of one process have the same number.
type Place = (u32, usize);

/// What a block takes beside its bytes, roughly.
const BLOCK_BYTES: u64 = 64;

/// A cache of blocks.
pub struct Cache(RefCell<Bounded<Place, Bytes, Weight, Xxh3DefaultBuilder>>);

#[derive(Clone)]
struct Weight;

impl Weighter<Place, Bytes> for Weight {
    fn weight(&self, _: &Place, block: &Bytes) -> u64 {
        block.len() as u64 + BLOCK_BYTES
    }
}

impl Cache {
    /// A cache of so many bytes at most.
    pub fn new(bytes_max: usize) -> Cache {
        let blocks = bytes_max / block::BYTES;
        let (hasher, lifecycle) = (Xxh3DefaultBuilder::new(), DefaultLifecycle::default());
        Cache(RefCell::new(Bounded::with(blocks, bytes_max as u64, Weight, hasher, lifecycle)))
    }

    /// The block at this place, from here or else from `read`.
    pub fn get<E>(&self, place: Place, read: impl FnOnce() -> Result<Bytes, E>) -> Result<Bytes, E> {
        if let Some(block) = self.0.borrow().get(&place) {
            return Ok(block.clone());
        }
        let block = read()?;
        self.0.borrow_mut().insert(place, block.clone());
        Ok(block)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cache = self.0.borrow();
        write!(f, "Cache({} of {} bytes)", cache.weight(), cache.capacity())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn reads_a_block_once_and_stays_within_its_bound() {
        let (cache, reads) = (Cache::new(100_000), Cell::new(0));
        let get = |block| {
            let read = || {
                reads.set(reads.get() + 1);
                Ok::<_, ()>(Bytes::from(vec![block as u8; 4000]))
            };
            assert_eq!(cache.get((1, block), read).unwrap()[0], block as u8);
        };
        (0..3).for_each(|_| get(7));
        assert_eq!(reads.get(), 1);
        (0..200).for_each(get);
        assert!(cache.0.borrow().weight() <= 100_000, "{cache:?}");
        assert!(cache.0.borrow().len() > 15, "{cache:?}");
    }
}
