//! What one node holds, and when it may say so.
//!
//! A write is appended to the log first; it becomes visible to reads, and is acknowledged, only once
//! the log is durable up to it:
//!
//! ```text
//! Write v1 ──► append 1 ──────────► synced through 1: hold v1, acknowledge
//!    Write v2 ──► append 2 ─────────────────────────► synced through 2: hold v2, acknowledge
//!        Read ──► what is held now: neither
//! ```
//!
//! So no reader has ever seen what a power loss can take away.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use smallvec::SmallVec;

use super::conflict::Conflict;
use super::copies::{Copies, Copy, Held, Shelf};
use super::effect::{Effect, RecordNumber};
use super::graves::{Graves, tombstone};
use super::merkle::{Range, Tree};
use super::message::{Entry, Message, NodeId, OperationId, Refusal};
use super::outbox::Outbox;
use super::record::{Logged, Record};
use super::ring::{Ring, position};
use super::version::Version;
use crate::{Safeguards, marker};

/// Bytes of records that are not durable yet; more are refused until the disk has caught up.
const PENDING_BYTES_MAX: usize = 64 << 20;

/// Bytes of the values of one key that a write may be put beside: more would not fit a message.
const SIBLINGS_BYTES_MAX: usize = 5 << 18;

/// Who waits for a write to be durable.
pub type Waiter = (NodeId, OperationId);

/// A write that is in the log, but not yet durable.
#[derive(Debug)]
struct Pending {
    key: String,
    entry: Entry,
    waiters: SmallVec<[Waiter; 1]>,
}

/// The copies that one node keeps.
///
/// - What is held is durable (with the safeguard `sync_before_acknowledge` on).
/// - The [rank](Entry::rank) held of a key never goes down: nor does its version, where levels are
///   not mixed. Of siblings what has been seen only grows, and the version with it.
#[derive(Debug)]
pub struct Replica {
    copies: Copies,
    pending: BTreeMap<RecordNumber, Pending>,
    /// The last pending record of each key.
    newest: BTreeMap<String, RecordNumber>,
    pending_bytes: usize,
    sync_before_acknowledge: bool,
    replication: usize,
    graves: Graves,
    /// Held since somebody last asked; none: nobody does.
    tombstones: Option<Vec<(String, Version)>>,
}

impl Replica {
    /// A replica that holds what is on its shelf; without one, nothing. With `collects`, its tombstones are asked for.
    pub fn new(
        me: NodeId,
        shelf: Option<Rc<dyn Shelf>>,
        ring: Rc<Ring>,
        (replication, conflict): (usize, Conflict),
        safeguards: Safeguards,
        collects: bool,
    ) -> Replica {
        Replica {
            copies: Copies::new(me, shelf, ring, (replication, conflict), safeguards.tree_hash_fresh),
            pending: BTreeMap::new(),
            newest: BTreeMap::new(),
            pending_bytes: 0,
            sync_before_acknowledge: safeguards.sync_before_acknowledge,
            replication,
            graves: Graves::default(),
            tombstones: collects.then(Vec::new),
        }
    }

    /// How many home replicas each key has.
    pub fn replication(&self) -> usize {
        self.replication
    }

    /// How conflicts are settled.
    pub fn conflict(&self) -> Conflict {
        self.copies.conflict()
    }

    /// The highest version that was ever held.
    pub fn highest(&self) -> Version {
        self.copies.highest()
    }

    /// The tree of what this node and `peer` both keep.
    pub fn tree(&mut self, peer: NodeId) -> &mut Tree {
        self.copies.tree(peer)
    }

    /// What is held of a key.
    pub fn get(&self, key: &str) -> Option<Cow<'_, Held>> {
        self.copies.get(key)
    }

    /// Everything that a reader is told, of keys after `after`, in ring order.
    pub fn after(&self, after: Option<&str>) -> impl Iterator<Item = (Cow<'_, str>, Entry)> {
        let mut held = self.copies.after(after).peekable();
        let mut buried = self.graves.after(after).peekable();
        std::iter::from_fn(move || {
            let place = |key: &str| (position(key), key.to_owned());
            let is_next =
                |(key, _): &(&str, Entry)| held.peek().is_none_or(|(held, _)| place(key) < place(held));
            match buried.next_if(is_next) {
                Some((key, entry)) => Some((Cow::Borrowed(key), entry)),
                None => held.next().map(|(key, held)| (key, held.into_owned().kept.entry)),
            }
        })
    }

    /// What is held in a range of the ring, in its order.
    pub fn within(&self, range: Range) -> impl Iterator<Item = Copy<'_>> {
        self.copies.within(range)
    }

    /// Holds an entry, unless nothing is new in it: from replay, or once it is durable.
    pub fn hold(&mut self, key: String, entry: Entry) {
        if let Some(tombstones) = self.tombstones.as_mut().filter(|_| entry.value.is_none() && !entry.atomic)
        {
            tombstones.push((key.clone(), entry.version));
        }
        self.graves.forget(&key);
        self.copies.hold(key, entry);
    }

    /// Another ring is in force: drops what this node does not own on it, and says which keys. Nobody is told any more that
    /// a write is durable who asked under the ring before. Collected tombstones of keys whose owners change are held again,
    /// to be handed over, and collected anew.
    pub fn place_on(&mut self, ring: &Rc<Ring>) -> Vec<String> {
        let replication = self.replication;
        let me = self.copies.me();
        let is_home = |key: &str| ring.homes(key, replication).contains(&me);
        self.pending.values_mut().for_each(|pending| pending.waiters.clear());
        let gone: Vec<RecordNumber> = self
            .pending
            .iter()
            .filter(|(_, pending)| !is_home(&pending.key))
            .map(|(record, _)| *record)
            .collect();
        gone.into_iter().for_each(|record| drop(self.remove_pending(record)));
        let mut dropped = self.copies.place_on(ring.clone());
        dropped.extend(self.graves.take(|key| !is_home(key)).into_iter().map(|(key, _)| key));
        self.exhume(ring);
        if let Some(tombstones) = &mut self.tombstones {
            let held =
                self.copies.after(None).map(|(key, held)| (key.into_owned(), held.into_owned().kept.entry));
            let held = held.filter(|(_, entry)| entry.value.is_none() && !entry.atomic);
            *tombstones = held.map(|(key, entry)| (key, entry.version)).collect();
        }
        dropped
    }

    /// Holds again the collected tombstones of keys whose owners change. Who comes to own a key gets what is held of it; what
    /// is only remembered would be known to some of its owners.
    pub fn exhume(&mut self, ring: &Ring) {
        let replication = self.replication;
        for (key, version) in self.graves.take(|key| ring.owners(key, replication).new.is_some()) {
            self.hold(key, tombstone(version));
        }
    }

    /// The tombstones that were held since this was last asked.
    pub fn take_tombstones(&mut self) -> Vec<(String, Version)> {
        self.tombstones.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Whether a tombstone of this version is what is held of a key.
    pub fn holds_tombstone(&self, key: &str, version: Version) -> bool {
        self.get(key).is_some_and(|held| held.kept.entry == tombstone(version))
    }

    /// Drops a tombstone, if it is what is held; the log says so. Replay need not: it brings back what is dropped again.
    pub fn collect(&mut self, key: &str, version: Version, out: &mut Outbox<'_>) {
        if self.holds_tombstone(key, version) {
            out.append(Logged::Collected { key: key.to_owned(), version });
            out.push(Effect::Reached(marker::TOMBSTONE_COLLECTED.name));
            self.bury(key, version);
        }
    }

    /// A tombstone of this version was dropped, with everything below it; from replay, or just now.
    pub fn bury(&mut self, key: &str, version: Version) {
        let is_below = |held: Cow<'_, Held>| held.kept.entry.version <= version && !held.kept.entry.atomic;
        if self.get(key).is_none_or(is_below) {
            self.copies.remove(key);
            self.graves.bury(key, version);
        }
    }

    /// What a reader is told of a key: what is held, or the tombstone that was.
    pub fn told(&self, key: &str) -> Option<Entry> {
        self.get(key).map(|held| held.into_owned().kept.entry).or_else(|| self.graves.get(key))
    }

    /// Asked by a coordinator to hold an entry: appends it, and acknowledges to `waiter` once it is
    /// durable.
    pub fn write(&mut self, key: String, entry: Entry, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
        if let Some(held) = self.get(&key)
            && held.kept.entry.atomic != entry.atomic
        {
            // A refusal says "never held, and never will be". Where the key has changed sides, an
            // earlier copy of this very write may have been held: nothing certain can be said.
            if !held.kept.was_mixed {
                let used = mode(held.kept.entry.atomic).to_owned();
                refuse(waiter, Refusal::MixedLevels { used }, out);
            }
            return;
        }
        if self.newest(&key).is_some_and(|pending| pending.entry.atomic != entry.atomic) {
            // How the key is used is not durable, so not decided: the coordinator will ask again.
            return;
        }
        self.append(key, entry, waiter, out);
    }

    /// Told by another replica what it holds: appends it, unless something newer is held. Returns
    /// what is held here where the key is used at level atomic and the other replica does not know.
    pub fn take_in(&mut self, key: String, entry: Entry, out: &mut Outbox<'_>) -> Option<(String, Entry)> {
        if !entry.atomic
            && let Some(held) = self.get(&key).filter(|held| held.kept.entry.atomic)
        {
            let entry = held.into_owned().kept.entry;
            return Some((key, entry));
        }
        self.append(key, entry, None, out);
        None
    }

    /// Given back by a node that stood in: appends it, unless something of its [rank](Entry::rank) or above is held,
    /// and acknowledges to `waiter` once that is durable. Nothing is refused: a key that is used at level atomic here
    /// holds what ranks above.
    pub fn take_back(&mut self, key: String, entry: Entry, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
        self.append(key, entry, waiter, out);
    }

    fn append(&mut self, key: String, entry: Entry, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
        let conflict = self.conflict();
        let covers = |held: &Entry| conflict.covers(held, &entry);
        if let Some(held) = self.get(&key).filter(|held| covers(&held.kept.entry)) {
            if waiter.is_some() && held.kept.entry.rank() > entry.rank() {
                out.push(Effect::Reached(marker::WRITE_SUPERSEDED.name));
            }
            return acknowledge(&key, entry.version, waiter, out);
        }
        if let Some(pending) = self.newest(&key)
            && covers(&pending.entry)
        {
            if waiter.is_some_and(|waiter| !pending.waiters.contains(&waiter)) {
                pending.waiters.extend(waiter);
            }
            return;
        }
        let entry = self.merged(&key, entry, out);
        let bytes = bytes(&key, &entry);
        if waiter.is_some() && conflict != Conflict::LastWriteWins && bytes > SIBLINGS_BYTES_MAX {
            let why =
                "the values of this key are too many: they must be read, and be written over".to_owned();
            return refuse(waiter, Refusal::Unavailable(why), out);
        }
        if self.pending_bytes + bytes > PENDING_BYTES_MAX {
            let why = "the disk does not keep up with writes".to_owned();
            return refuse(waiter, Refusal::Unavailable(why), out);
        }
        let number = out.append(Logged::Held(Record { key: key.clone(), entry: entry.clone() }));
        if !self.sync_before_acknowledge {
            out.push(Effect::Reached("acknowledged-before-sync"));
            acknowledge(&key, entry.version, waiter, out);
            return self.hold(key, entry);
        }
        self.pending_bytes += bytes;
        self.newest.insert(key.clone(), number);
        let waiters = waiter.into_iter().collect();
        self.pending.insert(number, Pending { key, entry, waiters });
    }

    /// An entry with all that is held of its key, or will be once it is durable.
    fn merged(&self, key: &str, entry: Entry, out: &mut Outbox<'_>) -> Entry {
        let conflict = self.conflict();
        if conflict == Conflict::LastWriteWins {
            return entry;
        }
        let pending = self.newest.get(key).and_then(|record| self.pending.get(record));
        let held = self.get(key);
        let before = pending.map(|pending| &pending.entry).or(held.as_ref().map(|held| &held.kept.entry));
        let (merged, reached) = conflict.merge(before, entry);
        reached.into_iter().for_each(|marker| out.push(Effect::Reached(marker)));
        merged
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber, out: &mut Outbox<'_>) {
        while let Some(first) = self.pending.first_entry()
            && *first.key() <= through
        {
            let record = *first.key();
            let Some(Pending { key, entry, waiters }) = self.remove_pending(record) else { return };
            for waiter in waiters {
                acknowledge(&key, entry.version, Some(waiter), out);
            }
            self.hold(key, entry);
        }
    }

    /// This record could not be appended: whoever waits for it is told.
    pub fn append_failed(&mut self, record: RecordNumber, reason: &str, out: &mut Outbox<'_>) {
        let Some(Pending { waiters, .. }) = self.remove_pending(record) else { return };
        for waiter in waiters {
            refuse(Some(waiter), Refusal::Unavailable(format!("the log takes no writes: {reason}")), out);
        }
    }

    fn remove_pending(&mut self, record: RecordNumber) -> Option<Pending> {
        let pending = self.pending.remove(&record)?;
        self.pending_bytes -= bytes(&pending.key, &pending.entry);
        if self.newest.get(&pending.key) == Some(&record) {
            self.newest.remove(&pending.key);
        }
        Some(pending)
    }

    /// The last pending record of a key.
    fn newest(&mut self, key: &str) -> Option<&mut Pending> {
        let record = self.newest.get(key)?;
        self.pending.get_mut(record)
    }
}

/// What a pending record takes in memory, roughly.
fn bytes(key: &str, entry: &Entry) -> usize {
    2 * key.len() + entry.value.as_ref().map_or(0, Vec::len) + 200
}

/// The name of how a key is used.
pub fn mode(atomic: bool) -> &'static str {
    if atomic { "atomic" } else { "one, quorum or all" }
}

fn acknowledge(key: &str, version: Version, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
    let Some((to, operation)) = waiter else { return };
    out.push(Effect::Acknowledged { key: key.to_owned(), version });
    out.send(to, Message::Written { operation });
}

fn refuse(waiter: Option<Waiter>, refusal: Refusal, out: &mut Outbox<'_>) {
    if let Some((to, operation)) = waiter {
        out.send(to, Message::WriteRefused { operation, refusal });
    }
}
