//! A few nodes whose messages arrive at once, or when the test says so.

mod elects;

use std::collections::{BTreeMap, VecDeque};

use super::{Effect, Input, Node};
use crate::protocol::{NodeId, Now, Protocol, RequestId};
use crate::raft::config::Config;
use crate::raft::log::{Record, Start};
use crate::raft::message::Message;
use crate::raft::request::{Ask, Operation, ReadMode, Request, Response};

/// Nodes and what is between them. Everything appended is durable at once, unless `syncs` is off.
pub(super) struct Few {
    pub(super) nodes: Vec<Node>,
    pub(super) records: Vec<Vec<Record>>,
    pub(super) network: VecDeque<(NodeId, NodeId, Message)>,
    pub(super) replies: BTreeMap<RequestId, Response>,
    pub(super) reached: Vec<&'static str>,
    pub(super) is_cut: Box<dyn Fn(NodeId, NodeId) -> bool>,
    pub(super) time_ms: u64,
    requests: RequestId,
}

impl Few {
    pub(super) fn new(count: usize) -> Few {
        Few::with(count, |_| {})
    }

    pub(super) fn with(count: usize, change: impl Fn(&mut Config)) -> Few {
        let names: Vec<String> = (1..=count).map(|number| format!("n{number}")).collect();
        let node = |node: usize| {
            let mut config = Config::new(node as NodeId, names.clone());
            change(&mut config);
            Node::new(config, Start { seed: node as u64, ..Start::default() }, Now::default())
        };
        Few {
            nodes: (0..count).map(node).collect(),
            records: vec![Vec::new(); count],
            network: VecDeque::new(),
            replies: BTreeMap::new(),
            reached: Vec::new(),
            is_cut: Box::new(|_, _| false),
            time_ms: 0,
            requests: 0,
        }
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
            if !(self.is_cut)(from, to) {
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
        let before = self.records[usize::from(node)].len();
        for effect in effects {
            match effect {
                Effect::Send { to, message } => self.network.push_back((node, to, message)),
                Effect::Reply { id, response } => _ = self.replies.insert(id, response),
                Effect::Append(record) => self.records[usize::from(node)].push(record),
                Effect::Reached(marker) => self.reached.push(marker),
                _ => {}
            }
        }
        let through = self.records[usize::from(node)].len();
        if through > before {
            self.step(node, Input::Synced { through: through as u64 });
        }
    }

    pub(super) fn leader(&self) -> Option<NodeId> {
        let mut leaders = self.nodes.iter().filter(|node| node.is_leader());
        leaders.next().map(Node::me)
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
        self.replies.remove(&id).expect("an answer")
    }
}

pub(super) fn put(session: u64, sequence: u64, key: &str) -> Ask {
    let operation = Operation::Put { key: key.to_owned(), value: sequence.to_string().into_bytes() };
    Ask::Write { session, sequence, operation }
}

pub(super) fn read(key: &str, mode: ReadMode) -> Ask {
    Ask::Read { keys: vec![key.to_owned()], mode, token: 0 }
}
