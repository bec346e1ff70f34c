//! Who may put into the cache what it has read: whoever holds a lease on the key that is still good
//! (Nishtala et al., "Scaling Memcache at Facebook", 2013, section 3.2.1).
//!
//! ```text
//! read   ├ lease ────────────── reads 1 ───────────────┤ not good any more: 1 does not enter the cache
//! write          ├ write 2 ──────────────┤ acknowledged: 2 enters the cache
//! ```
//!
//! Without it the cache would answer 1 after 2 was acknowledged. Two reads can cross as well: a later one may have seen
//! what an earlier one has not, and the earlier one may end last.

use std::collections::BTreeMap;

use crate::quorum::version::Version;

/// Permission to put a key into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(u64);

/// The leases that are out.
///
/// A key is in here while somebody holds a lease on it.
#[derive(Debug, Default)]
pub struct Leases {
    keys: BTreeMap<String, Key>,
    last: u64,
}

#[derive(Debug, Default)]
struct Key {
    /// The lease that is good; older ones are not.
    good: u64,
    holders: usize,
    /// Those of the holders that write.
    writers: usize,
    /// The highest version that any of the holders so far has come to.
    seen: Option<Version>,
}

impl Leases {
    /// A read of the key begins.
    pub fn take(&mut self, key: &str) -> Lease {
        let held = self.keys.entry(key.to_owned()).or_default();
        held.holders += 1;
        Lease(held.good)
    }

    /// A read has ended, with this version if it saw one. Returns whether its lease is still good: no write was under
    /// way since it was taken, and nobody has come to more.
    pub fn give_back(&mut self, key: &str, lease: Lease, version: Option<Version>) -> bool {
        let Some(held) = self.keys.get_mut(key) else { return false };
        let is_good = held.writers == 0 && lease.0 == held.good && version >= held.seen;
        held.seen = held.seen.max(version);
        held.holders -= 1;
        if held.holders == 0 {
            self.keys.remove(key);
        }
        is_good
    }

    /// A write of the key begins: leases that are out are no good any more.
    pub fn begin_write(&mut self, key: &str) -> Lease {
        self.outdate(key);
        let lease = self.take(key);
        self.keys.entry(key.to_owned()).or_default().writers += 1;
        lease
    }

    /// A write has ended, with this version if it was acknowledged: leases that are out are no good any more. Returns
    /// whether its own still was: it was the only write all the time.
    pub fn end_write(&mut self, key: &str, lease: Lease, version: Option<Version>) -> bool {
        self.keys.entry(key.to_owned()).or_default().writers -= 1;
        let is_good = self.give_back(key, lease, version);
        if self.keys.contains_key(key) {
            self.outdate(key);
        }
        is_good
    }

    fn outdate(&mut self, key: &str) {
        self.last += 1;
        self.keys.entry(key.to_owned()).or_default().good = self.last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Option<Version> {
        Some(Version { millis, ..Version::default() })
    }

    #[test]
    fn a_read_that_nothing_crosses_may_fill() {
        let mut leases = Leases::default();
        let lease = leases.take("k");
        assert!(leases.give_back("k", lease, at(1)));
        assert!(leases.keys.is_empty());
    }

    #[test]
    fn a_write_takes_the_lease_away_that_began_or_ended_since() {
        let mut leases = Leases::default();
        let before = leases.take("k");
        let write = leases.begin_write("k");
        let during = leases.take("k");
        assert!(!leases.give_back("k", before, at(1)));
        assert!(leases.end_write("k", write, at(2)));
        assert!(!leases.give_back("k", during, at(2)));
        let other = leases.take("j");
        let write = leases.begin_write("k");
        assert!(leases.give_back("j", other, at(1)));
        assert!(leases.end_write("k", write, at(3)));
        assert!(leases.keys.is_empty());
    }

    #[test]
    fn a_read_during_a_write_may_not_fill() {
        let mut leases = Leases::default();
        let write = leases.begin_write("k");
        let during = leases.take("k");
        assert!(!leases.give_back("k", during, at(1)));
        assert!(leases.end_write("k", write, at(2)));
    }

    #[test]
    fn of_two_writes_that_overlap_neither_may_fill() {
        let mut leases = Leases::default();
        let [one, other] = [leases.begin_write("k"), leases.begin_write("k")];
        assert!(!leases.end_write("k", other, at(3)));
        assert!(!leases.end_write("k", one, at(2)));
    }

    #[test]
    fn a_read_that_saw_less_than_one_before_may_not_fill() {
        let mut leases = Leases::default();
        let [one, other] = [leases.take("k"), leases.take("k")];
        assert!(leases.give_back("k", other, at(2)));
        assert!(!leases.give_back("k", one, at(1)));
        assert!(leases.keys.is_empty());
    }
}
