//! The protocol as a value: inputs and ticks in, effects out.
//!
//! A node is a [`Replica`] of the keys it is home to, a [`Coordinator`] of the requests that reach it,
//! and one side of the [`Exchange`] with each peer. It keeps [`Hints`] for others, gives them back ([`Handoff`]), and
//! knows who is there ([`Membership`]).
//! This file only hands each input to its part.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::cache::{Cache, Store, Window};
use super::clock::HybridClock;
use super::collection::Collection;
use super::config::Config;
use super::coordinator::{Context, Coordinator};
use super::copies::Shelf;
use super::effect::{Effect, Input, Now, RecordNumber, RequestId};
use super::exchange::{Exchange, List};
use super::handoff::Handoff;
use super::hints::Hints;
use super::membership::Membership;
use super::message::{Entry, Message, NodeId, Operation, Refusal, Request, Response};
use super::outbox::Outbox;
use super::record::{Logged, Record};
use super::replica::Replica;
use super::ring::Ring;
use super::ring::changes::Changes;
use super::ring::layout::Layout;
use crate::protocol::Protocol;
use crate::{marker, point};

/// Bytes of keys and values that one page of a dump carries, roughly.
const PAGE_BYTES: usize = 1 << 19;

/// What a node finds in its data directory when it starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// How many times it has been started, this time included; persisted before this.
    pub incarnation: u32,
    /// What it keeps its copies on; none: they are held in memory.
    pub shelf: Option<Rc<dyn Shelf>>,
    /// The records of its log, in order.
    pub records: Vec<Logged>,
    /// Corrupt records were found, or corrupt copies: catch up from the others before serving reads.
    pub damaged: bool,
}

/// One node of the leaderless store.
///
/// - A function of its inputs: no clock, no randomness, no socket inside.
/// - While it recovers it answers no reads and acknowledges no writes; it does hold what it is sent.
#[derive(Debug)]
pub struct Node {
    config: Config,
    ring: Rc<Ring>,
    /// Who is on it.
    changes: Changes,
    clock: HybridClock,
    replica: Replica,
    coordinator: Coordinator,
    /// Where the mode has caches.
    cache: Option<Cache>,
    exchange: Exchange,
    hints: Hints,
    handoff: Handoff,
    collection: Collection,
    membership: Membership,
    /// Keys that the log had it hold, and that others own by the layout at its end: nobody was told yet.
    released: BTreeSet<String>,
    /// The number of the last record that it appended.
    appended: RecordNumber,
}

impl Node {
    /// A node that starts now, with what its log held.
    ///
    /// # Panics
    /// If the configuration has a [problem](Config::problem).
    pub fn new(config: Config, start: Start, now: Now) -> Node {
        assert!(
            config.problem().is_none(),
            "the configuration must be checked before: {:?}",
            config.problem()
        );
        let Start { incarnation, shelf, records, damaged } = start;
        let ring = Rc::new(config.ring());
        let nodes = config.nodes.len() as NodeId;
        let mut clock = HybridClock::new(config.node, incarnation, config.safeguards.hybrid_clock);
        let copies = (config.replication, config.conflict());
        let mut replica =
            Replica::new(config.node, shelf, ring.clone(), copies, config.safeguards, config.collects());
        let (mut hints, mut window) = (Hints::new(&config), Window::default());
        let mut changes = Changes::new(&config, incarnation);
        let (mut ring, mut released) = (ring, BTreeSet::new());
        for record in records {
            match record {
                Logged::Held(Record { key, entry }) => {
                    clock.observe(entry.version);
                    // Before any change it was asked to hold only what it is home to.
                    let is_home = || ring.homes(&key, config.replication).contains(&config.node);
                    if changes.layout().epoch == 0 || is_home() {
                        released.remove(&key);
                        replica.hold(key, entry);
                    }
                }
                // Of a cluster that had more nodes than this one is told of.
                Logged::Layout(layout) if !layout.is_possible(config.nodes.len()) => {}
                Logged::Layout(layout) => {
                    ring = Rc::new(config.ring_in(&layout));
                    released.extend(replica.place_on(&ring));
                    changes.replay(layout);
                }
                Logged::Pledge(pledge) => changes.replay_pledge(pledge),
                Logged::Hints(change) => hints.replay(change),
                Logged::Collected { key, version } => {
                    clock.observe(version);
                    replica.bury(&key, version);
                }
                Logged::Window(last) => window = last,
            }
        }
        // A tombstone may have been collected after the layout was written down, and before it was in force.
        replica.exhume(&ring);
        clock.observe(replica.highest().max(hints.highest()));
        // A cluster that starts as one has no differences to find at once; a damaged replica has.
        let wait = if damaged { 0 } else { config.exchange_ms };
        let first_exchange = now.monotonic.saturating_add(wait.saturating_mul(1_000_000));
        let mut exchange = Exchange::new(
            (config.node, nodes),
            incarnation,
            damaged,
            first_exchange,
            config.safeguards.last_key_compared,
        );
        exchange.hand_over(changes.gets_from());
        Node {
            exchange,
            changes,
            coordinator: Coordinator::new(config.node, incarnation),
            cache: config.mode.has_cache().then(|| Cache::new(&config, incarnation, window, damaged)),
            handoff: Handoff::new(&config),
            membership: Membership::new(&config, incarnation, now),
            hints,
            collection: Collection::default(),
            released,
            appended: 0,
            config,
            ring,
            clock,
            replica,
        }
    }

    /// Whether replay found damage that the others have not made up for yet.
    pub fn is_recovering(&self) -> bool {
        self.exchange.is_recovering()
    }

    fn on_request(&mut self, id: RequestId, request: Request, now: Now, out: &mut Outbox<'_>) {
        match request.operation {
            Operation::Dump { after } => {
                let response = self.dump(after.as_deref());
                out.push(Effect::Reply { id, response });
            }
            Operation::Members => out.push(Effect::Reply { id, response: self.members() }),
            Operation::Ring => out.push(Effect::Reply { id, response: self.changes.status() }),
            Operation::ChangeRing { order } => {
                self.changes.on_order(id, order, request.deadline_ms, now, out);
            }
            _ if self.cache.is_some() => {
                self.with_cache(|cache, store| cache.on_request(id, request, store, now, out));
            }
            _ => {
                let (coordinator, mut context) = self.coordination();
                coordinator.begin(id, request, &mut context, now, out);
            }
        }
    }

    /// Does this with the cache, where there is one.
    fn with_cache(&mut self, act: impl FnOnce(&mut Cache, &mut Store<'_>)) {
        let Node { config, ring, clock, coordinator, replica, cache, membership, changes, .. } = self;
        let context = Context { config, ring, clock, membership, layout: changes.layout() };
        if let Some(cache) = cache {
            act(cache, &mut Store { coordinator, replica, context });
        }
    }

    /// The coordinator, and what it works with.
    fn coordination(&mut self) -> (&mut Coordinator, Context<'_>) {
        let Node { config, ring, clock, coordinator, membership, changes, .. } = self;
        (coordinator, Context { config, ring, clock, membership, layout: changes.layout() })
    }

    /// Tells what it has dropped.
    fn tell_released(&mut self, out: &mut Outbox<'_>) {
        out.extend(std::mem::take(&mut self.released).into_iter().map(|key| Effect::Released { key }));
    }

    /// A layout is durable here, and in force from now on.
    fn move_to(&mut self, layout: &Layout, now: Now, out: &mut Outbox<'_>) {
        out.push(Effect::Pass(&point::LAYOUT_IN_FORCE));
        self.ring = Rc::new(self.config.ring_in(layout));
        self.released.extend(self.replica.place_on(&self.ring));
        self.tell_released(out);
        self.exchange.hand_over(self.changes.gets_from());
        self.collection.restart();
        let (coordinator, mut context) = self.coordination();
        coordinator.restart(&mut context, now, out);
    }

    fn on_message(&mut self, from: NodeId, message: Message, now: Now, out: &mut Outbox<'_>) {
        if !message.is_possible() {
            let name = &self.config.nodes[usize::from(from)];
            return out.push(Effect::Note(format!("{name} sent a version that no clock can have issued")));
        }
        match message {
            Message::Write { operation, epoch, key, entry } => {
                self.clock.observe(entry.version);
                if self.changes.is_current(from, epoch, out) && self.is_home(&key) {
                    let waiter = (!self.is_recovering()).then_some((from, operation));
                    self.replica.write(key, entry, waiter, out);
                }
            }
            Message::Read { operation, epoch, key } => {
                let is_current = self.changes.is_current(from, epoch, out);
                if is_current && self.is_home(&key) && !self.is_recovering() {
                    let entry = self.replica.told(&key);
                    out.send(from, Message::Held { operation, entry });
                }
            }
            Message::Held { operation, entry } => {
                let (coordinator, mut context) = self.coordination();
                coordinator.on_held(from, operation, entry, &mut context, now, out);
            }
            Message::Written { operation } => {
                self.coordinator.on_written(from, operation, out);
                self.handoff.on_written(from, operation, (&mut self.hints, &mut self.coordinator), out);
                self.collection.on_written(from, operation, &self.config, now);
            }
            Message::WriteRefused { operation, refusal } => {
                self.coordinator.on_write_refused(from, operation, refusal, out);
            }
            Message::Digest { exchange, .. }
            | Message::Hashes { exchange, .. }
            | Message::Versions { exchange, .. }
                if !self.changes.is_current(from, exchange.epoch, out) => {}
            Message::Digest { exchange, root } => {
                self.exchange.on_digest(from, exchange, root, &mut self.replica, out);
            }
            Message::Hashes { exchange, below } => {
                if self.exchange.on_hashes(from, exchange, &below, &mut self.replica, out) {
                    self.caught_up(out);
                }
            }
            Message::Versions { exchange, leaves, versions, complete } => {
                let list = List { leaves, versions, complete };
                if self.exchange.on_versions(from, exchange, &list, &self.replica, &self.ring, out) {
                    self.caught_up(out);
                }
            }
            Message::Entries { entries, wanted } => {
                self.exchange.on_wanted(from, &wanted, &self.replica, out);
                self.take_in(from, entries, out);
            }
            Message::Hint { operation, owner, key, entry } => {
                self.clock.observe(entry.version);
                // Who recovers acknowledges nothing: another node is asked.
                if self.is_owner(owner, &key) && !self.is_recovering() {
                    self.hints.keep(owner, Record { key, entry }, Some((from, operation)), out);
                }
            }
            Message::Collect { operation, epoch, key, version } => {
                self.clock.observe(version);
                let is_current = self.changes.is_current(from, epoch, out);
                if is_current && self.is_home(&key) && !self.is_recovering() {
                    self.replica.collect(&key, version, out);
                    out.send(from, Message::Written { operation });
                }
            }
            Message::Handoff { operation, key, entry } => {
                self.clock.observe(entry.version);
                if self.is_home(&key) {
                    let waiter = (!self.is_recovering()).then_some((from, operation));
                    self.replica.take_back(key, entry, waiter, out);
                }
            }
            Message::Gossip { table } => {
                if self.config.has_membership && self.membership.on_gossip(table, now, out) {
                    self.recover(out);
                }
            }
            Message::Layout { layout, has_handed_over } => {
                self.changes.on_layout(from, layout, has_handed_over, out);
            }
            // What a damaged node has promised it may have forgotten.
            Message::Ballots { .. } if self.is_recovering() => {}
            Message::Ballots { epoch, said } => {
                self.changes.on_ballots(from, epoch, said, out);
            }
        }
    }

    /// Entries from the background exchange: held like any others, and nobody waits for them.
    fn take_in(&mut self, from: NodeId, entries: Vec<(String, Entry)>, out: &mut Outbox<'_>) {
        let mut back = Vec::new();
        for (key, entry) in entries {
            self.clock.observe(entry.version);
            if self.is_home(&key) {
                self.exchange.on_sent(from, &key, &entry);
                back.extend(self.replica.take_in(key, entry, out));
            }
        }
        if !back.is_empty() {
            out.send(from, Message::Entries { entries: back, wanted: Vec::new() });
        }
    }

    /// Whether this node keeps `key` at all: entries for others are not taken in.
    fn is_home(&self, key: &str) -> bool {
        self.ring.homes(key, self.config.replication).contains(&self.config.node)
    }

    /// Whether another node, `owner`, is home to `key`.
    fn is_owner(&self, owner: NodeId, key: &str) -> bool {
        owner != self.config.node && self.ring.homes(key, self.config.replication).contains(&owner)
    }

    /// Who is there, and where.
    fn members(&self) -> Response {
        if !self.config.has_membership {
            return Response::Refused(Refusal::Unavailable(
                "nodes do not tell each other who is there".to_owned(),
            ));
        }
        Response::Members { views: self.membership.views(), addresses: self.config.addresses.clone() }
    }

    /// A page of what this node holds, in ring order.
    fn dump(&self, after: Option<&str>) -> Response {
        if self.is_recovering() {
            let why = "this replica recovers from a corrupt log and serves no reads yet".to_owned();
            return Response::Refused(Refusal::Unavailable(why));
        }
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for (key, entry) in self.replica.after(after) {
            bytes += key.len() + entry.value.as_ref().map_or(0, Vec::len) + 40;
            if bytes > PAGE_BYTES && !entries.is_empty() {
                return Response::Dump { entries, more: true };
            }
            entries.push((key.into_owned(), entry));
        }
        Response::Dump { entries, more: false }
    }

    /// What this node held is lost, and nothing on its disk says so.
    fn recover(&mut self, out: &mut Outbox<'_>) {
        let why = "the others know of a later start of this node: it has lost its directory, and catches up from all of them \
                   first. It does so at each start, unless it is begun once more with an empty directory and --replace";
        out.push(Effect::Note(why.to_owned()));
        self.exchange.recover();
    }

    /// Every peer has made up for the damage, and what they sent is durable here: it is held.
    fn caught_up(&mut self, out: &mut Outbox<'_>) {
        self.changes.abstain(out);
        out.push(Effect::Note("caught up from all other nodes: serving reads again".to_owned()));
        out.push(Effect::Reached(marker::RECOVERED_FROM_THE_OTHERS.name));
        out.push(Effect::CaughtUp);
    }

    fn listen_to_self(&mut self, now: Now, out: &mut Outbox<'_>) {
        loop {
            if let Some(message) = out.pop_to_self() {
                self.on_message(self.config.node, message, now, out);
            } else if let Some(cache) = &mut self.cache
                && let Some((number, response)) = out.pop_to_cache()
            {
                cache.on_answer(number, response, out);
            } else {
                return self.with_cache(|cache, store| cache.go_on(store, now, out));
            }
        }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "quorum";
    const SURVIVES_FAILED_APPEND: bool = true;
    type Request = Request;
    type Response = Response;
    type Message = Message;
    type Record = Logged;

    fn step(&mut self, input: Input, now: Now, effects: &mut Vec<Effect>) {
        let me = self.config.node;
        let mut out = Outbox::new(me, self.appended, effects).with_cache(self.cache.is_some());
        self.tell_released(&mut out);
        match input {
            Input::Request { id, request } => self.on_request(id, request, now, &mut out),
            Input::Message { from, message } => {
                // Only other nodes speak this way: what a node tells itself goes through the outbox.
                if usize::from(from) < self.config.nodes.len() && from != me {
                    self.on_message(from, message, now, &mut out);
                }
            }
            Input::Synced { through } => {
                self.replica.synced(through, &mut out);
                self.hints.synced(through, &mut out);
                self.cache.iter_mut().for_each(|cache| cache.synced(through));
                if let Some(layout) = self.changes.synced(through, &mut out) {
                    self.move_to(&layout, now, &mut out);
                }
            }
            Input::AppendFailed { record, reason } => {
                self.replica.append_failed(record, &reason, &mut out);
                self.hints.append_failed(record, &reason, &mut out);
                self.changes.append_failed(record);
                self.cache.iter_mut().for_each(|cache| cache.append_failed(record));
            }
            // Outcomes of effects that this family has none of.
            Input::SnapshotSaved { .. } | Input::TooLate { .. } => {}
        }
        self.listen_to_self(now, &mut out);
        self.appended = out.appended();
    }

    fn tick(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let mut out = Outbox::new(self.config.node, self.appended, effects).with_cache(self.cache.is_some());
        self.coordinator.tick(&self.config, now, &mut out);
        if self.config.has_exchange || self.is_recovering() || !self.exchange.has_handed_over() {
            let epoch = self.changes.layout().epoch;
            self.exchange.tick((self.config.exchange_ms, epoch), &mut self.replica, now, &mut out);
        }
        self.changes.tick(self.exchange.has_handed_over(), now, &mut out);
        if self.config.has_membership {
            self.membership.tick(&self.config, now, &mut out);
        }
        self.hints.tick(&mut out);
        // While the ring changes, who has a tombstone now is not who has it then.
        if self.config.collects() && self.changes.layout().change.is_none() {
            let Node { config, ring, replica, coordinator, collection, changes, .. } = self;
            let epoch = changes.layout().epoch;
            collection.tick((config, ring, epoch), replica, coordinator, now, &mut out);
        }
        self.with_cache(|cache, store| cache.tick(store, now, &mut out));
        let Node { hints, coordinator, .. } = self;
        self.handoff.tick(self.config.handoff_ms, (hints, coordinator), now, &mut out);
        self.listen_to_self(now, &mut out);
        self.appended = out.appended();
    }

    fn leave(&mut self, _: Now, effects: &mut Vec<Effect>) {
        let mut out = Outbox::new(self.config.node, self.appended, effects);
        if self.config.has_membership {
            self.membership.leave(&mut out);
        }
    }

    fn needed_from(&self) -> RecordNumber {
        let cache = self.cache.as_ref().map_or(RecordNumber::MAX, Cache::needed_from);
        self.hints.needed_from().min(cache)
    }
}
