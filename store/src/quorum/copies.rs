//! Where a replica keeps its copies: in its own memory, or on a shelf.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Bound::{Excluded, Unbounded};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::message::{Entry, NodeId};
use super::ring::{Homes, Ring};
use super::sums::Sums;
use super::version::Version;

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The key was used at another level before it turned out to be atomic elsewhere.
    pub was_mixed: bool,
    /// The newest entry.
    pub entry: Entry,
}

/// What is kept of a key, with what the background exchange needs to know of it.
#[derive(Clone, Debug)]
pub struct Held {
    /// What is kept.
    pub kept: Kept,
    /// By which it is compared.
    pub mark: Mark,
}

/// By what the background exchange compares a key.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Its key's home replicas.
    pub homes: Homes,
    /// Hash of the key: names its bucket.
    pub key_hash: u64,
    /// Hash of key and version: differs where replicas differ.
    pub hash: u64,
}

/// A place for copies that is larger than memory.
///
/// The protocol stays a function of its inputs and of what lies here, which only it changes. A shelf that cannot be
/// read answers with less than there is, and tells its owner, the shell: that ends the node before anything which
/// rests on the answer leaves it.
pub trait Shelf: Debug {
    /// What is kept of a key.
    fn get(&self, key: &str) -> Option<Kept>;
    /// Keeps this of a key from now on.
    fn put(&self, key: &str, kept: &Kept);
    /// Everything kept of keys after `after`, in key order.
    fn after(&self, after: Option<&str>) -> Box<dyn Iterator<Item = (String, Kept)> + '_>;
}

/// The copies of one replica, the newest entry of each key.
#[derive(Debug)]
pub struct Copies {
    place: Place,
    me: NodeId,
    ring: Rc<Ring>,
    replication: usize,
    sums: Sums,
    highest: Version,
}

#[derive(Debug)]
enum Place {
    Memory(BTreeMap<String, Held>),
    Shelf(Rc<dyn Shelf>),
}

/// A key, and what is held of it.
pub type Copy<'a> = (Cow<'a, str>, Cow<'a, Held>);

impl Copies {
    /// The copies of node `me`, of keys that each have so many homes on this ring; without a shelf, in memory. All
    /// that is on the shelf is looked at.
    pub fn new(me: NodeId, shelf: Option<Rc<dyn Shelf>>, ring: Rc<Ring>, replication: usize) -> Copies {
        let place = shelf.clone().map_or(Place::Memory(BTreeMap::new()), Place::Shelf);
        let (sums, highest) = (Sums::default(), Version::default());
        let mut copies = Copies { place, me, ring, replication, sums, highest };
        for (key, kept) in shelf.iter().flat_map(|shelf| shelf.after(None)) {
            let held = copies.held(&key, kept);
            copies.count(&held);
        }
        copies
    }

    /// The highest version that was ever held.
    pub fn highest(&self) -> Version {
        self.highest
    }

    /// Hashes of what this node and `peer` both hold.
    pub fn sums(&self, peer: NodeId) -> Vec<u64> {
        self.sums.of(peer)
    }

    /// What is held of a key.
    pub fn get(&self, key: &str) -> Option<Cow<'_, Held>> {
        match &self.place {
            Place::Memory(held) => held.get(key).map(Cow::Borrowed),
            Place::Shelf(shelf) => shelf.get(key).map(|kept| Cow::Owned(self.held(key, kept))),
        }
    }

    /// Everything held of keys after `after`, in key order.
    pub fn after<'a>(&'a self, after: Option<&str>) -> Box<dyn Iterator<Item = Copy<'a>> + 'a> {
        match &self.place {
            Place::Memory(held) => {
                let from = after.map_or(Unbounded, Excluded);
                let held = held.range::<str, _>((from, Unbounded));
                Box::new(held.map(|(key, held)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(held))))
            }
            Place::Shelf(shelf) => Box::new(shelf.after(after).map(|(key, kept)| {
                let held = self.held(&key, kept);
                (Cow::Owned(key), Cow::Owned(held))
            })),
        }
    }

    /// Holds an entry, unless something of the same rank or a higher one is held.
    pub fn hold(&mut self, key: String, entry: Entry) {
        let before = self.get(&key);
        if before.as_ref().is_some_and(|held| held.kept.entry.rank() >= entry.rank()) {
            return;
        }
        let changes_side =
            |held: &Cow<'_, Held>| held.kept.was_mixed || held.kept.entry.atomic != entry.atomic;
        let kept = Kept { was_mixed: before.as_ref().is_some_and(changes_side), entry };
        let held = match before.map(|held| held.mark.clone()) {
            None => self.held(&key, kept),
            Some(before) => {
                self.toggle(&before);
                let hash = hash(before.key_hash, kept.entry.version);
                Held { kept, mark: Mark { hash, ..before } }
            }
        };
        self.count(&held);
        match &mut self.place {
            Place::Memory(all) => drop(all.insert(key, held)),
            Place::Shelf(shelf) => shelf.put(&key, &held.kept),
        }
    }

    fn count(&mut self, held: &Held) {
        self.highest = self.highest.max(held.kept.entry.version);
        self.toggle(&held.mark);
    }

    /// What this node is not home to, it does not compare.
    fn toggle(&mut self, mark: &Mark) {
        if mark.homes.contains(&self.me) {
            self.sums.toggle(mark);
        }
    }

    fn held(&self, key: &str, kept: Kept) -> Held {
        let key_hash = xxh3_64(key.as_bytes());
        let hash = hash(key_hash, kept.entry.version);
        Held { kept, mark: Mark { homes: self.ring.homes(key, self.replication), key_hash, hash } }
    }
}

fn hash(key_hash: u64, version: Version) -> u64 {
    let Version { millis, counter, node, incarnation } = version;
    let mut bytes = [0; 18];
    bytes[..8].copy_from_slice(&millis.to_le_bytes());
    bytes[8..12].copy_from_slice(&counter.to_le_bytes());
    bytes[12..14].copy_from_slice(&node.to_le_bytes());
    bytes[14..].copy_from_slice(&incarnation.to_le_bytes());
    xxh3_64_with_seed(&bytes, key_hash)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A shelf in memory.
    #[derive(Debug, Default)]
    struct Drawer(RefCell<BTreeMap<String, Kept>>);

    impl Shelf for Drawer {
        fn get(&self, key: &str) -> Option<Kept> {
            self.0.borrow().get(key).cloned()
        }
        fn put(&self, key: &str, kept: &Kept) {
            self.0.borrow_mut().insert(key.to_owned(), kept.clone());
        }
        fn after(&self, after: Option<&str>) -> Box<dyn Iterator<Item = (String, Kept)> + '_> {
            let (all, after) = (self.0.borrow().clone(), after.map(str::to_owned));
            Box::new(all.into_iter().filter(move |(key, _)| Some(key) > after.as_ref()))
        }
    }

    fn copies(shelf: Option<Rc<dyn Shelf>>) -> Copies {
        let nodes: Vec<String> = (1..=5).map(|number| format!("n{number}")).collect();
        Copies::new(0, shelf, Rc::new(Ring::new(&nodes, 8)), 3)
    }

    fn entry(millis: u64, atomic: bool) -> Entry {
        Entry { version: Version { millis, ..Version::default() }, atomic, value: Some(vec![millis as u8]) }
    }

    #[test]
    fn a_shelf_holds_what_memory_would() {
        let mut both = [copies(None), copies(Some(Rc::new(Drawer::default())))];
        let held = [
            ("b", 3, false),
            ("a", 1, false),
            ("a", 5, false),
            ("a", 4, false),
            ("b", 2, true),
            ("c", 9, true),
        ];
        for (key, millis, atomic) in held {
            both.iter_mut().for_each(|copies| copies.hold(key.to_owned(), entry(millis, atomic)));
        }
        let told = both.each_ref().map(|copies| {
            let all = |after| copies.after(after).map(|copy| format!("{copy:?}")).collect::<Vec<_>>();
            (format!("{:?}", copies.get("b")), copies.get("x").is_none(), all(None), all(Some("a")))
        });
        assert_eq!(told[0], told[1]);
        assert_eq!(both.each_ref().map(|copies| copies.sums(1)), [both[0].sums(1), both[0].sums(1)]);
        let Held { kept, mark } = both[1].get("b").unwrap().into_owned();
        assert_eq!((kept, mark.homes.len()), (Kept { was_mixed: true, entry: entry(2, true) }, 3));
        assert_eq!(both[0].get("a").unwrap().kept, Kept { was_mixed: false, entry: entry(5, false) });
    }
}
