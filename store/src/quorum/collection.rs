//! Collecting tombstones: a delete that every home replica has is forgotten in the end.
//!
//! ```text
//! first home ── Write: the tombstone ──► every home ── Written: durable there, or something newer
//!            ── once all have it: the grace period ──
//!            ── Collect ───────────────► every home: drops it, if that is what it holds ── Written
//! ```
//!
//! One node drives it for each key, its first home. Who was away for long is asked until it has the tombstone, so an older
//! value that it held is gone; the grace period is for older values that are still under way by then, in messages of nodes
//! that stood still. Cassandra collects by the grace period alone, and asks its operators to repair in time.
//!
//! A home that Collect does not reach keeps the tombstone, and gives it back to the others by the background exchange:
//! then it begins anew. Keys that are used at level atomic keep theirs, for a version below a forgotten one would break
//! their order; and no mode but the strict one collects any: a hint with an older value may lie anywhere.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::config::Config;
use super::coordinator::{Coordinator, later};
use super::effect::{Effect, Now};
use super::graves::tombstone;
use super::message::{Message, NodeId, OperationId};
use super::outbox::Outbox;
use super::replica::Replica;
use super::ring::layout::Epoch;
use super::ring::{Homes, Ring};
use super::version::Version;

/// Between two attempts at a key at first; doubled each time.
const AGAIN_MS: u64 = 500;
/// At most.
const AGAIN_MS_MAX: u64 = 60_000;

/// The tombstones that this node collects.
#[derive(Debug, Default)]
pub struct Collection {
    deaths: BTreeMap<String, Death>,
    /// Which key a message was about.
    under_way: BTreeMap<OperationId, String>,
    /// When each key has its next turn, in monotonic nanoseconds; turns that were put off since stand here too.
    due: BTreeSet<(u64, String)>,
}

/// A tombstone on its way out.
#[derive(Debug)]
struct Death {
    version: Version,
    stage: Stage,
    /// The homes that have done what this stage is about.
    done: Homes,
    /// What the others were asked last.
    asked: SmallVec<[OperationId; 3]>,
    next_at: u64,
    again_ms: u64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Every home is told of it.
    Telling,
    /// All have it, or that is taken for granted: the grace period.
    Grace,
    /// Every home drops it.
    Dropping,
}

impl Collection {
    /// The homes of keys have changed: what all had of old not all may have now. Who held a tombstone is asked anew.
    pub fn restart(&mut self) {
        *self = Collection::default();
    }

    /// Time has passed: takes up what was deleted since, and goes on with the rest. In the layout of this epoch.
    pub fn tick(
        &mut self,
        (config, ring, epoch): (&Config, &Ring, Epoch),
        replica: &mut Replica,
        coordinator: &mut Coordinator,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        for (key, version) in replica.take_tombstones() {
            let is_ours = ring.homes(&key, config.replication).first() == Some(&config.node);
            // While it is dropped, one that has not heard of that may give it back.
            let is_known = |death: &Death| death.version >= version && death.stage != Stage::Dropping;
            let is_known = self.deaths.get(&key).is_some_and(is_known);
            if is_ours && !is_known {
                self.take_up(key, Death::new(version, config, now));
            }
        }
        for key in self.take_due(now) {
            self.attempt(key, (config, ring, epoch), replica, coordinator, now, out);
        }
    }

    /// A tombstone takes the place of what was on its way out of the same key: nobody has acknowledged this one.
    fn take_up(&mut self, key: String, death: Death) {
        self.due.insert((death.next_at, key.clone()));
        if let Some(before) = self.deaths.insert(key, death) {
            before.asked.iter().for_each(|operation| drop(self.under_way.remove(operation)));
        }
    }

    /// The keys whose turn it is, in order.
    fn take_due(&mut self, now: Now) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        while self.due.first().is_some_and(|(at, _)| *at <= now.monotonic) {
            keys.extend(self.due.pop_first().map(|(_, key)| key));
        }
        keys
    }

    fn attempt(
        &mut self,
        key: String,
        (config, ring, epoch): (&Config, &Ring, Epoch),
        replica: &Replica,
        coordinator: &mut Coordinator,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        let Some(death) = self.deaths.get_mut(&key).filter(|death| death.next_at <= now.monotonic) else {
            return;
        };
        death.asked.drain(..).for_each(|operation| drop(self.under_way.remove(&operation)));
        // Something newer took its place.
        if death.stage != Stage::Dropping && !replica.holds_tombstone(&key, death.version) {
            self.deaths.remove(&key);
            return;
        }
        death.advance(now, out);
        for home in ring.homes(&key, config.replication) {
            if !death.done.contains(&home) {
                let operation = coordinator.number();
                self.under_way.insert(operation, key.clone());
                death.asked.push(operation);
                out.send(home, death.message((operation, epoch), &key));
            }
        }
        self.due.insert((death.next_at, key));
    }

    /// A home has done what it was asked.
    pub fn on_written(&mut self, from: NodeId, operation: OperationId, config: &Config, now: Now) {
        let Some(key) = self.under_way.remove(&operation) else { return };
        let Some(death) = self.deaths.get_mut(&key) else { return };
        death.done.push(from);
        if death.done.len() < config.replication {
            return;
        }
        match death.stage {
            Stage::Telling => {
                (death.stage, death.next_at) = (Stage::Grace, later(now, config.grace_ms));
                self.due.insert((death.next_at, key));
            }
            Stage::Grace => {}
            Stage::Dropping => drop(self.deaths.remove(&key)),
        }
    }
}

impl Death {
    fn new(version: Version, config: &Config, now: Now) -> Death {
        let (stage, wait_ms) = match config.safeguards.tombstone_acknowledged {
            true => (Stage::Telling, AGAIN_MS),
            false => (Stage::Grace, config.grace_ms),
        };
        Death {
            version,
            stage,
            done: Homes::new(),
            asked: SmallVec::new(),
            next_at: later(now, wait_ms),
            again_ms: AGAIN_MS,
        }
    }

    /// It is time for the next attempt, or the grace period is over.
    fn advance(&mut self, now: Now, out: &mut Outbox<'_>) {
        if self.stage == Stage::Grace {
            if self.done.is_empty() {
                out.push(Effect::Reached("tombstone-collected-by-grace-alone"));
            }
            (self.stage, self.again_ms) = (Stage::Dropping, AGAIN_MS);
            self.done.clear();
        }
        self.next_at = later(now, self.again_ms);
        self.again_ms = (2 * self.again_ms).min(AGAIN_MS_MAX);
    }

    fn message(&self, (operation, epoch): (OperationId, Epoch), key: &str) -> Message {
        let (key, version) = (key.to_owned(), self.version);
        match self.stage {
            Stage::Telling | Stage::Grace => {
                Message::Write { operation, epoch, key, entry: tombstone(version) }
            }
            Stage::Dropping => Message::Collect { operation, epoch, key, version },
        }
    }
}
