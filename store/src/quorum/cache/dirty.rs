//! What a cache has acknowledged, and the store does not have yet.
//!
//! ```text
//! write 1 to k, write 2 to j, write 3 to k        k: 3, counts from number 1     j: 2
//! the store has k                                                                j: 2, counts from number 2
//! ```
//!
//! Of each key only the newest value goes to the store. It counts from the first write on that the store may lack.

use std::collections::BTreeMap;

use crate::quorum::message::{Entry, Level};

/// Values by key.
#[derive(Debug, Default)]
pub struct Dirty {
    keys: BTreeMap<String, Unwritten>,
    /// The keys, each by the number of the first of its writes that the store may lack.
    by_first: BTreeMap<u64, String>,
}

#[derive(Debug)]
struct Unwritten {
    entry: Entry,
    level: Level,
    first: u64,
    /// It is on its way to the store.
    is_on_its_way: bool,
    /// The number of the first write since it is.
    since: Option<u64>,
}

impl Dirty {
    /// What was acknowledged last for this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.keys.get(key).map(|unwritten| &unwritten.entry)
    }

    /// The number of the first write that the store may lack.
    pub fn first(&self) -> Option<u64> {
        self.by_first.keys().next().copied()
    }

    /// The write of this number is acknowledged.
    pub fn put(&mut self, key: String, entry: Entry, level: Level, number: u64) {
        let Some(unwritten) = self.keys.get_mut(&key) else {
            self.by_first.insert(number, key.clone());
            let unwritten = Unwritten { entry, level, first: number, is_on_its_way: false, since: None };
            self.keys.insert(key, unwritten);
            return;
        };
        unwritten.entry = entry;
        // At several levels at once: at the one that is good for each of them.
        if unwritten.level != level {
            unwritten.level = Level::All;
        }
        if unwritten.is_on_its_way {
            unwritten.since.get_or_insert(number);
        }
    }

    /// What is not on its way to the store, in the order in which it was acknowledged; it is from now on.
    pub fn send(&mut self) -> Vec<(String, Entry, Level)> {
        let mut sent = Vec::new();
        for key in self.by_first.values() {
            if let Some(unwritten) = self.keys.get_mut(key).filter(|unwritten| !unwritten.is_on_its_way) {
                unwritten.is_on_its_way = true;
                sent.push((key.clone(), unwritten.entry.clone(), unwritten.level));
            }
        }
        sent
    }

    /// The store has what was sent of this key. Returns the value, if nothing was acknowledged since.
    pub fn arrived(&mut self, key: &str) -> Option<Entry> {
        let unwritten = self.keys.get_mut(key)?;
        unwritten.is_on_its_way = false;
        self.by_first.remove(&unwritten.first);
        match unwritten.since.take() {
            Some(since) => {
                unwritten.first = since;
                self.by_first.insert(since, key.to_owned());
                None
            }
            None => self.keys.remove(key).map(|unwritten| unwritten.entry),
        }
    }

    /// What was sent of this key has perhaps not arrived: it will be sent again.
    pub fn failed(&mut self, key: &str) {
        if let Some(unwritten) = self.keys.get_mut(key) {
            (unwritten.is_on_its_way, unwritten.since) = (false, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::version::Version;

    fn put(dirty: &mut Dirty, key: &str, number: u64) {
        let version = Version { millis: number, ..Version::default() };
        dirty.put(key.to_owned(), Entry { version, atomic: false, value: None }, Level::Quorum, number);
    }

    fn sent(dirty: &mut Dirty) -> Vec<(String, u64)> {
        dirty.send().into_iter().map(|(key, entry, _)| (key, entry.version.millis)).collect()
    }

    #[test]
    fn sends_the_newest_of_each_key_in_the_order_of_the_first() {
        let mut dirty = Dirty::default();
        for (key, number) in [("k", 1), ("j", 2), ("k", 3)] {
            put(&mut dirty, key, number);
        }
        assert_eq!(sent(&mut dirty), [("k".to_owned(), 3), ("j".to_owned(), 2)]);
        assert_eq!(sent(&mut dirty), []);
    }

    #[test]
    fn counts_from_the_first_that_the_store_may_lack() {
        let mut dirty = Dirty::default();
        put(&mut dirty, "k", 1);
        put(&mut dirty, "j", 2);
        sent(&mut dirty);
        put(&mut dirty, "k", 3);
        put(&mut dirty, "k", 4);
        assert_eq!((dirty.arrived("k"), dirty.first()), (None, Some(2)));
        assert!(dirty.arrived("j").is_some());
        assert_eq!((dirty.first(), sent(&mut dirty)), (Some(3), vec![("k".to_owned(), 4)]));
        assert!(dirty.arrived("k").is_some());
        assert_eq!(dirty.first(), None);
    }

    #[test]
    fn what_did_not_arrive_counts_from_its_first_and_is_sent_again() {
        let mut dirty = Dirty::default();
        put(&mut dirty, "k", 1);
        sent(&mut dirty);
        put(&mut dirty, "k", 2);
        dirty.failed("k");
        assert_eq!((dirty.first(), sent(&mut dirty)), (Some(1), vec![("k".to_owned(), 2)]));
        assert!(dirty.arrived("k").is_some());
    }
}
