//! The loop that owns the protocol and the log.
//!
//! ```text
//!  event ─▶ step ─▶ effects: send, answer, append 1, append 2
//!  event ─▶ step ─▶ effects: append 3                          sync (1, 2) under way
//!                                                              … done: step(Synced 2)
//!                                                              sync (3): one for all that came meanwhile
//! ```
//!
//! One sync is under way at most, and covers every append made before it began: group commit. A
//! snapshot is saved beside that.

use std::collections::{BTreeMap, VecDeque};
use std::future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::env::{Env, LocalFuture};
use crate::link::Link;
use crate::marker;
use crate::point;
use crate::protocol::{Effect, Input, Protocol, RecordNumber, RequestId, TICK_MS};
use crate::storage::{self, Log};

use super::keeper::Keeper;
use super::reception::{Event, Reply};
use super::{Error, now};

/// Events handled between two looks at the clock and the disk.
const BATCH_MAX: usize = 256;
/// The time that last words take to get out.
const FAREWELL: Duration = Duration::from_millis(100);
/// Between two syncs where nobody waits for them.
const BACKGROUND_SYNC_EVERY: Duration = Duration::from_secs(1);

/// A node at work.
pub(super) struct Replica<P: Protocol> {
    env: Env,
    node: P,
    log: Log<P::Record>,
    /// Where the node keeps tables.
    keeper: Option<Keeper>,
    /// By node; none at this node's own place.
    links: Vec<Option<Link<P>>>,
    /// Calls not answered yet; the node answers each by its deadline, and bounds their number.
    calls: BTreeMap<RequestId, Reply<P>>,
    last_request: RequestId,
    /// The number of the last append.
    appended: RecordNumber,
    /// The number of the last append that the last sync begun covers.
    sync_begun: RecordNumber,
    /// A snapshot waits for a sync, even if nothing was appended with it.
    sync_wanted: bool,
    /// What is durable after it: the record of this number.
    sync: Option<UnderWay<RecordNumber>>,
    /// What the snapshot covers: the log up to this index.
    save: Option<UnderWay<u64>>,
    sync_in_background: bool,
    next_background_sync: u64,
}

/// Work of the disk that is under way.
struct UnderWay<T> {
    what: T,
    done: LocalFuture<'static, Result<(), storage::Error>>,
}

impl<P: Protocol> Replica<P> {
    /// A node that begins to work.
    pub(super) fn new(
        node: P,
        (log, keeper): (Log<P::Record>, Option<Keeper>),
        links: Vec<Option<Link<P>>>,
        sync_in_background: bool,
        env: Env,
    ) -> Replica<P> {
        Replica {
            node,
            env,
            log,
            keeper,
            links,
            calls: BTreeMap::new(),
            last_request: 0,
            appended: 0,
            sync_begun: 0,
            sync_wanted: false,
            sync: None,
            save: None,
            sync_in_background,
            next_background_sync: 0,
        }
    }

    /// Works until `end`, or until the disk fails.
    pub(super) async fn run(
        mut self,
        end: impl Future<Output = ()>,
        mut inbox: mpsc::Receiver<Event<P>>,
    ) -> Result<(), Error> {
        let mut end = pin!(end);
        let every = Duration::from_millis(TICK_MS);
        let mut tick = self.env.clock.sleep(every);
        loop {
            tokio::select! {
                biased;
                () = &mut end => return self.leave().await,
                through = finished(&mut self.sync) => {
                    let through = through.inspect_err(|_| self.env.observer.reached(marker::SYNC_FAILED.name))?;
                    self.env.points.pass(&point::BETWEEN_SYNC_AND_STEP).await;
                    self.step(Input::Synced { through }).await?;
                    self.keeper.iter_mut().for_each(|keeper| keeper.holds(through));
                }
                index = finished(&mut self.save) => {
                    let index = index?;
                    self.env.points.pass(&point::SNAPSHOT_BEFORE_STEP).await;
                    self.step(Input::SnapshotSaved { index }).await?;
                }
                kept = keeping(&mut self.keeper) => kept?,
                () = &mut tick => {
                    tick = self.env.clock.sleep(every);
                    let mut effects = Vec::new();
                    self.node.tick(now(&self.env), &mut effects);
                    self.check()?;
                    self.carry_out(effects).await?;
                }
                Some(event) = inbox.recv() => {
                    self.handle(event).await?;
                    for _ in 1..BATCH_MAX {
                        let Ok(event) = inbox.try_recv() else { break };
                        self.handle(event).await?;
                    }
                }
            }
            self.begin_sync().await;
            self.keeper.iter_mut().for_each(|keeper| keeper.begin(&self.log, self.node.needed_from()));
        }
    }

    /// Has the node say its last words, and gives them the time to get out.
    async fn leave(mut self) -> Result<(), Error> {
        let mut effects = Vec::new();
        self.node.leave(now(&self.env), &mut effects);
        if !effects.is_empty() {
            self.carry_out(effects).await?;
            self.env.clock.sleep(FAREWELL).await;
        }
        Ok(())
    }

    async fn handle(&mut self, event: Event<P>) -> Result<(), Error> {
        match event {
            Event::Message { from, message } => self.step(Input::Message { from, message }).await,
            Event::Call { reply, request } => {
                self.last_request += 1;
                let id = self.last_request;
                self.calls.insert(id, reply);
                self.step(Input::Request { id, request }).await
            }
        }
    }

    async fn step(&mut self, input: Input<P>) -> Result<(), Error> {
        let effects = self.tell(input)?;
        self.carry_out(effects).await
    }

    async fn carry_out(&mut self, effects: Vec<Effect<P>>) -> Result<(), Error> {
        let mut effects = VecDeque::from(effects);
        let mut has_sent = false;
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Send { to, message } => {
                    if has_sent {
                        self.env.points.pass(&point::BETWEEN_TWO_SENDS).await;
                    }
                    has_sent = true;
                    if let Some(Some(link)) = self.links.get(usize::from(to)) {
                        link.send(message);
                    }
                }
                Effect::Reply { id, response } => {
                    self.env.points.pass(&point::BEFORE_ANSWER).await;
                    self.reply(id, response);
                }
                Effect::ReplyBefore { id, response, before } => {
                    self.env.points.pass(&point::BEFORE_ANSWER).await;
                    if self.env.clock.monotonic() < before {
                        self.reply(id, response);
                    } else {
                        effects.extend(self.tell(Input::TooLate { id })?);
                    }
                }
                Effect::Append(record) => {
                    if let Some(failed) = self.append(&record)? {
                        effects.extend(self.tell(failed)?);
                    }
                }
                Effect::SaveSnapshot { index, bytes, records } => self.save(index, &bytes, &records)?,
                Effect::Acknowledged { key, version } => self.env.observer.acknowledged(&key, version),
                Effect::Released { key } => self.env.observer.released(&key),
                Effect::CaughtUp => self.repair().await,
                Effect::Fact(fact) => self.env.observer.fact(&fact),
                Effect::Reached(marker) => self.env.observer.reached(marker),
                Effect::Pass(point) => self.env.points.pass(point).await,
                Effect::Note(text) => self.env.observer.note(&text),
                Effect::View(view) => self.env.observer.view(&view),
            }
        }
        Ok(())
    }

    /// Tells the node something in the middle of what it wants done; returns what more it wants.
    fn tell(&mut self, input: Input<P>) -> Result<Vec<Effect<P>>, Error> {
        let mut effects = Vec::new();
        self.node.step(input, now(&self.env), &mut effects);
        self.check()?;
        Ok(effects)
    }

    /// An error if what the node has just decided rests on a table that could not be read.
    fn check(&self) -> Result<(), Error> {
        Ok(self.keeper.iter().try_for_each(Keeper::check)?)
    }

    fn reply(&mut self, id: RequestId, response: P::Response) {
        if let Some(reply) = self.calls.remove(&id) {
            reply.send(response);
        }
    }

    /// Appends a record; returns what the node has to know if that failed and left no trace.
    fn append(&mut self, record: &P::Record) -> Result<Option<Input<P>>, Error> {
        self.appended += 1;
        match self.log.append(record) {
            Ok(()) => {
                let (segment, record) = (self.log.active(), self.appended);
                self.keeper.iter_mut().for_each(|keeper| keeper.appended(segment, record));
                Ok(None)
            }
            Err(storage::Error::NotAppended(reason)) => {
                self.env.observer.reached(marker::APPEND_FAILED.name);
                if P::SURVIVES_FAILED_APPEND {
                    return Ok(Some(Input::AppendFailed { record: self.appended, reason }));
                }
                Err(storage::Error::NotAppended(reason).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Begins to save a snapshot; its records count as appended.
    fn save(&mut self, index: u64, bytes: &[u8], records: &[P::Record]) -> Result<(), Error> {
        assert!(self.save.is_none(), "a node saves one snapshot at a time");
        self.appended += records.len() as RecordNumber;
        self.sync_wanted = true;
        let done = self.log.save_snapshot(index, bytes, records)?;
        self.save = Some(UnderWay { what: index, done });
        Ok(())
    }

    /// Cuts damage out of the log. Where that fails the damage stays, and the next start finds it.
    async fn repair(&mut self) {
        if let Err(error) = self.log.repair().await {
            self.env.observer.note(&format!("the log was not repaired: {error}"));
        }
        self.keeper.iter_mut().for_each(Keeper::repaired);
    }

    async fn begin_sync(&mut self) {
        if self.sync.is_some() || self.sync_begun == self.appended && !self.sync_wanted {
            return;
        }
        if self.sync_in_background {
            let monotonic = self.env.clock.monotonic();
            if monotonic < self.next_background_sync {
                return;
            }
            self.next_background_sync = monotonic + BACKGROUND_SYNC_EVERY.as_nanos() as u64;
        }
        self.env.points.pass(&point::BETWEEN_APPEND_AND_SYNC).await;
        self.sync_begun = self.appended;
        self.sync_wanted = false;
        self.sync = Some(UnderWay { what: self.appended, done: self.log.sync() });
    }
}

/// What goes on with the tables, if there are any.
async fn keeping(keeper: &mut Option<Keeper>) -> Result<(), storage::Error> {
    match keeper {
        Some(keeper) => keeper.finished().await,
        None => future::pending().await,
    }
}

/// What the work under way has done; waits for ever when there is none.
async fn finished<T: Copy>(work: &mut Option<UnderWay<T>>) -> Result<T, storage::Error> {
    let Some(UnderWay { what, done }) = work else {
        return future::pending().await;
    };
    let (what, result) = (*what, done.await);
    *work = None;
    result.map(|()| what)
}
