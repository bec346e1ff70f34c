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
//! later exchange, whose list starts elsewhere.
//!
//! A replica that lost records to a corrupt disk recovers by the same exchange: it is caught up with a
//! peer once it holds all that the peer listed in one whole answer to an exchange begun after the
//! start. What the peer takes in later than that is sent to this replica as well, like any write;
//! waiting for a moment without differences could take for ever under load.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::copies::Copy;
use super::effect::{Effect, Now};
use super::message::{Entry, Message, NodeId, OperationId};
use super::outbox::Outbox;
use super::replica::Replica;
use super::ring::Ring;
use super::sums::{BUCKETS, bucket};
use super::version::Version;
use crate::{marker, point};

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
    /// Exchanges of earlier incarnations have numbers up to this one.
    before: OperationId,
    /// Peers that this node has still to catch up from; while there are any, it is recovering. With
    /// each, what is still missing of the first whole list that it sent.
    behind: BTreeMap<NodeId, Option<Missing>>,
}

/// Keys, and the versions at which they must be held.
type Missing = BTreeMap<String, Version>;

impl Exchange {
    /// Exchanges of node `me` among `nodes`, the first at `next_at` in monotonic nanoseconds; with
    /// `damaged`, it must first catch up from all others.
    pub fn new(me: NodeId, nodes: NodeId, incarnation: u32, damaged: bool, next_at: u64) -> Exchange {
        let others = (0..nodes).filter(|&node| damaged && node != me);
        Exchange {
            me,
            nodes,
            last: u64::from(incarnation) << 32,
            next_at,
            next_peer: me,
            before: u64::from(incarnation) << 32,
            behind: others.map(|node| (node, None)).collect(),
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
        self.next_at = now.monotonic.saturating_add(period_ms.saturating_mul(1_000_000) / haste);
        let peer = self.turn();
        self.last += 1;
        out.send(peer, Message::Digest { exchange: self.last, buckets: replica.sums(peer) });
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
        let ours = replica.sums(from);
        let differs = |bucket: &u16| theirs.get(usize::from(*bucket)) != ours.get(usize::from(*bucket));
        let differing: Vec<u16> = (0..BUCKETS).filter(differs).collect();
        // Where nothing differs, nothing is looked at: there may be far more than fits into memory.
        let shared = (!differing.is_empty()).then(|| self.shared(from, replica)).into_iter().flatten();
        let in_them = shared.filter(|(_, held)| differing.contains(&bucket(&held.mark)));
        let listed: Vec<_> = in_them.map(|(key, held)| (key, held.kept.entry.version)).collect();
        // A list that is cut starts anywhere, or the keys past the cut would never have their turn.
        let complete = listed.iter().map(|(key, _)| listed_bytes(key)).sum::<usize>() <= MESSAGE_BYTES;
        let start = match complete {
            true => 0,
            false => (xxh3_64(&exchange.to_le_bytes()) % listed.len() as u64) as usize,
        };
        let mut bytes = 0;
        let fits = |(key, _): &&(Cow<'_, str>, Version)| {
            bytes += listed_bytes(key);
            bytes <= MESSAGE_BYTES
        };
        let turned = listed[start..].iter().chain(&listed[..start]).take_while(fits);
        let versions = turned.map(|(key, version)| (key.to_string(), *version)).collect();
        out.send(from, Message::Versions { exchange, differing, versions, complete });
    }

    /// A peer's versions in the buckets that differ: sends what it lacks, asks for what it has newer.
    /// Returns whether this ended the recovery.
    pub fn on_versions(
        &mut self,
        from: NodeId,
        (exchange, differing, versions, complete): (OperationId, &[u16], &[(String, Version)], bool),
        replica: &Replica,
        ring: &Ring,
        out: &mut Outbox<'_>,
    ) -> bool {
        if exchange <= self.before || exchange > self.last {
            return false;
        }
        let is_shared = |key: &str| {
            let homes = ring.homes(key, replica.replication());
            homes.contains(&from) && homes.contains(&self.me)
        };
        let newer =
            versions.iter().filter(|(key, version)| is_missing(key, *version, replica) && is_shared(key));
        let missing: Missing = newer.cloned().collect();
        let theirs: BTreeMap<&str, Version> =
            versions.iter().map(|(key, version)| (key.as_str(), *version)).collect();
        let is_equal = differing.is_empty() && versions.is_empty();
        let shared = (!is_equal).then(|| self.shared(from, replica)).into_iter().flatten();
        let lacking = shared.filter(|(key, held)| match theirs.get(&**key) {
            Some(theirs) => *theirs < held.kept.entry.version,
            // What a cut list leaves out, the peer may hold.
            None => complete && differing.contains(&bucket(&held.mark)),
        });
        let entries = as_many_as_fit(lacking);
        let wanted: Vec<String> = missing.keys().cloned().collect();
        if !entries.is_empty() || !wanted.is_empty() {
            out.push(Effect::Reached(marker::EXCHANGE_DIFFERED.name));
            out.push(Effect::Pass(&point::EXCHANGE_COMPARED));
            out.send(from, Message::Entries { entries, wanted });
        }
        self.is_recovering() && self.catch_up(from, complete.then_some(missing), replica)
    }

    /// A peer has sent a list: `missing`, if it was whole. Returns whether this ended the recovery.
    fn catch_up(&mut self, from: NodeId, missing: Option<Missing>, replica: &Replica) -> bool {
        let Some(before) = self.behind.get_mut(&from) else { return false };
        let nothing_missing = missing.as_ref().is_some_and(Missing::is_empty);
        *before = before.take().or(missing);
        if let Some(before) = before {
            before.retain(|key, version| is_missing(key, *version, replica));
        }
        if nothing_missing || before.as_ref().is_some_and(Missing::is_empty) {
            self.behind.remove(&from);
        }
        self.behind.is_empty()
    }

    /// A peer wants these keys.
    pub fn on_wanted(&self, from: NodeId, wanted: &[String], replica: &Replica, out: &mut Outbox<'_>) {
        if !wanted.is_empty() {
            let wanted: BTreeSet<&String> = wanted.iter().collect();
            let held =
                wanted.into_iter().filter_map(|key| replica.get(key).map(|held| (Cow::from(key), held)));
            let entries = as_many_as_fit(held.filter(|(_, held)| held.mark.homes.contains(&from)));
            out.send(from, Message::Entries { entries, wanted: Vec::new() });
        }
    }

    /// The next peer, in turn; a recovering node asks only those it is still behind.
    fn turn(&mut self) -> NodeId {
        loop {
            self.next_peer = (self.next_peer + 1) % self.nodes;
            let useful = !self.is_recovering() || self.behind.contains_key(&self.next_peer);
            if self.next_peer != self.me && useful {
                return self.next_peer;
            }
        }
    }

    /// What this node holds of the keys that both it and `peer` are home to.
    fn shared<'a>(&self, peer: NodeId, replica: &'a Replica) -> impl Iterator<Item = Copy<'a>> {
        let me = self.me;
        replica
            .after(None)
            .filter(move |(_, held)| held.mark.homes.contains(&peer) && held.mark.homes.contains(&me))
    }
}

fn as_many_as_fit<'a>(held: impl Iterator<Item = Copy<'a>>) -> Vec<(String, Entry)> {
    let mut bytes = 0;
    let fits = |(key, held): &Copy<'_>| {
        // The first always goes: a value may be as large as a message.
        let first = bytes == 0;
        bytes += key.len() + held.kept.entry.value.as_ref().map_or(0, Vec::len) + 40;
        first || bytes <= MESSAGE_BYTES
    };
    held.take_while(fits).map(|(key, held)| (key.into_owned(), held.into_owned().kept.entry)).collect()
}

/// Whether less is held of a key than this version.
fn is_missing(key: &str, version: Version, replica: &Replica) -> bool {
    replica.get(key).is_none_or(|held| held.kept.entry.version < version)
}

/// What a key takes in a list of versions, roughly.
fn listed_bytes(key: &str) -> usize {
    key.len() + 25
}
