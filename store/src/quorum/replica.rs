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
/// - The version held of a key never goes down.
#[derive(Debug)]
pub struct Replica {
    held: BTreeMap<String, Held>,
    pending: BTreeMap<RecordNumber, Pending>,
    /// The last pending record of each key.
    newest: BTreeMap<String, RecordNumber>,
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
            appended: 0,
            sync_before_acknowledge,
            replication,
        }
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

    /// Number of the last record appended.
    pub fn appended(&self) -> RecordNumber {
        self.appended
    }

    /// Whether everything appended is durable.
    pub fn is_durable(&self) -> bool {
        self.pending.is_empty()
    }

    /// Holds an entry, unless something newer is held: from replay, or once it is durable.
    pub fn hold(&mut self, key: String, entry: Entry, ring: &Ring) {
        if let Some(held) = self.held.get_mut(&key) {
            if held.entry.version < entry.version {
                held.hash = hash(held.key_hash, entry.version);
                held.entry = entry;
            }
            return;
        }
        let key_hash = xxh3_64(key.as_bytes());
        let homes = ring.homes(&key, self.replication);
        let hash = hash(key_hash, entry.version);
        self.held.insert(
            key,
            Held {
                entry,
                homes,
                key_hash,
                hash,
            },
        );
    }

    /// Asked to hold an entry: appends it, and acknowledges to `waiter` once it is durable.
    pub fn write(
        &mut self,
        key: String,
        entry: Entry,
        waiter: Option<Waiter>,
        ring: &Ring,
        out: &mut Outbox<'_>,
    ) {
        if let Some(used) = self.other_mode(&key, entry.atomic) {
            return refuse(
                waiter,
                Refusal::MixedLevels {
                    used: used.to_owned(),
                },
                out,
            );
        }
        if self.get(&key).is_some_and(|held| held.version >= entry.version) {
            return acknowledge(&key, entry.version, waiter, out);
        }
        if let Some(pending) = self
            .newest
            .get(&key)
            .and_then(|record| self.pending.get_mut(record))
            && pending.entry.version >= entry.version
        {
            pending.waiters.extend(waiter);
            return;
        }
        self.appended += 1;
        out.push(Effect::Append(Record {
            key: key.clone(),
            entry: entry.clone(),
        }));
        if !self.sync_before_acknowledge {
            out.push(Effect::Reached("acknowledged-before-sync"));
            acknowledge(&key, entry.version, waiter, out);
            return self.hold(key, entry, ring);
        }
        self.newest.insert(key.clone(), self.appended);
        self.pending.insert(
            self.appended,
            Pending {
                key,
                entry,
                waiters: waiter.into_iter().collect(),
            },
        );
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber, ring: &Ring, out: &mut Outbox<'_>) {
        while let Some(first) = self.pending.first_entry()
            && *first.key() <= through
        {
            let (record, Pending { key, entry, waiters }) = first.remove_entry();
            self.forget_newest(&key, record);
            let version = entry.version;
            for waiter in waiters {
                acknowledge(&key, version, Some(waiter), out);
            }
            self.hold(key, entry, ring);
        }
    }

    /// This record could not be appended: whoever waits for it is told.
    pub fn append_failed(&mut self, record: RecordNumber, reason: &str, out: &mut Outbox<'_>) {
        let Some(Pending { key, waiters, .. }) = self.pending.remove(&record) else {
            return;
        };
        self.forget_newest(&key, record);
        for waiter in waiters {
            refuse(
                Some(waiter),
                Refusal::Unavailable(format!("the log takes no writes: {reason}")),
                out,
            );
        }
    }

    fn forget_newest(&mut self, key: &str, record: RecordNumber) {
        if self.newest.get(key) == Some(&record) {
            self.newest.remove(key);
        }
    }

    /// How the key is used, when that is not how it is to be used now.
    fn other_mode(&self, key: &str, atomic: bool) -> Option<&'static str> {
        let pending = || {
            self.newest
                .get(key)
                .and_then(|record| self.pending.get(record))
                .map(|p| p.entry.atomic)
        };
        let used = self.get(key).map(|entry| entry.atomic).or_else(pending)?;
        (used != atomic).then_some(mode(used))
    }
}

/// The name of how a key is used.
pub fn mode(atomic: bool) -> &'static str {
    if atomic { "atomic" } else { "one, quorum or all" }
}

fn hash(key_hash: u64, version: Version) -> u64 {
    let Version {
        millis,
        counter,
        node,
        incarnation,
    } = version;
    let mut bytes = [0; 18];
    bytes[..8].copy_from_slice(&millis.to_le_bytes());
    bytes[8..12].copy_from_slice(&counter.to_le_bytes());
    bytes[12..14].copy_from_slice(&node.to_le_bytes());
    bytes[14..].copy_from_slice(&incarnation.to_le_bytes());
    xxh3_64_with_seed(&bytes, key_hash)
}

fn acknowledge(key: &str, version: Version, waiter: Option<Waiter>, out: &mut Outbox<'_>) {
    let Some((to, operation)) = waiter else { return };
    out.push(Effect::Acknowledged {
        key: key.to_owned(),
        version,
    });
    out.send(to, Message::Written { operation });
}

fn refuse(waiter: Option<Waiter>, refusal: Refusal, out: &mut Outbox<'_>) {
    if let Some((to, operation)) = waiter {
        out.send(to, Message::WriteRefused { operation, refusal });
    }
}
