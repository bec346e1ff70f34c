//! A cluster of nodes as values: the test decides what is delivered, synced, lost and crashed, and when.
//!
//! ```text
//! ask n1 ─► packets n1→n2, n1→n3 wait ─► deliver one, lose the other ─► sync n2 ─► deliver the answer
//! ```
//!
//! Nothing moves by itself. Records survive a kill; a power loss takes those that were not synced. Every fact goes
//! to the judge of [invariants](super::invariants).

pub mod disk;
mod effects;
pub mod notation;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::config::{Config, Replication};
use super::invariants::{Broken, Invariants};
use super::log::{Entry, Index, Position, Start, Term};
use super::message::Message;
use super::node::{Effect, Input, Node};
use super::request::{Ask, Request, Response};
use crate::protocol::{NodeId, Now, Protocol, RequestId, TICK_MS};
use disk::Disk;
use notation::name;

/// How long requests may take unless the test says otherwise.
pub const DEADLINE_MS: u32 = 1_000;
/// What all wall clocks show in the beginning, in milliseconds.
const EPOCH_MS: i64 = 1_000_000_000;
/// The number of a request that is none of a client's.
const STATUS: RequestId = RequestId::MAX;
/// Deliveries without time passing after which nodes are taken to talk for ever.
const DELIVERIES_MAX: usize = 100_000;

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    pub from: NodeId,
    pub to: NodeId,
    pub message: Message,
}

/// A machine: the node that runs on it, if it runs, its disk and its clocks.
#[derive(Debug)]
pub struct Host {
    pub node: Option<Node>,
    pub disk: Disk,
    pub incarnation: u32,
    /// Replay finds corrupt records.
    pub is_damaged: bool,
    /// No append succeeds: the node ends at the first.
    pub is_full: bool,
    /// The process stands still: messages wait for it, and it does not notice the time.
    pub is_paused: bool,
    /// It will stand still between reading a value for a lease read and looking at the time.
    pub stalls: bool,
    /// What it had still to do when it stalled.
    stalled: VecDeque<Effect>,
    /// How far its wall clock is off.
    pub skew_ms: i64,
    /// How fast its clocks run, in percent.
    pub rate: u64,
    monotonic_ns: u64,
    /// The term that it last came to lead; 0: none since it started.
    pub leads: Term,
}

/// What a line of the trace is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A message is on its way.
    Sent,
    /// It has arrived.
    Heard,
    /// Records are durable, or an entry stands in a log: what follows from it matters more.
    Detail,
    /// Everything else.
    Event,
}

/// The cluster.
pub struct Cluster {
    pub config: Config,
    pub hosts: Vec<Host>,
    pub network: Vec<Packet>,
    /// Links on which everything is lost, from and to.
    pub cut: BTreeSet<(NodeId, NodeId)>,
    pub replies: BTreeMap<RequestId, Response>,
    pub reached: BTreeMap<&'static str, u64>,
    /// What the judge of invariants has found.
    pub broken: Vec<Broken>,
    /// Every entry that was ever appended.
    pub entries: BTreeMap<Position, Entry>,
    /// What has been applied at each index, by the first to do so, or by the last where it was rolled back.
    pub applied: BTreeMap<Index, Position>,
    /// What happens, line by line, if somebody reads it.
    pub trace: Option<Vec<(Line, String)>>,
    pub time_ms: u64,
    invariants: Invariants,
    requests: RequestId,
    seed: u64,
}

impl Cluster {
    /// A cluster of so many nodes, all running, configured by `change`, with timeouts drawn from this seed.
    pub fn with(nodes: usize, seed: u64, change: impl FnOnce(&mut Config)) -> Cluster {
        let mut config = Config::new(0, (1..=nodes).map(|number| format!("n{number}")).collect());
        change(&mut config);
        let is_complete = !matches!(config.replication, Replication::Asynchronous { .. });
        let mut cluster = Cluster {
            config,
            hosts: (0..nodes).map(|_| Host::default()).collect(),
            network: Vec::new(),
            cut: BTreeSet::new(),
            replies: BTreeMap::new(),
            reached: BTreeMap::new(),
            broken: Vec::new(),
            entries: BTreeMap::new(),
            applied: BTreeMap::new(),
            trace: None,
            time_ms: 0,
            invariants: Invariants::new(is_complete),
            requests: 0,
            seed,
        };
        for node in cluster.nodes() {
            cluster.start(node);
        }
        cluster
    }

    /// All nodes.
    pub fn nodes(&self) -> std::ops::Range<NodeId> {
        0..self.hosts.len() as NodeId
    }

    /// A host.
    pub fn host(&mut self, node: NodeId) -> &mut Host {
        &mut self.hosts[usize::from(node)]
    }

    /// Whether a node runs, and does not stand still.
    pub fn is_awake(&self, node: NodeId) -> bool {
        let host = &self.hosts[usize::from(node)];
        host.node.is_some() && !host.is_paused
    }

    /// The node that leads the highest term, as far as it knows, and runs.
    pub fn leader(&self) -> Option<NodeId> {
        let leads = |node: &NodeId| (self.hosts[usize::from(*node)].leads, *node);
        self.nodes().filter(|&node| self.hosts[usize::from(node)].leads > 0).max_by_key(leads)
    }

    /// A node that takes itself for the leader of a term that is over, and runs.
    pub fn deposed(&self) -> Option<NodeId> {
        let leader = self.leader();
        self.nodes().find(|&node| self.hosts[usize::from(node)].leads > 0 && Some(node) != leader)
    }

    /// A client asks `node`. A node that is down or stands still does not hear it.
    pub fn ask(&mut self, node: NodeId, ask: Ask) -> RequestId {
        self.ask_within(node, ask, DEADLINE_MS)
    }

    /// The same with another deadline.
    pub fn ask_within(&mut self, node: NodeId, ask: Ask, deadline_ms: u32) -> RequestId {
        self.requests += 1;
        let id = self.requests;
        self.note(|| format!("#{id} asks {}: {}", name(node), notation::ask(&ask)));
        self.step(node, Input::Request { id, request: Request { ask, deadline_ms } });
        id
    }

    /// Asks, and does all that is possible without time passing.
    ///
    /// # Panics
    /// If there is no answer then.
    pub fn call(&mut self, node: NodeId, ask: Ask) -> Response {
        let id = self.ask(node, ask);
        self.settle();
        self.replies.get(&id).cloned().unwrap_or_else(|| panic!("request {id} has no answer"))
    }

    /// Delivers the packet at this place of the network, unless its receiver stands still. Returns whether it is
    /// gone.
    pub fn deliver(&mut self, index: usize) -> bool {
        if self.hosts[usize::from(self.network[index].to)].is_paused {
            return false;
        }
        let Packet { from, to, message } = self.network.remove(index);
        self.hear(from, to, message);
        true
    }

    /// A message arrives, whoever sent it.
    pub fn hear(&mut self, from: NodeId, to: NodeId, message: Message) {
        self.line(Line::Heard, || format!("{} <- {}: {}", name(to), name(from), notation::message(&message)));
        self.step(to, Input::Message { from, message });
    }

    /// Delivers the packets that are on their way now and of which this is true, in order.
    pub fn deliver_if(&mut self, wanted: impl Fn(&Packet) -> bool) {
        for Packet { from, to, message } in self.take_if(wanted) {
            self.hear(from, to, message);
        }
    }

    /// Delivers until nothing is on its way but to nodes that stand still; nothing is synced.
    ///
    /// # Panics
    /// If that has no end.
    pub fn deliver_all(&mut self) {
        let mut waiting = 0;
        for _ in 0..DELIVERIES_MAX {
            if waiting == self.network.len() {
                return;
            }
            if !self.deliver(waiting) {
                waiting += 1;
            }
        }
        panic!("the nodes talk for ever");
    }

    /// Takes those packets off the network: lost, or kept by the test for later.
    pub fn take_if(&mut self, wanted: impl Fn(&Packet) -> bool) -> Vec<Packet> {
        let (taken, left) = std::mem::take(&mut self.network).into_iter().partition(wanted);
        self.network = left;
        taken
    }

    /// The node syncs its log, or so many more records of it.
    pub fn sync(&mut self, node: NodeId, records: usize) {
        let host = self.host(node);
        if host.disk.is_unsynced() && host.node.is_some() && !host.is_paused {
            let through = host.disk.sync(records);
            self.line(Line::Detail, || format!("{} synced through {through}", name(node)));
            self.step(node, Input::Synced { through });
        }
    }

    /// The next step of saving a snapshot, if the node is saving one.
    pub fn keep(&mut self, node: NodeId) {
        let host = self.host(node);
        if host.node.is_some()
            && !host.is_paused
            && let Some(index) = host.disk.keep()
        {
            self.note(|| format!("{} saved its snapshot through {index}", name(node)));
            self.step(node, Input::SnapshotSaved { index });
        }
    }

    /// Delivers, syncs and saves until nothing is left to do. No time passes.
    pub fn settle(&mut self) {
        loop {
            self.deliver_all();
            for node in self.nodes() {
                self.sync(node, usize::MAX);
                // Two steps: durable, and what is older removed.
                self.keep(node);
                self.keep(node);
            }
            if self.network.iter().all(|packet| self.hosts[usize::from(packet.to)].is_paused) {
                return;
            }
        }
    }

    /// Time passes; everything else stands still.
    pub fn pass(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(TICK_MS) {
            self.time_ms += TICK_MS;
            for node in self.nodes() {
                self.tick(node);
            }
        }
    }

    /// Time passes at one node alone.
    pub fn pass_at(&mut self, node: NodeId, ms: u64) {
        for _ in 0..ms.div_ceil(TICK_MS) {
            self.tick(node);
        }
    }

    /// Time passes, everything is delivered and synced at once.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(TICK_MS) {
            self.pass(TICK_MS);
            self.settle();
        }
    }

    /// The process dies; what it appended is there when it comes back.
    pub fn kill(&mut self, node: NodeId) {
        self.note(|| format!("{} is killed", name(node)));
        self.end(node);
    }

    /// The machine dies; of what it did not sync only so many records are left.
    pub fn cut_power(&mut self, node: NodeId, left: usize) {
        self.note(|| format!("{} loses power", name(node)));
        self.end(node);
        self.host(node).disk.cut_power(left);
    }

    fn end(&mut self, node: NodeId) {
        let host = self.host(node);
        host.node = None;
        host.stalled.clear();
        (host.is_paused, host.stalls, host.leads) = (false, false, 0);
    }

    /// Corrupts the last records of a node that is down.
    ///
    /// # Panics
    /// If it runs.
    pub fn damage(&mut self, node: NodeId, lost: usize) {
        let host = self.host(node);
        assert!(host.node.is_none(), "only logs of nodes that are down are damaged");
        host.disk.damage(lost);
        host.is_damaged = true;
    }

    /// Starts a node that is down.
    pub fn start(&mut self, node: NodeId) {
        let (now, seed) = (self.now(node), self.seed);
        let host = self.host(node);
        host.incarnation += 1;
        let incarnation = host.incarnation;
        let (snapshot, records) = host.disk.replay();
        let seed = seed ^ u64::from(node) << 32 ^ u64::from(incarnation);
        let damaged = host.is_damaged;
        let config = Config { node, ..self.config.clone() };
        let mut started = Node::new(config, Start { incarnation, snapshot, records, damaged, seed }, now);
        // What it has to say of its start it says at the first occasion.
        let mut effects = Vec::new();
        started.tick(now, &mut effects);
        self.host(node).node = Some(started);
        self.carry_out(node, effects.into());
    }

    /// A node that stands still goes on.
    pub fn resume(&mut self, node: NodeId) {
        self.note(|| format!("{} goes on", name(node)));
        let host = self.host(node);
        host.is_paused = false;
        let rest = std::mem::take(&mut host.stalled);
        self.carry_out(node, rest);
    }

    /// Cuts a node off from all others, and them from it.
    pub fn isolate(&mut self, node: NodeId) {
        let others: Vec<NodeId> = self.nodes().filter(|&other| other != node).collect();
        self.cut.extend(others.iter().flat_map(|&other| [(node, other), (other, node)]));
    }

    /// What a node says of itself.
    ///
    /// # Panics
    /// If it is down or stands still.
    pub fn status(&mut self, node: NodeId) -> Response {
        let trace = self.trace.take();
        let request = Request { ask: Ask::Status, deadline_ms: DEADLINE_MS };
        self.step(node, Input::Request { id: STATUS, request });
        self.trace = trace;
        self.replies.remove(&STATUS).expect("a node tells its status at once")
    }

    /// How often each invariant was looked at.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.invariants.counts()
    }

    /// Adds a line to the trace.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        self.line(Line::Event, line);
    }

    fn line(&mut self, kind: Line, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push((kind, line()));
        }
    }

    fn now(&self, node: NodeId) -> Now {
        let host = &self.hosts[usize::from(node)];
        let wall_ms = EPOCH_MS + (host.monotonic_ns / 1_000_000) as i64 + host.skew_ms;
        Now { wall: wall_ms.max(0) as u64 * 1_000_000, monotonic: host.monotonic_ns }
    }
}

impl Default for Host {
    fn default() -> Host {
        Host {
            node: None,
            disk: Disk::default(),
            incarnation: 0,
            is_damaged: false,
            is_full: false,
            is_paused: false,
            stalls: false,
            stalled: VecDeque::new(),
            skew_ms: 0,
            rate: 100,
            monotonic_ns: 0,
            leads: 0,
        }
    }
}
