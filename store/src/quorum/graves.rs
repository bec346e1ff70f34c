//! Tombstones that were collected: a node remembers the last of them for those who have seen them.
//!
//! A session that has seen a delete must not be told less, and a collected tombstone is held by nobody. So reads are
//! answered from here as if it still were. Only so many are remembered: a session that comes back for one of the others is
//! refused its reads of that key until it is written again.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use super::message::Entry;
use super::ring::position;
use super::version::Version;

/// Tombstones that a node remembers.
const REMEMBERED_MAX: usize = 10_000;

/// The last tombstones that a node has collected, in ring order.
#[derive(Debug, Default)]
pub struct Graves {
    buried: BTreeMap<(u64, String), (Version, u64)>,
    by_age: BTreeMap<u64, (u64, String)>,
    last: u64,
}

impl Graves {
    /// Remembers a tombstone; where there are too many, forgets the oldest.
    pub fn bury(&mut self, key: &str, version: Version) {
        let place = (position(key), key.to_owned());
        self.last += 1;
        self.by_age.insert(self.last, place.clone());
        if let Some((_, age)) = self.buried.insert(place, (version, self.last)) {
            self.by_age.remove(&age);
        }
        if self.buried.len() > REMEMBERED_MAX
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.buried.remove(&oldest);
        }
    }

    /// Forgets all keys of which this is true, and says what was remembered of them, in ring order.
    pub fn take(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<(String, Version)> {
        let taken = self.buried.iter().filter(|((_, key), _)| wanted(key));
        let taken: Vec<_> = taken.map(|((_, key), (version, _))| (key.clone(), *version)).collect();
        taken.iter().for_each(|(key, _)| self.forget(key));
        taken
    }

    /// Something is held of the key again.
    pub fn forget(&mut self, key: &str) {
        if let Some((_, age)) = self.buried.remove(&(position(key), key.to_owned())) {
            self.by_age.remove(&age);
        }
    }

    /// What is remembered of a key.
    pub fn get(&self, key: &str) -> Option<Entry> {
        if self.buried.is_empty() {
            return None;
        }
        self.buried.get(&(position(key), key.to_owned())).map(|(version, _)| tombstone(*version))
    }

    /// All that is remembered of keys after `after`, in ring order.
    pub fn after(&self, after: Option<&str>) -> impl Iterator<Item = (&str, Entry)> {
        let from = after.map_or(Unbounded, |key| Excluded((position(key), key.to_owned())));
        let buried = self.buried.range((from, Unbounded));
        buried.map(|((_, key), (version, _))| (key.as_str(), tombstone(*version)))
    }
}

/// A delete at this version, of a key that is not used at level atomic: others are not collected.
pub fn tombstone(version: Version) -> Entry {
    Entry { version, atomic: false, value: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Version {
        Version { millis, ..Version::default() }
    }

    #[test]
    fn remembers_the_last_of_each_key() {
        let mut graves = Graves::default();
        graves.bury("a", at(1));
        graves.bury("b", at(2));
        graves.bury("a", at(3));
        assert_eq!(graves.get("a"), Some(tombstone(at(3))));
        graves.forget("a");
        assert_eq!((graves.get("a"), graves.get("b")), (None, Some(tombstone(at(2)))));
        assert_eq!(graves.after(None).map(|(key, _)| key).collect::<Vec<_>>(), ["b"]);
        assert_eq!(graves.after(Some("b")).count(), 0);
        assert_eq!(graves.by_age.len(), 1);
        assert_eq!(graves.take(|key| key == "a"), []);
        assert_eq!(graves.take(|key| key == "b"), [("b".to_owned(), at(2))]);
        assert_eq!((graves.get("b"), graves.by_age.len()), (None, 0));
    }

    #[test]
    fn forgets_the_oldest_of_too_many() {
        let mut graves = Graves::default();
        (0..=REMEMBERED_MAX).for_each(|number| graves.bury(&format!("k{number}"), at(1)));
        assert_eq!((graves.get("k0"), graves.get("k1")), (None, Some(tombstone(at(1)))));
        assert_eq!((graves.buried.len(), graves.by_age.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
