//! What was written last, in memory, in key order.

use std::collections::BTreeMap;
use std::ops::Bound::{self, Unbounded};

use bytes::Bytes;

use super::Entry;

/// What an entry takes beside its key and value, roughly.
const ENTRY_BYTES: usize = 128;

/// The newest value of each key since the last flush.
#[derive(Debug, Default)]
pub struct Memtable {
    entries: BTreeMap<Bytes, Bytes>,
    bytes_put: usize,
}

impl Memtable {
    /// Gives a key a new value.
    pub fn put(&mut self, key: &[u8], value: Bytes) {
        self.bytes_put += key.len() + value.len() + ENTRY_BYTES;
        match self.entries.get_mut(key) {
            Some(held) => *held = value,
            None => drop(self.entries.insert(Bytes::copy_from_slice(key), value)),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Bytes> {
        self.entries.get(key).cloned()
    }

    /// The first entry from `from` on.
    pub fn first_from(&self, from: Bound<&[u8]>) -> Option<Entry> {
        let (key, value) = self.entries.range::<[u8], _>((from, Unbounded)).next()?;
        Some((key.clone(), value.clone()))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What all that was ever put would take in memory, roughly. What was overwritten counts too: it still is in the
    /// log, which is to stay short as well.
    pub fn bytes_put(&self) -> usize {
        self.bytes_put
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overwritten_counts() {
        let mut memtable = Memtable::default();
        memtable.put(b"key", Bytes::from_static(b"a long value"));
        memtable.put(b"key", Bytes::from_static(b"short"));
        assert_eq!((memtable.len(), memtable.get(b"key").as_deref()), (1, Some(&b"short"[..])));
        assert_eq!(memtable.bytes_put(), 2 * (3 + ENTRY_BYTES) + 12 + 5);
    }
}
