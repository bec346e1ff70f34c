//! A cluster of nodes as values: the test decides what is delivered, synced, lost and crashed, and when.
//!
//! ```text
//! ask n1 ─► packets n1→n2, n1→n3 wait ─► deliver one, lose the other ─► sync n2 ─► deliver the answer
//! ```
//!
//! Nothing moves by itself. Records survive a kill; a power loss takes those that were not synced.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use super::effect::{Effect, Input, Now, RecordNumber, RequestId};
use super::membership::view::View;
use super::message::{Entry, Level, Message, NodeId, Operation, Request, Response};
use super::node::{Node, Start};
use super::record::{HintChange, Logged, Record};
use super::ring::{Homes, Ring};
use super::version::Version;
use crate::protocol::{Protocol, TICK_MS};
use crate::raft::fact::Fact;

/// How long requests may take unless the test says otherwise.
pub const DEADLINE_MS: u32 = 1_000;
/// What all wall clocks show in the beginning, in milliseconds.
const EPOCH_MS: i64 = 1_000_000;

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    pub from: NodeId,
    pub to: NodeId,
    pub message: Message,
}

/// A machine: the node that runs on it, if it runs, and its log.
#[derive(Debug, Default)]
pub struct Host {
    pub node: Option<Node>,
    pub incarnation: u32,
    /// Records with the numbers that this incarnation gave them; 0: an earlier one did.
    pub log: Vec<(RecordNumber, Logged)>,
    /// How many of them are durable.
    pub synced: usize,
    /// Replay will find corrupt records.
    pub is_damaged: bool,
    /// No append succeeds.
    pub is_full: bool,
    /// How far its wall clock is off.
    pub skew_ms: i64,
    appended: RecordNumber,
}

/// The cluster.
pub struct Cluster {
    pub config: Config,
    pub hosts: Vec<Host>,
    pub network: Vec<Packet>,
    pub replies: BTreeMap<RequestId, Response>,
    pub acknowledged: Vec<(NodeId, String, Version)>,
    /// What nodes have dropped, as others own it.
    pub released: Vec<(NodeId, String)>,
    pub reached: BTreeSet<&'static str>,
    /// How many writes each start of a node said may be lost.
    pub lost: Vec<u64>,
    /// What nodes took members for, in the order in which they told it.
    pub views: Vec<(NodeId, View)>,
    /// Every entry that was ever appended, to be held or kept for others.
    pub records: Vec<Record>,
    time_ms: u64,
    requests: RequestId,
}

impl Cluster {
    /// A cluster of so many nodes, all running, with N = 3, R = 2, W = 2.
    pub fn new(nodes: usize) -> Cluster {
        Cluster::with(nodes, |_| {})
    }

    /// The same with another configuration.
    pub fn with(nodes: usize, change: impl FnOnce(&mut Config)) -> Cluster {
        let mut config = Config::new(0, (1..=nodes).map(|number| format!("n{number}")).collect());
        config.read_repair_one_in = 1;
        config.retry_ms = 200;
        config.exchange_ms = 100;
        change(&mut config);
        let mut cluster = Cluster {
            config,
            hosts: (0..nodes).map(|_| Host::default()).collect(),
            network: Vec::new(),
            replies: BTreeMap::new(),
            acknowledged: Vec::new(),
            released: Vec::new(),
            reached: BTreeSet::new(),
            lost: Vec::new(),
            views: Vec::new(),
            records: Vec::new(),
            time_ms: 0,
            requests: 0,
        };
        for node in 0..nodes as NodeId {
            cluster.start(node);
        }
        cluster
    }

    /// The home replicas of a key.
    pub fn homes(&self, key: &str) -> Homes {
        self.ring().homes(key, self.config.replication)
    }

    /// The node that has the cache of a key, in modes that have caches.
    pub fn cache_of(&self, key: &str) -> NodeId {
        self.homes(key)[0]
    }

    /// The ring of its nodes.
    pub fn ring(&self) -> Ring {
        self.config.ring()
    }

    /// A client asks `node`. A node that is down does not hear it.
    pub fn ask(&mut self, node: NodeId, request: Request) -> RequestId {
        self.requests += 1;
        let id = self.requests;
        self.step(node, Input::Request { id, request });
        id
    }

    /// Asks, and does all that is needed for an answer.
    pub fn call(&mut self, node: NodeId, request: Request) -> Response {
        let id = self.ask(node, request);
        self.settle();
        self.reply(id)
    }

    /// Asks, and delivers what that takes, but syncs nothing.
    pub fn call_unsynced(&mut self, node: NodeId, request: Request) -> Response {
        let id = self.ask(node, request);
        self.deliver_all();
        self.reply(id)
    }

    /// Asks, and does all that is possible without time passing; there need be no answer.
    pub fn call_unanswered(&mut self, node: NodeId, request: Request) -> RequestId {
        let id = self.ask(node, request);
        self.settle();
        id
    }

    /// What a client was answered.
    ///
    /// # Panics
    /// If it has no answer yet.
    pub fn reply(&self, id: RequestId) -> Response {
        self.replies.get(&id).cloned().unwrap_or_else(|| panic!("request {id} has no answer"))
    }

    /// A message arrives, whoever sent it.
    pub fn hear(&mut self, to: NodeId, from: NodeId, message: Message) {
        self.step(to, Input::Message { from, message });
    }

    /// Delivers the packet at this place of the network.
    pub fn deliver(&mut self, index: usize) {
        let Packet { from, to, message } = self.network.remove(index);
        self.hear(to, from, message);
    }

    /// Delivers the packets that are on their way now and of which this is true, in order.
    pub fn deliver_if(&mut self, wanted: impl Fn(&Packet) -> bool) {
        for Packet { from, to, message } in self.take_if(wanted) {
            self.hear(to, from, message);
        }
    }

    /// Delivers until nothing is on its way; nothing is synced.
    pub fn deliver_all(&mut self) {
        while !self.network.is_empty() {
            self.deliver(0);
        }
    }

    /// Takes those packets off the network: lost, or kept by the test for later.
    pub fn take_if(&mut self, wanted: impl Fn(&Packet) -> bool) -> Vec<Packet> {
        let (taken, left) = std::mem::take(&mut self.network).into_iter().partition(wanted);
        self.network = left;
        taken
    }

    /// Loses everything that is on its way.
    pub fn lose_all(&mut self) {
        self.network.clear();
    }

    /// The node syncs its log.
    pub fn sync(&mut self, node: NodeId) {
        let host = &mut self.hosts[usize::from(node)];
        host.synced = host.log.len();
        let through = host.appended;
        if host.node.is_some() {
            self.step(node, Input::Synced { through });
        }
    }

    /// Delivers and syncs until nothing is left to do. No time passes.
    pub fn settle(&mut self) {
        loop {
            self.deliver_all();
            for node in 0..self.hosts.len() as NodeId {
                self.sync(node);
            }
            if self.network.is_empty() {
                return;
            }
        }
    }

    /// Time passes, at every node; everything else stands still.
    pub fn pass(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(TICK_MS) {
            self.time_ms += TICK_MS;
            for node in 0..self.hosts.len() as NodeId {
                let (now, mut effects) = (self.now(node), Vec::new());
                if let Some(running) = &mut self.hosts[usize::from(node)].node {
                    running.tick(now, &mut effects);
                }
                self.carry_out(node, effects);
            }
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
        self.hosts[usize::from(node)].node = None;
    }

    /// The process is ended in an orderly manner.
    pub fn end(&mut self, node: NodeId) {
        let (now, mut effects) = (self.now(node), Vec::new());
        if let Some(running) = &mut self.hosts[usize::from(node)].node {
            running.leave(now, &mut effects);
        }
        self.carry_out(node, effects);
        self.kill(node);
    }

    /// The machine dies; what it did not sync is gone.
    pub fn cut_power(&mut self, node: NodeId) {
        self.kill(node);
        let host = &mut self.hosts[usize::from(node)];
        host.log.truncate(host.synced);
    }

    /// Corrupts the records of a node that is down: those of which this is true are lost.
    pub fn damage(&mut self, node: NodeId, lost: impl Fn(&Record) -> bool) {
        let host = &mut self.hosts[usize::from(node)];
        assert!(host.node.is_none(), "only logs of nodes that are down are damaged");
        let before = host.log.len();
        host.log.retain(|(_, logged)| !entry_of(logged).is_some_and(&lost));
        host.synced = host.log.len();
        host.is_damaged |= host.log.len() < before;
    }

    /// Starts a node, again or for the first time. As the real log does, it makes durable what it replays.
    pub fn start(&mut self, node: NodeId) {
        let now = self.now(node);
        let host = &mut self.hosts[usize::from(node)];
        host.incarnation += 1;
        host.appended = 0;
        host.synced = host.log.len();
        host.log.iter_mut().for_each(|(number, _)| *number = 0);
        let start = Start {
            incarnation: host.incarnation,
            shelf: None,
            records: host.log.iter().map(|(_, record)| record.clone()).collect(),
            damaged: host.is_damaged,
        };
        let config = Config { node, ..self.config.clone() };
        host.node = Some(Node::new(config, start, now));
    }

    /// Every disk has room and every node runs, for long enough that all agree.
    pub fn heal(&mut self) {
        for node in 0..self.hosts.len() as NodeId {
            self.hosts[usize::from(node)].is_full = false;
            if self.hosts[usize::from(node)].node.is_none() {
                self.start(node);
            }
        }
        self.run(1_500);
    }

    /// Whether the node runs and recovers from damage.
    pub fn is_recovering(&self, node: NodeId) -> bool {
        self.hosts[usize::from(node)].node.as_ref().is_some_and(Node::is_recovering)
    }

    /// What a node holds of a key, as its dump says.
    ///
    /// # Panics
    /// If it is down or recovering.
    pub fn held(&mut self, node: NodeId, key: &str) -> Option<Entry> {
        let dump = request(Operation::Dump { after: None }, Level::One);
        let id = self.ask(node, dump);
        match self.reply(id) {
            Response::Dump { entries, .. } => {
                entries.into_iter().find(|(each, _)| each == key).map(|(_, entry)| entry)
            }
            other => panic!("no dump, but {other:?}"),
        }
    }

    /// Whether a node has dropped a tombstone of this key.
    pub fn has_collected(&self, node: NodeId, key: &str) -> bool {
        let is_it =
            |logged: &Logged| matches!(logged, Logged::Collected { key: dropped, .. } if dropped == key);
        self.hosts[usize::from(node)].log.iter().any(|(_, logged)| is_it(logged))
    }

    /// What a node would still hold after a power loss.
    pub fn durable(&self, node: NodeId, key: &str) -> Option<Version> {
        let host = &self.hosts[usize::from(node)];
        let held = host.log[..host.synced].iter().filter_map(|(_, logged)| match logged {
            Logged::Held(record) if record.key == key => Some(record.entry.version),
            _ => None,
        });
        held.max()
    }

    fn now(&self, node: NodeId) -> Now {
        let wall_ms = EPOCH_MS + self.time_ms as i64 + self.hosts[usize::from(node)].skew_ms;
        Now { wall: wall_ms.max(0) as u64 * 1_000_000, monotonic: self.time_ms * 1_000_000 }
    }

    fn step(&mut self, node: NodeId, input: Input) {
        let (now, mut effects) = (self.now(node), Vec::new());
        if let Some(running) = &mut self.hosts[usize::from(node)].node {
            running.step(input, now, &mut effects);
        }
        self.carry_out(node, effects);
    }

    fn carry_out(&mut self, node: NodeId, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { to, message } => self.network.push(Packet { from: node, to, message }),
                Effect::Reply { id, response } => {
                    let earlier = self.replies.insert(id, response);
                    assert_eq!(earlier, None, "request {id} was answered twice");
                }
                Effect::Append(record) => self.append(node, record),
                Effect::Acknowledged { key, version } => self.acknowledged.push((node, key, version)),
                Effect::Released { key } => self.released.push((node, key)),
                Effect::CaughtUp => self.hosts[usize::from(node)].is_damaged = false,
                Effect::Reached(marker) => {
                    self.reached.insert(marker);
                }
                Effect::View(view) => self.views.push((node, view)),
                Effect::Note(_) | Effect::Pass(_) => {}
                Effect::Fact(Fact::Lost { writes_max }) => self.lost.push(writes_max),
                Effect::ReplyBefore { .. } | Effect::SaveSnapshot { .. } | Effect::Fact(_) => {
                    panic!("this family has no {effect:?}")
                }
            }
        }
    }

    fn append(&mut self, node: NodeId, logged: Logged) {
        let host = &mut self.hosts[usize::from(node)];
        host.appended += 1;
        let number = host.appended;
        if host.is_full {
            self.step(node, Input::AppendFailed { record: number, reason: "disk full".to_owned() });
        } else {
            self.records.extend(entry_of(&logged).cloned());
            host.log.push((number, logged));
        }
    }
}

/// The entry that a record brings, if it brings one.
pub fn entry_of(logged: &Logged) -> Option<&Record> {
    match logged {
        Logged::Held(record) | Logged::Hints(HintChange::Kept { record, .. }) => Some(record),
        Logged::Hints(HintChange::HandedBack { .. })
        | Logged::Window(_)
        | Logged::Collected { .. }
        | Logged::Layout(_)
        | Logged::Pledge(_) => None,
    }
}

/// A request without a token.
pub fn request(operation: Operation, level: Level) -> Request {
    Request { operation, level, floor: None, above: None, deadline_ms: DEADLINE_MS }
}

/// A read.
pub fn get(key: &str, level: Level) -> Request {
    request(Operation::Get { key: key.to_owned() }, level)
}

/// A write.
pub fn put(key: &str, value: &str, level: Level) -> Request {
    request(Operation::Put { key: key.to_owned(), value: value.as_bytes().to_vec() }, level)
}

/// A deletion.
pub fn delete(key: &str, level: Level) -> Request {
    request(Operation::Delete { key: key.to_owned() }, level)
}

/// The version that a write was answered with.
///
/// # Panics
/// If it was not.
pub fn written(response: &Response) -> Version {
    match response {
        Response::Written { version } => *version,
        other => panic!("not written: {other:?}"),
    }
}

/// The value that a read was answered with; none: never written, or deleted.
///
/// # Panics
/// If it was not answered.
pub fn value(response: &Response) -> Option<String> {
    match response {
        Response::Value { value, .. } => {
            value.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        }
        other => panic!("no value: {other:?}"),
    }
}
