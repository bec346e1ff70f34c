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

use std::collections::BTreeMap;

use smallvec::SmallVec;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::effect::{Effect, Record, RecordNumber};
use super::message::{Entry, Message, NodeId, OperationId, Refusal};
use super::outbox::Outbox;
use super::ring::{Homes, Ring};
use super::version::Version;
use crate::marker;

/// Bytes of records that are not durable yet; more are refused until the disk has caught up.
const PENDING_BYTES_MAX: usize = 64 << 20;

/// Who waits for a write to be durable.
pub type Waiter = (NodeId, OperationId);

/// An entry with what the background exchange needs to know of it.
#[derive(Clone, Debug)]
pub struct Held {
    /// What is held.
    pub entry: Entry,
    /// Its key's home replicas.
    pub homes: Homes,
    /// Hash of the key: names its bucket.
    pub key_hash: u64,
    /// Hash of key and version: differs where replicas differ.
    pub hash: u64,
    /// The key was used at another level before it turned out to be atomic elsewhere.
    was_mixed: bool,
}

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
///   not mixed.
#[derive(Debug)]
pub struct Replica {
    held: BTreeMap<String, Held>,
    pending: BTreeMap<RecordNumber, Pending>,
    /// The last pending record of each key.
    newest: BTreeMap<String, RecordNumber>,
    pending_bytes: usize,
    appended: RecordNumber,
    sync_before_acknowledge: bool,
    replication: usize,
}

impl Replica {
    /// A replica that holds nothing.
    pub fn new(replication: usize, sync_before_acknowledge: bool) -> Replica {
        Replica {
            held: BTreeMap::new(),
            pending: BTreeMap::new(),
            newest: BTreeMap::new(),
            pending_bytes: 0,
            appended: 0,
            sync_before_acknowledge,
            replication,
        }
    }

    /// How many home replicas each key has.
    pub fn replication(&self) -> usize {
        self.replication
    }

    /// What is held of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.held.get(key).map(|held| &held.entry)
    }

    /// Everything held, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Held)> {
        self.held.iter()
    }

    /// Everything held of keys after `after`, in key order.
    pub fn iter_after(&self, after: Option<&str>) -> impl Iterator<Item = (&String, &Held)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.held.range::<str, _>((from, Unbounded))
    }

    /// What is held of a key, with what the background exchange needs to know.
    pub fn get_key_value(&self, key: &str) -> Option<(&String, &Held)> {
        self.held.get_key_value(key)
    }

    /// Holds an entry, unless something newer is held: from replay, or once it is durable.
    pub fn hold(&mut self, key: String, entry: Entry, ring: &Ring) {
        if let Some(held) = self.held.get_mut(&key) {
            if held.entry.rank() < entry.rank() {
                held.was_mixed |= held.entry.atomic != entry.atomic;
                held.hash = hash(held.key_hash, entry.version);
                held.entry = entry;
            }
            return;
        }
        let key_hash = xxh3_64(key.as_bytes());
        let homes = ring.homes(&key, self.replication);
        let hash = hash(key_hash, entry.version);
        self.held.insert(key, Held { entry, homes, key_hash, hash, was_mixed: false });
    }

    /// Asked by a coordinator to hold an entry: appends it, and acknowledges to `waiter` once it is
    /// durable.
    pub fn write(
        &mut self,
        key: String,
        entry: Entry,
        waiter: Option<Waiter>,
        ring: &Ring,
        out: &mut Outbox<'_>,
    ) {
        if let Some(held) = self.held.get(&key)
            && held.entry.atomic != entry.atomic
        {
            // A refusal says "never held, and never will be". Where the key has changed sides, an
            // earlier copy of this very write may have been held: nothing certain can be said.
            if !held.was_mixed {
                let used = mode(held.entry.atomic).to_owned();
                refuse(waiter, Refusal::MixedLevels { used }, out);
            }
            return;
        }
        if self.newest(&key).is_some_and(|pending| pending.entry.atomic != entry.atomic) {
            // How the key is used is not durable, so not decided: the coordinator will ask again.
            return;
        }
        self.append(key, entry, waiter, ring, out);
    }

    /// Told by another replica what it holds: appends it, unless something newer is held. Returns
    /// what is held here where the key is used at level atomic and the other replica does not know.
    pub fn take_in(
        &mut self,
        key: String,
        entry: Entry,
        ring: &Ring,
        out: &mut Outbox<'_>,
    ) -> Option<(String, Entry)> {
        match self.get(&key) {
            Some(held) if held.atomic && !entry.atomic => Some((key, held.clone())),
            _ => {
                self.append(key, entry, None, ring, out);
                None
            }
        }
    }

    fn append(
        &mut self,
        key: String,
        entry: Entry,
        waiter: Option<Waiter>,
        ring: &Ring,
        out: &mut Outbox<'_>,
    ) {
        if let Some(held) = self.get(&key)
            && held.rank() >= entry.rank()
        {
            if waiter.is_some() && held.rank() > entry.rank() {
                out.push(Effect::Reached(marker::WRITE_SUPERSEDED.name));
            }
            return acknowledge(&key, entry.version, waiter, out);
        }
        if let Some(pending) = self.newest(&key)
            && pending.entry.rank() >= entry.rank()
        {
            if waiter.is_some_and(|waiter| !pending.waiters.contains(&waiter)) {
                pending.waiters.extend(waiter);
            }
            return;
        }
        let bytes = bytes(&key, &entry);
        if self.pending_bytes + bytes > PENDING_BYTES_MAX {
            let why = "the disk does not keep up with writes".to_owned();
            return refuse(waiter, Refusal::Unavailable(why), out);
        }
        self.appended += 1;
        out.push(Effect::Append(Record { key: key.clone(), entry: entry.clone() }));
        if !self.sync_before_acknowledge {
            out.push(Effect::Reached("acknowledged-before-sync"));
            acknowledge(&key, entry.version, waiter, out);
            return self.hold(key, entry, ring);
        }
        self.pending_bytes += bytes;
        self.newest.insert(key.clone(), self.appended);
        let waiters = waiter.into_iter().collect();
        self.pending.insert(self.appended, Pending { key, entry, waiters });
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber, ring: &Ring, out: &mut Outbox<'_>) {
        while let Some(first) = self.pending.first_entry()
            && *first.key() <= through
        {
            let record = *first.key();
            let Some(Pending { key, entry, waiters }) = self.remove_pending(record) else { return };
            for waiter in waiters {
                acknowledge(&key, entry.version, Some(waiter), out);
            }
            self.hold(key, entry, ring);
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

fn hash(key_hash: u64, version: Version) -> u64 {
    let Version { millis, counter, node, incarnation } = version;
    let mut bytes = [0; 18];
    bytes[..8].copy_from_slice(&millis.to_le_bytes());
    bytes[8..12].copy_from_slice(&counter.to_le_bytes());
    bytes[12..14].copy_from_slice(&node.to_le_bytes());
    bytes[14..].copy_from_slice(&incarnation.to_le_bytes());
    xxh3_64_with_seed(&bytes, key_hash)
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
