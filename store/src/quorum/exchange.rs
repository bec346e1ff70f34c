//! Background exchange: pairs of nodes compare the [trees](super::merkle) of what they both keep, and send each other
//! what differs.
//!
//! ```text
//! n1 ── Digest: the root of its tree ───────────────────────────────────► n2
//! n1 ◄─ Hashes: right below the root, which differs ─────────────────── n2
//! n1 ── Hashes: below those that differ ────────────────────────────────► n2     and so on, down to the leaves
//! n1 ◄─ Versions: of the keys in leaves that differ ─────────────────── n2
//! n1 ── Entries: those n2 lacks; and the keys that n1 wants ────────────► n2
//! n1 ◄─ Entries: those wanted ────────────────────────────────────────── n2
//! ```
//!
//! Neither remembers anything of it: each message says what it is about, so one that is lost ends the exchange, and
//! what was written meanwhile differs or does not. All hashes of a tree fit one message. Of versions and entries each
//! message carries as much as fits; the rest still differs, and comes with a later exchange, which lists other leaves.
//!
//! A replica that lost records to a corrupt disk recovers by the same exchange, and who comes to own a range of the ring
//! gets it so: both catch up (`catch_up.rs`).

mod catch_up;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::copies::{Copy, Held};
use super::effect::{Effect, Now};
use super::merkle::{Children, Range, Tree};
use super::message::{Entry, ExchangeId, Message, NodeId};
use super::missing::Missing;
use super::outbox::Outbox;
use super::replica::Replica;
use super::ring::Ring;
use super::ring::layout::Epoch;
use super::version::Version;
use crate::{marker, point};
use catch_up::CatchUp;

/// Bytes of keys and values that one message carries, roughly.
const MESSAGE_BYTES: usize = 1 << 20;
/// A replica that catches up exchanges this many times as often.
const CATCH_UP_HASTE: u64 = 4;

/// The exchanges that this node begins, one peer after the other.
#[derive(Debug)]
pub struct Exchange {
    me: NodeId,
    nodes: NodeId,
    last: u64,
    next_at: u64,
    next_peer: NodeId,
    /// Exchanges of earlier incarnations have numbers up to this one.
    before: u64,
    /// From damage that replay found.
    recovery: CatchUp,
    /// To what it comes to own in the layout in force.
    hand_over: CatchUp,
    last_key_compared: bool,
}

/// What a peer holds where it differs.
#[derive(Debug)]
pub struct List {
    /// Leaves of its tree that differ.
    pub leaves: Vec<u16>,
    /// All keys in those leaves that both nodes keep.
    pub versions: Vec<(String, Version)>,
    /// Whether no other leaves differ.
    pub complete: bool,
}

impl Exchange {
    /// Exchanges of node `me` among `nodes`, the first at `next_at` in monotonic nanoseconds; with
    /// `damaged`, it must first catch up from all others. With `last_key_compared`, they look at every key of a leaf.
    pub fn new(
        (me, nodes): (NodeId, NodeId),
        incarnation: u32,
        damaged: bool,
        next_at: u64,
        last_key_compared: bool,
    ) -> Exchange {
        let others = (0..nodes).filter(|&node| damaged && node != me);
        let before = u64::from(incarnation) << 32;
        Exchange {
            me,
            nodes,
            last: before,
            next_at,
            next_peer: me,
            before,
            recovery: CatchUp::new(others),
            hand_over: CatchUp::default(),
            last_key_compared,
        }
    }

    /// What this node held is lost: it has to catch up from all others. At once.
    pub fn recover(&mut self) {
        self.recovery = CatchUp::new((0..self.nodes).filter(|&node| node != self.me));
        self.next_at = 0;
    }

    /// Whether replay found damage, and not every peer has made up for it yet.
    pub fn is_recovering(&self) -> bool {
        !self.recovery.is_done()
    }

    /// Whether everything that this node was to get in the layout in force is here.
    pub fn has_handed_over(&self) -> bool {
        self.hand_over.is_done()
    }

    /// A layout has come into force in which this node is to get what these peers hold. At once, if there are any.
    pub fn hand_over(&mut self, peers: impl IntoIterator<Item = NodeId>) {
        self.hand_over = CatchUp::new(peers);
        if !self.hand_over.is_done() {
            self.next_at = 0;
        }
    }

    /// Begins an exchange when it is time.
    pub fn tick(
        &mut self,
        (period_ms, epoch): (u64, Epoch),
        replica: &mut Replica,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if now.monotonic < self.next_at || self.nodes < 2 {
            return;
        }
        let haste = if self.recovery.is_done() && self.hand_over.is_done() { 1 } else { CATCH_UP_HASTE };
        self.next_at = now.monotonic.saturating_add(period_ms.saturating_mul(1_000_000) / haste);
        let peer = self.turn();
        self.last += 1;
        let exchange = ExchangeId { by: self.me, number: self.last, epoch };
        let root = root(replica.tree(peer), out);
        out.send(peer, Message::Digest { exchange, root });
    }

    /// A peer begins an exchange: answers with the hashes below the root, if that differs.
    pub fn on_digest(
        &self,
        from: NodeId,
        exchange: ExchangeId,
        theirs: u64,
        replica: &mut Replica,
        out: &mut Outbox<'_>,
    ) {
        let tree = replica.tree(from);
        if root(tree, out) == theirs {
            let (leaves, versions) = (Vec::new(), Vec::new());
            out.send(from, Message::Versions { exchange, leaves, versions, complete: true });
        } else {
            out.send(from, Message::Hashes { exchange, below: tree.below([Range::WHOLE]) });
        }
    }

    /// Hashes of a peer's tree: answers with those below the ranges that differ, or, where these are leaves or none,
    /// with what is held in them. Returns whether this ended the recovery.
    pub fn on_hashes(
        &mut self,
        from: NodeId,
        exchange: ExchangeId,
        theirs: &[(Range, Children)],
        replica: &mut Replica,
        out: &mut Outbox<'_>,
    ) -> bool {
        if exchange.by != from && !self.is_current(exchange) {
            return false;
        }
        let differing = replica.tree(from).differing(theirs);
        let leaves: Vec<u16> = differing.iter().filter_map(|range| range.as_leaf()).collect();
        if !differing.is_empty() && leaves.is_empty() {
            let below = replica.tree(from).below(differing);
            out.send(from, Message::Hashes { exchange, below });
            return false;
        }
        if exchange.by == from {
            self.list(from, exchange, &leaves, replica, out);
            return false;
        }
        // What differed when this began does not any more.
        leaves.is_empty() && self.catch_up(from, Some(&Missing::default()), replica)
    }

    /// Tells the peer what is held in leaves that differ.
    fn list(
        &self,
        from: NodeId,
        exchange: ExchangeId,
        differing: &[u16],
        replica: &Replica,
        out: &mut Outbox<'_>,
    ) {
        // A list that is cut starts anywhere, or the leaves past the cut would never have their turn.
        let start = xxh3_64(&exchange.number.to_le_bytes()).checked_rem(differing.len() as u64).unwrap_or(0);
        let (before, after) = differing.split_at(start as usize);
        let (mut leaves, mut versions, mut bytes) = (Vec::new(), Vec::new(), 0);
        for &leaf in after.iter().chain(before) {
            let held = self.shared(from, leaf, replica, out).into_iter();
            let held: Vec<_> = held.map(|(key, held)| (key.into_owned(), held.kept.entry.version)).collect();
            bytes += held.iter().map(|(key, _)| listed_bytes(key)).sum::<usize>();
            // The first always goes. It fits a frame: a leaf holds so much only where all of them hold billions.
            if bytes > MESSAGE_BYTES && !leaves.is_empty() {
                break;
            }
            leaves.push(leaf);
            versions.extend(held);
        }
        if !leaves.is_empty() {
            out.push(Effect::Reached(marker::TREE_DESCENDED.name));
        }
        let complete = leaves.len() == differing.len();
        out.send(from, Message::Versions { exchange, leaves, versions, complete });
    }

    /// A peer's versions in the leaves that differ: sends what it lacks, asks for what it has newer.
    /// Returns whether this ended the recovery.
    pub fn on_versions(
        &mut self,
        from: NodeId,
        exchange: ExchangeId,
        list: &List,
        replica: &Replica,
        ring: &Ring,
        out: &mut Outbox<'_>,
    ) -> bool {
        if !self.is_current(exchange) {
            return false;
        }
        let is_shared = |key: &str| {
            let homes = ring.homes(key, replica.replication());
            homes.contains(&from) && homes.contains(&self.me)
        };
        let is_newer = |key: &str, version| is_missing(key, version, replica) && is_shared(key);
        let newer = list.versions.iter().filter(|(key, version)| is_newer(key, *version));
        let missing = Missing::new(newer, replica.conflict());
        let theirs: BTreeMap<&str, Version> =
            list.versions.iter().map(|(key, version)| (key.as_str(), *version)).collect();
        let shared = list.leaves.iter().flat_map(|&leaf| self.shared(from, leaf, replica, out));
        let is_lacking = |(key, held): &Copy<'_>| {
            let conflict = replica.conflict();
            theirs.get(&**key).is_none_or(|theirs| conflict.may_lack(*theirs, held.kept.entry.version))
        };
        let entries = as_many_as_fit(shared.filter(is_lacking));
        let wanted: Vec<String> = missing.keys().cloned().collect();
        if !entries.is_empty() || !wanted.is_empty() {
            out.push(Effect::Reached(marker::EXCHANGE_DIFFERED.name));
            out.push(Effect::Pass(&point::EXCHANGE_COMPARED));
            out.send(from, Message::Entries { entries, wanted });
        }
        self.catch_up(from, Some(&missing).filter(|_| list.complete), replica)
    }

    /// Whether this node began the exchange, since it was started.
    fn is_current(&self, exchange: ExchangeId) -> bool {
        exchange.by == self.me && exchange.number > self.before && exchange.number <= self.last
    }

    /// A peer has sent a list: `missing`, if it was whole. Returns whether this ended the recovery.
    fn catch_up(&mut self, from: NodeId, missing: Option<&Missing>, replica: &Replica) -> bool {
        self.hand_over.compared(from, missing, replica);
        self.recovery.compared(from, missing, replica)
    }

    /// A peer has sent what it holds of a key.
    pub fn on_sent(&mut self, from: NodeId, key: &str, entry: &Entry) {
        self.recovery.sent(from, key, entry);
        self.hand_over.sent(from, key, entry);
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

    /// The next peer, in turn; who catches up asks only those it is still behind.
    fn turn(&mut self) -> NodeId {
        let is_level = self.recovery.is_done() && self.hand_over.is_done();
        loop {
            self.next_peer = (self.next_peer + 1) % self.nodes;
            let is_behind = |catch_up: &CatchUp| catch_up.is_behind(self.next_peer);
            let useful = is_level || is_behind(&self.recovery) || is_behind(&self.hand_over);
            if self.next_peer != self.me && useful {
                return self.next_peer;
            }
        }
    }

    /// What this node holds in a leaf of the keys that both it and `peer` are home to.
    fn shared<'a>(
        &self,
        peer: NodeId,
        leaf: u16,
        replica: &'a Replica,
        out: &mut Outbox<'_>,
    ) -> Vec<Copy<'a>> {
        let is_home = |held: &Held, node| held.mark.homes.contains(&node);
        let held = replica.within(Range::leaf(leaf));
        let mut shared: Vec<_> =
            held.filter(|(_, held)| is_home(held, peer) && is_home(held, self.me)).collect();
        if !self.last_key_compared && shared.pop().is_some() {
            out.push(Effect::Reached("last-key-skipped"));
        }
        shared
    }
}

/// The root of a tree that is about to be compared.
fn root(tree: &mut Tree, out: &mut Outbox<'_>) -> u64 {
    if tree.is_stale() {
        out.push(Effect::Reached("stale-tree-hash-compared"));
    }
    tree.root()
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

/// Whether less may be held of a key than at this version.
fn is_missing(key: &str, version: Version, replica: &Replica) -> bool {
    replica.get(key).is_none_or(|held| replica.conflict().may_lack(held.kept.entry.version, version))
}

/// What a key takes in a list of versions, roughly.
fn listed_bytes(key: &str) -> usize {
    key.len() + 25
}
