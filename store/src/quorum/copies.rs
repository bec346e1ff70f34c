//! Where a replica keeps its copies: in its own memory, or on a shelf.
//!
//! Both keep them in the order of the ring, so that a range of the ring is a run of them, and what two replicas find
//! to differ by their [trees](super::merkle) is read without a look at anything else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::conflict::Conflict;
use super::merkle::{Range, Tree};
use super::message::{Entry, NodeId};
use super::ring::{Homes, Ring, position};
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
    /// Where the key is on the ring.
    pub position: u64,
    /// Hash of key, version and value: differs where replicas differ.
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
    /// Everything kept from here on, in ring order.
    fn scan(&self, from: Bound<Place<'_>>) -> Box<dyn Iterator<Item = (String, Kept)> + '_>;
}

/// A place in ring order: a position on the ring, and among keys that share it, a key.
pub type Place<'a> = (u64, &'a str);

/// The copies of one replica, the newest entry of each key.
#[derive(Debug)]
pub struct Copies {
    store: Store,
    me: NodeId,
    ring: Rc<Ring>,
    replication: usize,
    conflict: Conflict,
    /// For each peer, of what both keep.
    trees: BTreeMap<NodeId, Tree>,
    tree_hash_fresh: bool,
    highest: Version,
}

#[derive(Debug)]
enum Store {
    Memory(BTreeMap<(u64, String), Held>),
    Shelf(Rc<dyn Shelf>),
}

/// A key, and what is held of it.
pub type Copy<'a> = (Cow<'a, str>, Cow<'a, Held>);

impl Copies {
    /// The copies of node `me`, of keys that each have so many homes on this ring, and whose conflicts are settled this
    /// way; without a shelf, in memory. All that is on the shelf is looked at.
    pub fn new(
        me: NodeId,
        shelf: Option<Rc<dyn Shelf>>,
        ring: Rc<Ring>,
        (replication, conflict): (usize, Conflict),
        tree_hash_fresh: bool,
    ) -> Copies {
        let store = shelf.clone().map_or(Store::Memory(BTreeMap::new()), Store::Shelf);
        let (trees, highest) = (BTreeMap::new(), Version::default());
        let mut copies = Copies { store, me, ring, replication, conflict, trees, tree_hash_fresh, highest };
        for (key, kept) in shelf.iter().flat_map(|shelf| shelf.scan(Unbounded)) {
            let held = copies.held(&key, kept);
            copies.count(&held);
        }
        copies
    }

    /// The highest version that was ever held.
    pub fn highest(&self) -> Version {
        self.highest
    }

    /// Whose they are.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// The tree of what this node and `peer` both keep.
    pub fn tree(&mut self, peer: NodeId) -> &mut Tree {
        self.trees.entry(peer).or_insert_with(|| Tree::new(self.tree_hash_fresh))
    }

    /// What is held of a key.
    pub fn get(&self, key: &str) -> Option<Cow<'_, Held>> {
        match &self.store {
            Store::Memory(held) => {
                let position = position(key);
                let mut there =
                    held.range((position, String::new())..).take_while(|((at, _), _)| *at == position);
                there.find(|((_, each), _)| each == key).map(|(_, held)| Cow::Borrowed(held))
            }
            Store::Shelf(shelf) => shelf.get(key).map(|kept| Cow::Owned(self.held(key, kept))),
        }
    }

    /// Everything held of keys after `after`, in ring order.
    pub fn after<'a>(&'a self, after: Option<&str>) -> Box<dyn Iterator<Item = Copy<'a>> + 'a> {
        self.scan(after.map_or(Unbounded, |key| Excluded((position(key), key))))
    }

    /// What is held in a range of the ring, in its order.
    pub fn within(&self, range: Range) -> impl Iterator<Item = Copy<'_>> {
        let (first, last) = range.positions().into_inner();
        self.scan(Included((first, ""))).take_while(move |(_, held)| held.mark.position <= last)
    }

    fn scan<'a>(&'a self, from: Bound<Place<'_>>) -> Box<dyn Iterator<Item = Copy<'a>> + 'a> {
        match &self.store {
            Store::Memory(held) => {
                let from = from.map(|(position, key)| (position, key.to_owned()));
                let held = held.range((from, Unbounded));
                Box::new(held.map(|((_, key), held)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(held))))
            }
            Store::Shelf(shelf) => Box::new(shelf.scan(from).map(|(key, kept)| {
                let held = self.held(&key, kept);
                (Cow::Owned(key), Cow::Owned(held))
            })),
        }
    }

    /// How conflicts are settled.
    pub fn conflict(&self) -> Conflict {
        self.conflict
    }

    /// Holds an entry, unless nothing is new in it.
    pub fn hold(&mut self, key: String, entry: Entry) {
        let before = self.get(&key);
        let held = before.as_ref().map(|held| &held.kept.entry);
        if held.is_some_and(|held| self.conflict.covers(held, &entry)) {
            return;
        }
        let (entry, _) = self.conflict.merge(held, entry);
        let changes_side =
            |held: &Cow<'_, Held>| held.kept.was_mixed || held.kept.entry.atomic != entry.atomic;
        let kept = Kept { was_mixed: before.as_ref().is_some_and(changes_side), entry };
        let held = match before.map(|held| held.mark.clone()) {
            None => self.held(&key, kept),
            Some(before) => {
                self.toggle(&before);
                let hash = hash(before.position, &kept.entry);
                Held { kept, mark: Mark { hash, ..before } }
            }
        };
        self.count(&held);
        match &mut self.store {
            Store::Memory(all) => drop(all.insert((held.mark.position, key), held)),
            Store::Shelf(shelf) => shelf.put(&key, &held.kept),
        }
    }

    /// Keeps what this ring makes this node an owner of, as it was before a change that is under way; drops everything else,
    /// and says which keys. Only copies in memory are dropped.
    pub fn place_on(&mut self, ring: Rc<Ring>) -> Vec<String> {
        self.ring = ring;
        self.trees.clear();
        let Store::Memory(all) = &mut self.store else { return Vec::new() };
        let (mut dropped, all) = (Vec::new(), std::mem::take(all));
        let mut kept = BTreeMap::new();
        for ((position, key), held) in all {
            let owners = self.ring.owners(&key, self.replication);
            if !owners.old.contains(&self.me) {
                dropped.push(key);
                continue;
            }
            let held = Held { mark: Mark { homes: owners.all(), ..held.mark }, ..held };
            self.toggle(&held.mark);
            kept.insert((position, key), held);
        }
        self.store = Store::Memory(kept);
        dropped
    }

    /// Drops what is held of a key.
    pub fn remove(&mut self, key: &str) {
        let Store::Memory(all) = &mut self.store else { return };
        if let Some(held) = all.remove(&(position(key), key.to_owned())) {
            self.toggle(&held.mark);
        }
    }

    fn count(&mut self, held: &Held) {
        self.highest = self.highest.max(held.kept.entry.version);
        self.toggle(&held.mark);
    }

    /// Takes a copy into the trees, or out again. What this node is not home to, it does not compare.
    fn toggle(&mut self, mark: &Mark) {
        if mark.homes.contains(&self.me) {
            let me = self.me;
            for &peer in mark.homes.iter().filter(|&&home| home != me) {
                self.tree(peer).toggle(mark.position, mark.hash);
            }
        }
    }

    fn held(&self, key: &str, kept: Kept) -> Held {
        let position = position(key);
        let hash = hash(position, &kept.entry);
        Held { kept, mark: Mark { homes: self.ring.homes(key, self.replication), position, hash } }
    }
}

/// The hash of an entry, whose key is known by its position.
fn hash(position: u64, entry: &Entry) -> u64 {
    let Version { millis, counter, node, incarnation } = entry.version;
    let mut bytes = [0; 28];
    bytes[..8].copy_from_slice(&millis.to_le_bytes());
    bytes[8..12].copy_from_slice(&counter.to_le_bytes());
    bytes[12..14].copy_from_slice(&node.to_le_bytes());
    bytes[14..18].copy_from_slice(&incarnation.to_le_bytes());
    bytes[18] = entry.atomic.into();
    if let Some(value) = &entry.value {
        bytes[19] = 1;
        bytes[20..].copy_from_slice(&xxh3_64(value).to_le_bytes());
    }
    xxh3_64_with_seed(&bytes, position)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::ops::RangeBounds;

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
        fn scan(&self, from: Bound<Place<'_>>) -> Box<dyn Iterator<Item = (String, Kept)> + '_> {
            let mut all: Vec<_> = self.0.borrow().clone().into_iter().collect();
            all.retain(|(key, _)| RangeBounds::contains(&(from, Unbounded), &(position(key), key.as_str())));
            all.sort_by_key(|(key, _)| position(key));
            Box::new(all.into_iter())
        }
    }

    fn copies(shelf: Option<Rc<dyn Shelf>>) -> Copies {
        let nodes: Vec<String> = (1..=5).map(|number| format!("n{number}")).collect();
        Copies::new(0, shelf, Rc::new(Ring::new(&nodes, 8)), (3, Conflict::LastWriteWins), true)
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
            let in_leaves: Vec<_> = ["a", "b", "c"]
                .iter()
                .flat_map(|key| copies.within(Range::leaf_at(position(key))))
                .map(|copy| format!("{copy:?}"))
                .collect();
            (
                format!("{:?}", copies.get("b")),
                copies.get("x").is_none(),
                all(None),
                all(Some("a")),
                in_leaves,
            )
        });
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0].4.len(), 3);
        let [in_memory, on_shelf] = both.each_mut().map(|copies| copies.tree(1).root());
        assert_eq!(in_memory, on_shelf);
        assert_ne!(in_memory, 0);
        let Held { kept, mark } = both[1].get("b").unwrap().into_owned();
        assert_eq!((kept, mark.homes.len()), (Kept { was_mixed: true, entry: entry(2, true) }, 3));
        assert_eq!(both[0].get("a").unwrap().kept, Kept { was_mixed: false, entry: entry(5, false) });
    }
}
