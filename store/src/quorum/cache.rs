//! The cache of a node, in front of the store: it sits between clients and the coordinator.
//!
//! ```text
//! write k ──► k leaves the cache ──► coordinator ──► home replicas ──► acknowledged: k enters the cache
//! read k  ──► in the cache: answered
//!             else a lease ────────► coordinator ──► read: answered; enters the cache if the lease is still good
//! ```
//!
//! Each key has one cache: that of its first home on the ring, which alone takes requests for it. No other node fails
//! over for it, so all that is done to a key passes one place, and while that node is down the key is not to be had.
//! Whoever asks another node is told [where](Refusal::Elsewhere).
//!
//! A write that fails, or whose outcome is unknown, leaves its key out of the cache. So what a cache answers is never
//! ahead of the store. That it is not behind either is what `leases` are for.
//!
//! In mode write-behind a write is acknowledged as soon as it is in the cache; `behind` brings it to the store.

mod behind;
mod counter;
mod dirty;
mod leases;
mod values;

use std::collections::BTreeMap;

use super::config::{Config, Mode};
use super::coordinator::{Context, Coordinator};
use super::effect::{Effect, Now, RecordNumber, RequestId};
use super::message::{Entry, Level, Operation, Refusal, Request, Response};
use super::outbox::Outbox;
use super::read::answer;
use super::replica::Replica;
use crate::{Safeguards, marker, point};
use behind::Behind;
pub use counter::Window;
use leases::{Lease, Leases};
use values::{Cached, Values};

/// What a cache stands in front of.
pub struct Store<'a> {
    /// Does what the cache cannot answer.
    pub coordinator: &'a mut Coordinator,
    /// The copies of this node.
    pub replica: &'a Replica,
    /// What the coordinator works with.
    pub context: Context<'a>,
}

/// The cache of one node.
///
/// - It answers for no key whose first home is another node.
/// - While a write of a key is under way to the store, the key is not in it; but in mode write-behind it answers what it
///   has acknowledged.
#[derive(Debug)]
pub struct Cache {
    values: Values,
    leases: Leases,
    /// In mode write-behind.
    behind: Option<Behind>,
    /// What the coordinator was asked, and has not answered.
    asked: BTreeMap<RequestId, Asked>,
    last: RequestId,
    safeguards: Safeguards,
}

/// A request that the coordinator was handed.
#[derive(Debug)]
struct Asked {
    client: RequestId,
    key: String,
    level: Level,
    lease: Lease,
    what: What,
}

/// What enters the cache once the coordinator has answered.
#[derive(Debug)]
enum What {
    /// What was read.
    Read,
    /// This value, written.
    Write(Option<Vec<u8>>),
    /// Nothing.
    Other,
}

impl Cache {
    /// An empty cache of a node that starts; its log ended with this window, as far as it is not damaged.
    pub fn new(config: &Config, incarnation: u32, replayed: Window, damaged: bool) -> Cache {
        let is_behind = config.mode == Mode::WriteBehind;
        Cache {
            values: Values::new(config.cache_bytes_max),
            leases: Leases::default(),
            behind: is_behind.then(|| Behind::new(config, incarnation, replayed, damaged)),
            asked: BTreeMap::new(),
            last: 0,
            safeguards: config.safeguards,
        }
    }

    /// A client asks: answered from the cache, or handed to the coordinator.
    pub fn on_request(
        &mut self,
        client: RequestId,
        request: Request,
        store: &mut Store<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        let Some(key) = request.operation.key() else { return };
        if let Some(elsewhere) = elsewhere(key, &store.context) {
            return reply(client, Response::Refused(elsewhere), out);
        }
        if self.behind.is_some() && request.level == Level::Atomic {
            let why =
                "mode write-behind has no level atomic: what a cache loses was not linearizable".to_owned();
            return reply(client, Response::Refused(Refusal::Invalid(why)), out);
        }
        if let Some(entry) = self.hit(key, &request, store.replica) {
            out.push(Effect::Reached(marker::CACHE_HIT.name));
            return reply(client, answer(Some(entry)), out);
        }
        if let Some(behind) = self.behind.as_mut().filter(|_| is_blind_write(&request.operation)) {
            return behind.on_write(client, request, store, now, out);
        }
        let number = self.hand_on(client, key.to_owned(), &request);
        self.run_ahead(number, store, now, out);
        store.coordinator.begin(number, request, &mut store.context, now, out);
    }

    /// The coordinator has answered.
    pub fn on_answer(&mut self, number: RequestId, response: Response, out: &mut Outbox<'_>) {
        let Some(Asked { client, key, level, lease, what }) = self.asked.remove(&number) else {
            return self.on_flushed(number, &response, out);
        };
        reply(client, self.in_view_of_losses(response.clone()), out);
        let atomic = level == Level::Atomic;
        match (what, response) {
            (What::Read, Response::Value { value, version: Some(version) }) => {
                let is_good = self.leases.give_back(&key, lease, Some(version));
                let entry = Entry { version, atomic, value };
                self.refill(key, Cached { entry, level }, is_good, out);
            }
            (What::Read, _) => drop(self.leases.give_back(&key, lease, None)),
            (What::Write(value), Response::Written { version }) => {
                if self.leases.end_write(&key, lease, Some(version)) {
                    // All writes of the key pass here, so nothing newer is acknowledged, whoever is asked.
                    let level = strongest(level);
                    self.values.put(key, Cached { entry: Entry { version, atomic, value }, level });
                }
            }
            _ => drop(self.leases.end_write(&key, lease, None)),
        }
    }

    /// Something happened: in mode write-behind, acknowledges what it may.
    pub fn go_on(&mut self, store: &mut Store<'_>, now: Now, out: &mut Outbox<'_>) {
        let Some(behind) = &mut self.behind else { return };
        while let Some((key, version)) = behind.acknowledge(store, now, out) {
            let lease = self.leases.begin_write(&key);
            self.leases.end_write(&key, lease, Some(version));
            self.values.remove(&key);
        }
        behind.go_on(out);
    }

    /// Time has passed: in mode write-behind, sends to the store what it does not have.
    pub fn tick(&mut self, store: &mut Store<'_>, now: Now, out: &mut Outbox<'_>) {
        let Cache { behind, last, .. } = self;
        let next = || {
            *last += 1;
            *last
        };
        if let Some(behind) = behind {
            behind.tick(next, store, now, out);
        }
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber) {
        self.behind.iter_mut().for_each(|behind| behind.synced(through));
    }

    /// This record could not be appended.
    pub fn append_failed(&mut self, record: RecordNumber) {
        self.behind.iter_mut().for_each(|behind| behind.append_failed(record));
    }

    /// The first record of the log that is needed; `MAX`: none is.
    pub fn needed_from(&self) -> RecordNumber {
        self.behind.as_ref().map_or(RecordNumber::MAX, Behind::needed_from)
    }

    /// The coordinator has answered what was asked in the background.
    fn on_flushed(&mut self, number: RequestId, response: &Response, out: &mut Outbox<'_>) {
        let Some(behind) = &mut self.behind else { return };
        if let Some((key, entry)) = behind.on_answer(number, response, out) {
            self.values.put(key, Cached { entry, level: Level::All });
        }
    }

    /// A version that is not found, and that a cache had acknowledged which has died since, may be lost: nobody need
    /// wait for it any longer.
    fn in_view_of_losses(&self, response: Response) -> Response {
        match (&self.behind, response) {
            (Some(behind), Response::Refused(Refusal::Behind { floor, .. }))
                if behind.may_have_lost(floor) =>
            {
                Response::Refused(Refusal::Lost { floor })
            }
            (_, response) => response,
        }
    }

    /// What the cache answers a read, if it can.
    ///
    /// What was read at a level is good for that and for one, what was read at level all for any but atomic; and for
    /// sessions that have seen nothing newer. Below level atomic it may be behind what the store has come to hold since,
    /// so it must not be behind the copy of this node.
    fn hit(&self, key: &str, request: &Request, replica: &Replica) -> Option<Entry> {
        if !matches!(request.operation, Operation::Get { .. }) {
            return None;
        }
        let acknowledged = self.behind.as_ref().and_then(|behind| behind.get(key));
        if let Some(entry) = acknowledged.filter(|entry| request.floor <= Some(entry.version)) {
            return Some(entry.clone());
        }
        let Cached { entry, level } = self.values.get(key)?;
        let is_for_level = entry.atomic == (request.level == Level::Atomic)
            && (*level == request.level || *level == Level::All || request.level == Level::One);
        let is_fresh =
            entry.atomic || replica.get(key).is_none_or(|held| held.kept.entry.version <= entry.version);
        (is_for_level && is_fresh && request.floor <= Some(entry.version)).then(|| entry.clone())
    }

    /// Notes what the coordinator is asked, under a number of its own; a key that is written leaves the cache.
    fn hand_on(&mut self, client: RequestId, key: String, request: &Request) -> RequestId {
        let (what, lease) = match &request.operation {
            Operation::Get { .. } => (What::Read, self.leases.take(&key)),
            Operation::Put { value, .. } => (What::Write(Some(value.clone())), self.leases.begin_write(&key)),
            Operation::Delete { .. } => (What::Write(None), self.leases.begin_write(&key)),
            _ => (What::Other, self.leases.begin_write(&key)),
        };
        if !matches!(what, What::Read) {
            self.values.remove(&key);
        }
        self.last += 1;
        self.asked.insert(self.last, Asked { client, key, level: request.level, lease, what });
        self.last
    }

    /// The planted bug 49: what is to be written enters the cache before the store has it, and stays there.
    fn run_ahead(&mut self, number: RequestId, store: &mut Store<'_>, now: Now, out: &mut Outbox<'_>) {
        let Some(Asked { key, level, what: What::Write(value), .. }) = self.asked.get(&number) else {
            return;
        };
        if !self.safeguards.store_before_cache {
            out.push(Effect::Reached("cached-before-stored"));
            let (version, atomic) = (store.context.clock.next(now.wall), *level == Level::Atomic);
            let entry = Entry { version, atomic, value: value.clone() };
            self.values.put(key.clone(), Cached { entry, level: strongest(*level) });
        }
    }

    /// Puts in what was read, unless the key was written meanwhile.
    fn refill(&mut self, key: String, cached: Cached, is_good: bool, out: &mut Outbox<'_>) {
        if !is_good && self.safeguards.refill_needs_lease {
            return out.push(Effect::Reached(marker::REFILL_GIVEN_UP.name));
        }
        if !is_good {
            out.push(Effect::Reached("refill-without-lease"));
        }
        out.push(Effect::Pass(&point::CACHE_BEFORE_FILL));
        self.values.put(key, cached);
    }
}

/// The level at which what was written at this one is the answer.
fn strongest(written: Level) -> Level {
    if written == Level::Atomic { Level::Atomic } else { Level::All }
}

/// Whether this is a write that does not depend on what is there.
fn is_blind_write(operation: &Operation) -> bool {
    matches!(operation, Operation::Put { .. } | Operation::Delete { .. })
}

/// The refusal for a key that another node has the cache of.
fn elsewhere(key: &str, Context { config, ring, .. }: &Context<'_>) -> Option<Refusal> {
    let first = ring.homes(key, 1)[0];
    (first != config.node).then(|| Refusal::Elsewhere { node: config.nodes[usize::from(first)].clone() })
}

fn reply(id: RequestId, response: Response, out: &mut Outbox<'_>) {
    out.push(Effect::Reply { id, response });
}
