//! The system under test: what a replicated store must offer to be put on trial.
//!
//! The reference store is plugged in through these traits, and so is anyone's own: start a node,
//! make a client, invoke an operation, dump a replica, state the promises.

use std::collections::BTreeMap;

use perjury_histories::{Key, Value, Version};
use perjury_store::env::{Env, LocalFuture};
use perjury_store::point::Point;

use crate::promise::Promise;
use crate::scenario::Scenario;

/// A replicated system that can be tested.
///
/// Only `name`, `start`, `client` and `promises` must be written. What a system does not take from
/// the seam cannot be disturbed there: [`System::seam`] says so, and the faults that need it are
/// listed as not available.
pub trait System: Sync {
    /// Its name on the command line and in reports.
    fn name(&self) -> &'static str;

    /// What it is, in one sentence.
    fn about(&self) -> &'static str {
        ""
    }

    /// Runs one node until it is crashed. Called again, with the same disk, when the node restarts.
    ///
    /// Nodes are `n1`, `n2`, …, and these are their host names; every node may listen on any port.
    fn start(&self, scenario: &Scenario, node: &str, env: Env) -> LocalFuture<'static, anyhow::Result<()>>;

    /// A client for one session.
    fn client(&self, scenario: &Scenario, session: u64, env: Env) -> Box<dyn Client>;

    /// What it promises in this scenario, for each level in use.
    fn promises(&self, scenario: &Scenario) -> Vec<Promise>;

    /// The nodes that keep a copy of each key; all of them, unless it says otherwise.
    fn placement(&self, scenario: &Scenario, keys: &[Key]) -> BTreeMap<Key, Vec<String>> {
        keys.iter().map(|key| (key.clone(), scenario.node_names())).collect()
    }

    /// The levels that a key may have; none: keys have no levels, or ones that only the system itself knows.
    fn levels(&self) -> &'static [Choice] {
        &[]
    }

    /// The levels that level `mixed` deals out in this scenario: all, unless it says otherwise.
    fn mixed_levels(&self, _scenario: &Scenario) -> Vec<&'static str> {
        self.levels().iter().map(|level| level.name).collect()
    }

    /// Whether its nodes tell the observer facts of a replicated log. Then faults can aim at the leader, and
    /// the invariants of the log are watched from inside.
    fn tells_facts(&self) -> bool {
        false
    }

    /// Whether [`Client::administer`] changes its members while it runs.
    fn has_administration(&self, _scenario: &Scenario) -> bool {
        false
    }

    /// The points of their code that its nodes pass, and say so through the seam: faults can strike there.
    fn points(&self, _scenario: &Scenario) -> Vec<&'static Point> {
        Vec::new()
    }

    /// The replication modes that it can be run in; none: it knows one way only.
    fn modes(&self) -> &'static [Choice] {
        &[]
    }

    /// Functions that it promises to refuse, whatever happens.
    fn refuses(&self, _scenario: &Scenario) -> Vec<String> {
        Vec::new()
    }

    /// What it cannot run about a scenario, if anything: the name of the setting first, then what to do.
    fn problem(&self, _scenario: &Scenario) -> Option<String> {
        None
    }

    /// What its nodes take from the seam.
    fn seam(&self) -> Seam {
        Seam::NONE
    }
}

/// Which parts of the seam a system's nodes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seam {
    /// They send frames through [`Network`](perjury_store::env::Network): message faults are possible.
    pub messages: bool,
    /// They keep their data on the seam's disk: power loss and disk faults are possible.
    pub disk: bool,
    /// They read the seam's clocks: clock faults are possible.
    pub clock: bool,
}

impl Seam {
    /// Nothing: the nodes use `turmoil::net` directly.
    pub const NONE: Seam = Seam { messages: false, disk: false, clock: false };
    /// Everything.
    pub const ALL: Seam = Seam { messages: true, disk: true, clock: true };
}

/// Something that a system offers by name: a consistency level, a replication mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub about: &'static str,
}

/// One session's client.
pub trait Client {
    /// Performs one operation. It must return in bounded time: after its deadline an operation that
    /// may have taken effect is [`Reply::info`].
    fn invoke<'a>(&'a mut self, call: &'a Call) -> LocalFuture<'a, Reply>;

    /// What this node itself holds, read from it alone; `None` when the system cannot tell.
    fn dump<'a>(&'a mut self, _node: &'a str) -> LocalFuture<'a, Option<anyhow::Result<Vec<Held>>>> {
        Box::pin(async { None })
    }

    /// The nodes that keep a copy of each of these keys now; `None` when [`System::placement`] says it.
    fn placement<'a>(&'a mut self, _keys: &'a [Key]) -> LocalFuture<'a, Option<BTreeMap<Key, Vec<String>>>> {
        Box::pin(async { None })
    }

    /// Has the system do this; `None` when it has no administration. An order that failed is given again.
    fn administer<'a>(&'a mut self, _order: &'a Order) -> LocalFuture<'a, Option<anyhow::Result<()>>> {
        Box::pin(async { None })
    }
}

/// Something for the administration of a system to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// This node is to be no member any more.
    Remove(String),
    /// This node is to be a full member again; perhaps it still is one.
    Add(String),
    /// This node is to lead.
    Lead(String),
}

impl Order {
    /// The node that it is about.
    pub fn node(&self) -> &str {
        match self {
            Order::Remove(node) | Order::Add(node) | Order::Lead(node) => node,
        }
    }
}

/// An operation to perform.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `read`, `write`, `cas`, `add`, …; the [workloads](crate::workload) have the list of each.
    pub function: &'static str,
    /// The object, where there are several.
    pub key: Option<Key>,
    /// The argument, as the history records it.
    pub value: Value,
    /// The consistency level of this key, where the system has levels.
    pub level: String,
    /// The node to ask; any, when absent.
    pub node: Option<String>,
    /// Keys that a call without a key is about, with their levels; not recorded. A read of them returns an array of
    /// what they hold, in their order, without those that hold nothing.
    pub keys: Vec<(Key, String)>,
    /// Whether it belongs to the final reads.
    pub is_final: bool,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What became of it.
    pub outcome: Outcome,
    /// The node that served it, where known.
    pub node: Option<String>,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It happened.
    Ok {
        /// Its result.
        value: Value,
        /// Where in the store's order of this key the write that it made or saw stands.
        version: Option<Version>,
    },
    /// It certainly did not happen, and why.
    Fail(String),
    /// It may have happened, and why that is not known.
    Info(String),
}

impl Reply {
    /// It happened.
    pub fn ok(value: Value, version: Option<Version>) -> Reply {
        Reply { outcome: Outcome::Ok { value, version }, node: None }
    }

    /// It certainly did not happen.
    pub fn fail(why: impl Into<String>) -> Reply {
        Reply { outcome: Outcome::Fail(why.into()), node: None }
    }

    /// It may have happened.
    pub fn info(why: impl Into<String>) -> Reply {
        Reply { outcome: Outcome::Info(why.into()), node: None }
    }

    /// Served by this node.
    pub fn from(mut self, node: impl Into<String>) -> Reply {
        self.node = Some(node.into());
        self
    }
}

/// What a replica holds for one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The key.
    pub key: Key,
    /// The version, where the system has versions.
    pub version: Option<Version>,
    /// The value; null: a tombstone.
    pub value: Value,
}
