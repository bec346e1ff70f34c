//! Writing behind: a write is acknowledged once the cache has it, and goes to the store in the background.
//!
//! ```text
//! write ──► waits for a number that is reserved ──► acknowledged ──► flush: on its way to the store ──► the store has it
//!           refused at its deadline, without effect                   sent again until it has
//! ```
//!
//! It is flushed now and then, so that of several writes of a key the store need see but the last; and at once when
//! somebody waits.
//!
//! A cache that dies loses what the store does not have: at most what its [`Counter`] has reserved, which the log
//! says when the node starts again, and the node tells.

use std::collections::{BTreeMap, VecDeque};

use super::Store;
use super::counter::{Counter, Window};
use super::dirty::Dirty;
use crate::quorum::config::Config;
use crate::quorum::coordinator::{self, later};
use crate::quorum::effect::{Effect, Now, RecordNumber, RequestId};
use crate::quorum::message::{Entry, Level, NodeId, Operation, Refusal, Request, Response};
use crate::quorum::outbox::Outbox;
use crate::quorum::replica::mode;
use crate::quorum::version::Version;
use crate::raft::fact::Fact;
use crate::{marker, point};

/// Writes that wait; more are refused.
const WAITING_MAX: usize = 10_000;

/// The writes of one cache that the store does not have.
#[derive(Debug)]
pub struct Behind {
    node: NodeId,
    incarnation: u32,
    /// What the cache before this one may have lost; told once.
    lost_max: Option<u64>,
    counter: Counter,
    dirty: Dirty,
    /// When what it keeps goes to the store, in monotonic nanoseconds.
    flush_at: u64,
    waiting: VecDeque<Waiting>,
    /// The keys that are on their way to the store, by what the coordinator was asked.
    on_their_way: BTreeMap<RequestId, String>,
}

/// A write that is not acknowledged.
#[derive(Debug)]
struct Waiting {
    client: RequestId,
    key: String,
    value: Option<Vec<u8>>,
    level: Level,
    above: Option<Version>,
    until: u64,
}

impl Behind {
    /// Nothing to be written. `replayed` is what the log says; of a damaged one the worst is taken.
    pub fn new(config: &Config, incarnation: u32, replayed: Window, damaged: bool) -> Behind {
        let Window { held, reserved } = replayed;
        Behind {
            node: config.node,
            incarnation,
            lost_max: Some(if damaged { config.unwritten_max } else { reserved.saturating_sub(held) }),
            counter: Counter::new(config, replayed),
            dirty: Dirty::default(),
            flush_at: 0,
            waiting: VecDeque::new(),
            on_their_way: BTreeMap::new(),
        }
    }

    /// What was acknowledged last for this key, if the store does not have it yet.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.dirty.get(key)
    }

    /// A client writes.
    pub fn on_write(
        &mut self,
        client: RequestId,
        request: Request,
        store: &mut Store<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if let Err(refusal) = self.admit(&request, store) {
            return out.push(Effect::Reply { id: client, response: Response::Refused(refusal) });
        }
        let Request { operation, level, floor, above, deadline_ms } = request;
        for seen in [floor, above].into_iter().flatten() {
            store.context.clock.observe(seen);
        }
        let (key, value) = match operation {
            Operation::Put { key, value } => (key, Some(value)),
            Operation::Delete { key } => (key, None),
            _ => return,
        };
        let until = later(now, deadline_ms.into());
        self.waiting.push_back(Waiting { client, key, value, level, above, until });
    }

    fn admit(&self, request: &Request, store: &Store<'_>) -> Result<(), Refusal> {
        coordinator::check(request)?;
        let held = request.operation.key().and_then(|key| store.replica.get(key));
        if held.is_some_and(|held| held.kept.entry.atomic) {
            return Err(Refusal::MixedLevels { used: mode(true).to_owned() });
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err(Refusal::Unavailable(format!("{WAITING_MAX} writes wait for the cache already")));
        }
        Ok(())
    }

    /// Acknowledges the write that has waited longest, if a number is reserved for it. Returns its key and version.
    pub fn acknowledge(
        &mut self,
        store: &mut Store<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) -> Option<(String, Version)> {
        self.waiting.front()?;
        let number = self.counter.next(out)?;
        let Waiting { client, key, value, level, above, .. } = self.waiting.pop_front()?;
        let version = store.context.version(above, now, out);
        self.dirty.put(key.clone(), Entry { version, atomic: false, value }, level, number);
        out.push(Effect::Reply { id: client, response: Response::Written { version } });
        Some((key, version))
    }

    /// Reserves more numbers where that is needed and possible.
    pub fn go_on(&mut self, out: &mut Outbox<'_>) {
        // A number is reserved only once it is told what those before it may have lost.
        if self.lost_max.is_some() {
            return;
        }
        let held = self.dirty.first().map_or(self.counter.last(), |first| first - 1);
        self.counter.go_on(held, out);
    }

    /// Time has passed: tells what was lost, refuses who has waited too long, and sends to the store what it does not
    /// have, if it is time or somebody waits. What is sent is asked under the number that `next` gives it.
    pub fn tick(
        &mut self,
        next: impl FnMut() -> RequestId,
        store: &mut Store<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        if let Some(writes_max) = self.lost_max.take() {
            tell(writes_max, out);
        }
        self.counter.tick();
        let is_urgent = !self.waiting.is_empty();
        if is_urgent {
            out.push(Effect::Reached(marker::WRITE_BEHIND_FULL.name));
            self.refuse_late(now, out);
        }
        if is_urgent || now.monotonic >= self.flush_at {
            self.flush_at = later(now, store.context.config.flush_ms);
            self.flush(next, store, now, out);
        }
    }

    fn refuse_late(&mut self, now: Now, out: &mut Outbox<'_>) {
        self.waiting.retain(|waiting| {
            let is_over = now.monotonic >= waiting.until;
            if is_over {
                let why = "the store does not keep up with what is cached".to_owned();
                let response = Response::Refused(Refusal::Unavailable(why));
                out.push(Effect::Reply { id: waiting.client, response });
            }
            !is_over
        });
    }

    fn flush(
        &mut self,
        mut next: impl FnMut() -> RequestId,
        store: &mut Store<'_>,
        now: Now,
        out: &mut Outbox<'_>,
    ) {
        let sent = self.dirty.send();
        if !sent.is_empty() {
            out.push(Effect::Pass(&point::CACHE_BEFORE_FLUSH));
        }
        for (key, entry, level) in sent {
            let number = next();
            self.on_their_way.insert(number, key.clone());
            store.coordinator.write_out(number, (key, entry), level, &store.context, now, out);
        }
    }

    /// The coordinator has answered what was asked under this number, if that was for a key on its way. Returns what
    /// the store has now, if nothing was acknowledged since.
    pub fn on_answer(
        &mut self,
        number: RequestId,
        response: &Response,
        out: &mut Outbox<'_>,
    ) -> Option<(String, Entry)> {
        let key = self.on_their_way.remove(&number)?;
        if !matches!(response, Response::Written { .. }) {
            self.dirty.failed(&key);
            return None;
        }
        out.push(Effect::Reached(marker::WRITE_BEHIND_FLUSHED.name));
        let entry = self.dirty.arrived(&key)?;
        Some((key, entry))
    }

    /// Whether a version that the store does not have may have been lost: a cache that is dead has acknowledged it.
    pub fn may_have_lost(&self, version: Version) -> bool {
        version.node == self.node && version.incarnation < self.incarnation
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber) {
        self.counter.synced(through);
    }

    /// This record could not be appended.
    pub fn append_failed(&mut self, record: RecordNumber) {
        self.counter.append_failed(record);
    }

    /// The first record of the log that is needed.
    pub fn needed_from(&self) -> RecordNumber {
        self.counter.needed_from()
    }
}

/// Tells what the cache before this one may have lost.
fn tell(writes_max: u64, out: &mut Outbox<'_>) {
    if writes_max > 0 {
        let what = format!("of what the cache here had acknowledged, at most {writes_max} writes are lost");
        out.push(Effect::Note(what));
    }
    out.push(Effect::Fact(Fact::Lost { writes_max }));
}
