//! A few nodes whose messages arrive at once, or when the test says so.

mod bytes;
mod clients;
mod elects;
mod following;
mod hearing;
mod leading;
mod leases;
mod log_time;
mod members;
mod numbers;
mod passive;
mod reads;
mod removal;
mod snapshots;

use std::collections::{BTreeMap, VecDeque};

use super::{Effect, Input, Node};
use crate::protocol::{NodeId, Now, Protocol, RequestId};
use crate::raft::config::Config;
use crate::raft::fact::Fact;
use crate::raft::log::{Entry, Payload, Position, Record, Start};
use crate::raft::message::{Body, Message};
use crate::raft::request::{Ask, Operation, ReadMode, Request, Response};

/// What outlives a node.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) incarnation: u32,
    pub(super) snapshot: Option<(u64, Vec<u8>)>,
    pub(super) records: Vec<Record>,
    pub(super) damaged: bool,
    appended: u64,
}

/// Nodes and what is between them. Whatever is appended is durable at once.
pub(super) struct Few {
    pub(super) config: Config,
    pub(super) nodes: Vec<Node>,
    pub(super) disks: Vec<Disk>,
    pub(super) network: VecDeque<(NodeId, NodeId, Message)>,
    pub(super) replies: BTreeMap<RequestId, Response>,
    pub(super) reached: Vec<&'static str>,
    pub(super) facts: Vec<(NodeId, Fact)>,
    /// Nodes that nothing reaches, and nothing leaves.
    pub(super) cut: Vec<NodeId>,
    pub(super) time_ms: u64,
    requests: RequestId,
}

impl Few {
    pub(super) fn new(count: usize) -> Few {
        Few::with(count, |_| {})
    }

    pub(super) fn with(count: usize, change: impl Fn(&mut Config)) -> Few {
        let names: Vec<String> = (1..=count).map(|number| format!("n{number}")).collect();
        let mut config = Config::new(0, names);
        change(&mut config);
        let mut few = Few {
            config,
            nodes: Vec::new(),
            disks: (0..count).map(|_| Disk::default()).collect(),
            network: VecDeque::new(),
            replies: BTreeMap::new(),
            reached: Vec::new(),
            facts: Vec::new(),
            cut: Vec::new(),
            time_ms: 0,
            requests: 0,
        };
        few.nodes = (0..count as NodeId).map(|node| few.start(node)).collect();
        few
    }

    fn start(&mut self, node: NodeId) -> Node {
        let now = self.now();
        let disk = &mut self.disks[usize::from(node)];
        disk.incarnation += 1;
        disk.appended = 0;
        let start = Start {
            incarnation: disk.incarnation,
            snapshot: disk.snapshot.clone(),
            records: disk.records.clone(),
            damaged: disk.damaged,
            seed: u64::from(node),
        };
        Node::new(Config { node, ..self.config.clone() }, start, now)
    }

    pub(super) fn restart(&mut self, node: NodeId) {
        let started = self.start(node);
        self.nodes[usize::from(node)] = started;
    }

    pub(super) fn now(&self) -> Now {
        Now { wall: 1_000_000_000 + self.time_ms * 1_000_000, monotonic: self.time_ms * 1_000_000 }
    }

    /// Time passes, and everything arrives.
    pub(super) fn run(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(25) {
            self.time_ms += 25;
            for node in 0..self.nodes.len() {
                let mut effects = Vec::new();
                let now = self.now();
                self.nodes[node].tick(now, &mut effects);
                self.carry_out(node as NodeId, effects);
            }
            self.settle();
        }
    }

    pub(super) fn settle(&mut self) {
        while let Some((from, to, message)) = self.network.pop_front() {
            if !self.cut.contains(&from) && !self.cut.contains(&to) {
                self.step(to, Input::Message { from, message });
            }
        }
    }

    pub(super) fn step(&mut self, node: NodeId, input: Input) {
        let mut effects = Vec::new();
        let now = self.now();
        self.nodes[usize::from(node)].step(input, now, &mut effects);
        self.carry_out(node, effects);
    }

    fn carry_out(&mut self, node: NodeId, effects: Vec<Effect>) {
        let mut saved = None;
        let before = self.disks[usize::from(node)].appended;
        for effect in effects {
            let disk = &mut self.disks[usize::from(node)];
            match effect {
                Effect::Send { to, message } => self.network.push_back((node, to, message)),
                Effect::Reply { id, response } | Effect::ReplyBefore { id, response, .. } => {
                    assert!(self.replies.insert(id, response).is_none(), "request {id} is answered twice");
                }
                Effect::Append(record) => {
                    disk.records.push(record);
                    disk.appended += 1;
                }
                Effect::SaveSnapshot { index, bytes, records } => {
                    disk.appended += records.len() as u64;
                    *disk = Disk { snapshot: Some((index, bytes)), records, damaged: false, ..*disk };
                    saved = Some(index);
                }
                Effect::Reached(marker) => self.reached.push(marker),
                Effect::Fact(fact) => self.facts.push((node, fact)),
                _ => {}
            }
        }
        let through = self.disks[usize::from(node)].appended;
        if through > before {
            self.step(node, Input::Synced { through });
        }
        if let Some(index) = saved {
            self.step(node, Input::SnapshotSaved { index });
        }
    }

    /// The one that leads the latest term.
    pub(super) fn leader(&self) -> NodeId {
        let leaders = self.nodes.iter().filter(|node| node.is_leader());
        leaders.max_by_key(|node| node.term()).map(Node::me).expect("a leader")
    }

    /// Waits for the first leader.
    pub(super) fn elect(&mut self) -> NodeId {
        self.run(1500);
        self.leader()
    }

    pub(super) fn ask(&mut self, node: NodeId, ask: Ask) -> RequestId {
        self.requests += 1;
        let id = self.requests;
        self.step(node, Input::Request { id, request: Request { ask, deadline_ms: 1000 } });
        id
    }

    pub(super) fn call(&mut self, node: NodeId, ask: Ask) -> Response {
        let id = self.ask(node, ask);
        self.settle();
        self.replies.remove(&id).unwrap_or_else(|| panic!("request {id} has no answer"))
    }

    pub(super) fn open(&mut self, node: NodeId) -> u64 {
        match self.call(node, Ask::Open) {
            Response::Opened { session } => session,
            other => panic!("no session: {other:?}"),
        }
    }

    /// Writes so many times, as a session of its own, and returns the last index.
    pub(super) fn write(&mut self, node: NodeId, count: u64) -> u64 {
        let session = self.open(node);
        let mut last = session;
        for sequence in 1..=count {
            match self.call(node, put(session, sequence, "k")) {
                Response::Done { index, .. } => last = index,
                other => panic!("not written: {other:?}"),
            }
        }
        last
    }

    pub(super) fn has_reached(&self, marker: &str) -> bool {
        self.reached.contains(&marker)
    }
}

pub(super) fn put(session: u64, sequence: u64, key: &str) -> Ask {
    let operation = Operation::Put { key: key.to_owned(), value: sequence.to_string().into_bytes() };
    Ask::Write { session, sequence, operation }
}

pub(super) fn read(key: &str, mode: ReadMode) -> Ask {
    Ask::Read { keys: vec![key.to_owned()], mode, token: 0 }
}

/// One node of three that the test talks to as the other two.
pub(super) struct One {
    pub(super) node: Node,
    pub(super) now_ms: u64,
    appended: u64,
    pub(super) effects: Vec<Effect>,
}

impl One {
    /// Node 0, with these entries in its log, given by their terms.
    pub(super) fn new(terms: &[u64], change: impl FnOnce(&mut Config)) -> One {
        let mut config = Config::new(0, ["n1", "n2", "n3"].map(str::to_owned).to_vec());
        change(&mut config);
        let term = terms.last().copied().unwrap_or(0);
        let mut records = vec![Record::Vote { term, voted_for: None }];
        records.extend((1..).zip(terms).map(|(index, &term)| Record::Entry(noop(term, index))));
        let start = Start { incarnation: 1, records, ..Start::default() };
        let node = Node::new(config, start, Now::default());
        One { node, now_ms: 0, appended: 0, effects: Vec::new() }
    }

    pub(super) fn now(&self) -> Now {
        Now { wall: 7_000_000_000 + self.now_ms * 1_000_000, monotonic: self.now_ms * 1_000_000 }
    }

    /// Something happens; what the node wants done is in `effects`, and nothing else is.
    pub(super) fn step(&mut self, input: Input) {
        self.effects.clear();
        let now = self.now();
        self.node.step(input, now, &mut self.effects);
        self.appended +=
            self.effects.iter().filter(|effect| matches!(effect, Effect::Append(_))).count() as u64;
    }

    pub(super) fn tick(&mut self, ms: u64) {
        self.effects.clear();
        self.now_ms += ms;
        let now = self.now();
        self.node.tick(now, &mut self.effects);
        self.appended +=
            self.effects.iter().filter(|effect| matches!(effect, Effect::Append(_))).count() as u64;
    }

    /// Everything that it appended is durable.
    pub(super) fn sync(&mut self) {
        self.step(Input::Synced { through: self.appended });
    }

    pub(super) fn hear(&mut self, from: NodeId, term: u64, body: Body) {
        self.step(Input::Message { from, message: Message { term, body } });
    }

    pub(super) fn ask(&mut self, id: RequestId, ask: Ask) {
        self.step(Input::Request { id, request: Request { ask, deadline_ms: 1000 } });
    }

    /// What it says to a node.
    pub(super) fn said(&self, node: NodeId) -> Vec<&Body> {
        let said = self.effects.iter().filter_map(|effect| match effect {
            Effect::Send { to, message } if *to == node => Some(&message.body),
            _ => None,
        });
        said.collect()
    }

    /// Makes it the leader of the next term.
    pub(super) fn elect(&mut self) {
        let term = self.node.term() + 1;
        self.tick(1_000);
        self.hear(1, term, Body::Voted { is_pre: true, granted: true });
        self.sync();
        self.hear(1, term, Body::Voted { is_pre: false, granted: true });
        assert!(self.node.is_leader());
        self.sync();
    }

    pub(super) fn matched(&mut self, from: NodeId, round: u64, index: u64) {
        let term = self.node.term();
        self.hear(from, term, Body::Matched { round, index, incarnation: 1 });
    }
}

pub(super) fn noop(term: u64, index: u64) -> Entry {
    Entry { at: Position { term, index }, payload: Payload::Noop }
}
