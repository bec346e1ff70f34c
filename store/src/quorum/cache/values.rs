//! The values in a cache, as many as a bound in bytes allows.

use std::fmt;

use quick_cache::Weighter;
use quick_cache::unsync::{Cache as Bounded, DefaultLifecycle};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::quorum::message::{Entry, Level};

/// What a value takes beside key and bytes, roughly.
const VALUE_BYTES: usize = 100;

/// What is cached of a key.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The value, or tombstone.
    pub entry: Entry,
    /// The level at which it was read, or written.
    pub level: Level,
}

/// Values by key.
pub struct Values(Bounded<String, Cached, Weight, Xxh3DefaultBuilder>);

#[derive(Clone)]
struct Weight;

impl Weighter<String, Cached> for Weight {
    fn weight(&self, key: &String, cached: &Cached) -> u64 {
        (key.len() + cached.entry.value.as_ref().map_or(0, Vec::len) + VALUE_BYTES) as u64
    }
}

impl Values {
    /// Room for so many bytes.
    pub fn new(bytes_max: usize) -> Values {
        let (hasher, lifecycle) = (Xxh3DefaultBuilder::new(), DefaultLifecycle::default());
        let values = bytes_max / VALUE_BYTES;
        Values(Bounded::with(values, bytes_max as u64, Weight, hasher, lifecycle))
    }

    /// What is cached of a key.
    pub fn get(&self, key: &str) -> Option<&Cached> {
        self.0.get(key)
    }

    /// Caches this; others make room.
    pub fn put(&mut self, key: String, cached: Cached) {
        self.0.insert(key, cached);
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Values({} of {} bytes)", self.0.weight(), self.0.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::version::Version;

    fn cached(value: u64) -> Cached {
        let version = Version { millis: value, ..Version::default() };
        let entry = Entry { version, atomic: false, value: Some(value.to_be_bytes().to_vec()) };
        Cached { entry, level: Level::All }
    }

    #[test]
    fn stays_within_its_bound() {
        let mut values = Values::new(1_000);
        (0..100).for_each(|key| values.put(format!("k{key}"), cached(key)));
        assert!((500..=1_000).contains(&values.0.weight()), "{values:?}");
    }

    #[test]
    fn holds_what_was_put_last_until_it_is_removed() {
        let mut values = Values::new(1_000);
        (1..=2).for_each(|value| values.put("k".to_owned(), cached(value)));
        assert_eq!(values.get("k").map(|cached| cached.entry.version.millis), Some(2));
        values.remove("k");
        assert!(values.get("k").is_none());
    }
}
