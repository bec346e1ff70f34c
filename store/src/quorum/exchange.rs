//! Background exchange: pairs of nodes compare what they both keep, and send each other what differs.
//!
//! ```text
//! n1 ── Digest: a hash for each bucket of shared keys ──────────────────► n2
//! n1 ◄─ Versions: of the keys in buckets that differ ─────────────────── n2
//! n1 ── Entries: those n2 lacks; and the keys that n1 wants ────────────► n2
//! n1 ◄─ Entries: those wanted ────────────────────────────────────────── n2
//! ```
//!
//! Each message carries as much as fits a frame; what does not fit still differs, and comes with a
//! later exchange. A replica that lost records to a corrupt disk recovers by the same exchange: it is
//! caught up with a peer once an exchange with it, begun after the start, leaves nothing wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::Now;
use super::message::{Entry, Message, NodeId, OperationId};
use super::outbox::Outbox;
use super::replica::{Held, Replica};
use super::ring::Ring;
use super::version::Version;

/// Buckets that shared keys are hashed into.
const BUCKETS: u16 = 64;
/// Bytes of keys and values that one message carries, roughly.
const MESSAGE_BYTES: usize = 1 << 20;
/// A recovering replica exchanges this many times as often.
const RECOVERY_HASTE: u64 = 4;

/// The exchanges that this node begins, one peer after the other.
#[derive(Debug)]
pub struct Exchange {
    me: NodeId,
    nodes: NodeId,
    last: OperationId,
    next_at: u64,
    next_peer: NodeId,
    /// The exchange begun with each peer.
    begun: BTreeMap<NodeId, OperationId>,
    /// Peers that this node has still to catch up from; while there are any, it is recovering.
    behind: BTreeSet<NodeId>,
}

impl Exchange {
    /// Exchanges of node `me` among `nodes`; with `damaged`, it must first catch up from all others.
    pub fn new(me: NodeId, nodes: NodeId, incarnation: u32, damaged: bool, now: Now) -> Exchange {
        let others = (0..nodes).filter(|&node| damaged && node != me);
        Exchange {
            me,
            nodes,
            last: u64::from(incarnation) << 32,
            next_at: now.monotonic,
            next_peer: me,
            begun: BTreeMap::new(),
            behind: others.collect(),
        }
    }

    /// Whether replay found damage, and not every peer has made up for it yet.
    pub fn is_recovering(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Begins an exchange when it is time.
    pub fn tick(&mut self, period_ms: u64, replica: &Replica, now: Now, out: &mut Outbox<'_>) {
        if now.monotonic < self.next_at || self.nodes < 2 {
            return;
        }
        let haste = if self.is_recovering() { RECOVERY_HASTE } else { 1 };
        self.next_at = now.monotonic + period_ms * 1_000_000 / haste;
        let peer = self.turn();
        self.last += 1;
        self.begun.insert(peer, self.last);
        out.send(
            peer,
            Message::Digest {
                exchange: self.last,
                buckets: self.buckets(peer, replica),
            },
        );
    }

    /// A peer begins an exchange: answers with the versions in buckets that differ.
    pub fn on_digest(
        &self,
        from: NodeId,
        exchange: OperationId,
        theirs: &[u64],
        replica: &Replica,
        out: &mut Outbox<'_>,
    ) {
        let ours = self.buckets(from, replica);
        let differs = |bucket: &u16| theirs.get(usize::from(*bucket)) != ours.get(usize::from(*bucket));
        let differing: Vec<u16> = (0..BUCKETS).filter(differs).collect();
        let (mut versions, mut bytes, mut complete) = (Vec::new(), 0, true);
        for (key, held) in self
            .shared(from, replica)
            .filter(|(_, held)| differing.contains(&bucket(held)))
        {
            bytes += key.len() + 20;
            if bytes > MESSAGE_BYTES {
                complete = false;
                break;
            }
            versions.push((key.clone(), held.entry.version));
        }
        out.send(
            from,
            Message::Versions {
                exchange,
                differing,
                versions,
                complete,
            },
        );
    }

    /// A peer's versions in the buckets that differ: sends what it lacks, asks for what it has newer.
    /// Returns whether this ended the recovery.
    pub fn on_versions(
        &mut self,
        from: NodeId,
        (exchange, differing, versions, complete): (OperationId, &[u16], &[(String, Version)], bool),
        replica: &Replica,
        out: &mut Outbox<'_>,
    ) -> bool {
        if self.begun.get(&from) != Some(&exchange) {
            return false;
        }
        let held = |key: &str| replica.get(key).map(|entry| entry.version);
        let newer = versions
            .iter()
            .filter(|(key, version)| held(key) < Some(*version));
        let wanted: Vec<String> = newer.map(|(key, _)| key.clone()).collect();
        let theirs: BTreeMap<&str, Version> = versions
            .iter()
            .map(|(key, version)| (key.as_str(), *version))
            .collect();
        // Of keys past a cut list it is not known what the peer holds.
        let covered = |key: &str| complete || versions.last().is_some_and(|(last, _)| key <= last.as_str());
        let lacking = self.shared(from, replica).filter(|(key, held)| {
            let differs = differing.contains(&bucket(held));
            differs && covered(key) && theirs.get(key.as_str()) < Some(&held.entry.version)
        });
        let entries = as_many_as_fit(lacking);
        let caught_up = complete && wanted.is_empty();
        if !entries.is_empty() || !wanted.is_empty() {
            out.send(from, Message::Entries { entries, wanted });
        }
        caught_up && self.behind.remove(&from) && self.behind.is_empty()
    }

    /// A peer wants these keys.
    pub fn on_wanted(&self, from: NodeId, wanted: &[String], replica: &Replica, out: &mut Outbox<'_>) {
        if !wanted.is_empty() {
            let wanted: BTreeSet<&String> = wanted.iter().collect();
            let entries = as_many_as_fit(self.shared(from, replica).filter(|(key, _)| wanted.contains(key)));
            out.send(
                from,
                Message::Entries {
                    entries,
                    wanted: Vec::new(),
                },
            );
        }
    }

    /// The next peer, in turn; a recovering node asks only those it is still behind.
    fn turn(&mut self) -> NodeId {
        loop {
            self.next_peer = (self.next_peer + 1) % self.nodes;
            let useful = !self.is_recovering() || self.behind.contains(&self.next_peer);
            if self.next_peer != self.me && useful {
                return self.next_peer;
            }
        }
    }

    /// What this node holds of the keys that both it and `peer` are home to.
    fn shared<'a>(&self, peer: NodeId, replica: &'a Replica) -> impl Iterator<Item = (&'a String, &'a Held)> {
        let me = self.me;
        replica
            .iter()
            .filter(move |(_, held)| held.homes.contains(&peer) && held.homes.contains(&me))
    }

    fn buckets(&self, peer: NodeId, replica: &Replica) -> Vec<u64> {
        let mut buckets = vec![0; usize::from(BUCKETS)];
        for (_, held) in self.shared(peer, replica) {
            buckets[usize::from(bucket(held))] ^= held.hash;
        }
        buckets
    }
}

fn bucket(held: &Held) -> u16 {
    (held.key_hash % u64::from(BUCKETS)) as u16
}

fn as_many_as_fit<'a>(held: impl Iterator<Item = (&'a String, &'a Held)>) -> Vec<(String, Entry)> {
    let mut bytes = 0;
    let fits = |(key, held): &(&String, &Held)| {
        // The first always goes: a value may be as large as a message.
        let first = bytes == 0;
        bytes += key.len() + held.entry.value.as_ref().map_or(0, Vec::len) + 40;
        first || bytes <= MESSAGE_BYTES
    };
    held.take_while(fits)
        .map(|(key, held)| (key.clone(), held.entry.clone()))
        .collect()
}

/// Whether `node` keeps `key` at all: entries for others are not taken in.
pub fn is_home(ring: &Ring, replication: usize, node: NodeId, key: &str) -> bool {
    ring.homes(key, replication).contains(&node)
}
