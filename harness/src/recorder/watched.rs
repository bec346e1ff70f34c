//! The invariants of a replicated log, watched while nodes tell of it.

use std::collections::BTreeMap;

use perjury_store::protocol::NodeId;
use perjury_store::raft::fact::Fact;
use perjury_store::raft::invariants::Invariants;
use serde_json::{Value, json};

/// So many violations of an invariant go into the history; the others are counted.
const NOTED_MAX: u64 = 10;

/// The invariants of one cluster.
pub(super) struct Watched {
    invariants: Invariants,
    checks_completeness: bool,
    nodes: Vec<String>,
    broken: BTreeMap<&'static str, u64>,
}

/// A violation.
pub(super) struct Violation {
    /// In words.
    pub words: String,
    /// Its note; none when there have been enough of its kind.
    pub note: Option<Value>,
}

impl Watched {
    /// Nothing told yet.
    pub fn new(nodes: Vec<String>, checks_completeness: bool) -> Watched {
        let invariants = Invariants::new(checks_completeness);
        Watched { invariants, checks_completeness, nodes, broken: BTreeMap::new() }
    }

    /// A node tells this; what it shows to be broken.
    pub fn hear(&mut self, host: &str, fact: &Fact) -> Vec<Violation> {
        let Some(node) = self.nodes.iter().position(|name| name == host) else { return Vec::new() };
        let broken = self.invariants.hear(node as NodeId, fact);
        broken
            .into_iter()
            .map(|broken| {
                let count = self.broken.entry(broken.invariant).or_default();
                *count += 1;
                let is_noted = *count <= NOTED_MAX;
                let name = |node: &NodeId| self.nodes.get(usize::from(*node)).cloned().unwrap_or_default();
                let nodes: Vec<String> = broken.nodes.iter().map(name).collect();
                let words = format!("invariant {} is broken: {}", broken.invariant, broken.what);
                let note = json!({"invariant": broken.invariant, "nodes": nodes, "what": broken.what});
                Violation { words, note: is_noted.then_some(note) }
            })
            .collect()
    }

    /// How often each invariant was looked at, of those that are owed.
    pub fn looked(&self) -> Value {
        let mut counts = self.invariants.counts();
        counts.retain(|name, _| self.checks_completeness || *name != "leader-completeness");
        json!(counts)
    }

    /// Invariants with violations that were not noted, and how many all of theirs are.
    pub fn uncounted(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.broken.iter().map(|(name, count)| (*name, *count)).filter(|(_, count)| *count > NOTED_MAX)
    }
}
