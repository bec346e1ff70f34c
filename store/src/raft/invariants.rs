//! The six invariants of a replicated log, watched from inside: a judge over [facts](Fact).
//!
//! ```text
//! n1: Started Term(1) Leader(1) Appended(1@1) Committed(1) Applied(1@1) ─┐
//! n2: Started Term(1)           Appended(1@1)              Applied(1@1) ─┼─▶ Invariants ─▶ Broken …
//! n3: Started Term(2) Leader(2)  …lacks 1@1, which is committed          ─┘
//! ```
//!
//! Facts of all nodes are heard in the order in which they happened. A fact costs O(log n) of the entries so
//! far, however long the logs are; what is kept is about a hundred bytes for each entry ever made, and for each
//! node the runs of terms in its log.
//!
//! After something broke the judge goes on with what it was told: a single fault may be reported several times, by
//! each fact that shows it.

mod applied_index;
mod completeness;
mod current_term;
mod elections;
mod machines;
mod matching;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::applied_index::AppliedIndex;
use self::completeness::Completeness;
use self::current_term::CurrentTerm;
use self::elections::Elections;
use self::machines::Machines;
use self::matching::Matching;
use self::terms::Terms;
use super::fact::Fact;
use super::log::{Index, Position, Term};
use crate::protocol::NodeId;

/// All nodes of one cluster, under watch.
///
/// What is judged, by name: `one-leader-per-term`, `log-matching`, `leader-completeness`, `state-machine-safety`,
/// `monotonic-term`, `monotonic-applied-index`. Each is stated, with its source, on the type that judges it.
#[derive(Debug, Default)]
pub struct Invariants {
    checks_completeness: bool,
    nodes: BTreeMap<NodeId, Observed>,
    elections: Elections,
    matching: Matching,
    completeness: Completeness,
    machines: Machines,
    current_term: CurrentTerm,
    applied_index: AppliedIndex,
}

/// What a node has told of itself.
#[derive(Debug, Default)]
struct Observed {
    term: Term,
    leads: Term,
    log: Terms,
    applied: Index,
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which one.
    pub invariant: &'static str,
    /// The nodes that show it.
    pub nodes: Vec<NodeId>,
    /// One sentence, with terms and indices.
    pub what: String,
}

impl Invariants {
    /// A cluster of which nothing is known yet.
    ///
    /// `checks_completeness` is false where copies are asynchronous: a fail-over loses committed entries there,
    /// and applied ones are rolled back. Then leader completeness is not looked at, state machine safety only
    /// within a term, and a roll-back does not break the monotonic applied index.
    pub fn new(checks_completeness: bool) -> Invariants {
        Invariants { checks_completeness, ..Invariants::default() }
    }

    /// A node tells this; what it shows to be broken.
    pub fn hear(&mut self, node: NodeId, fact: &Fact) -> Vec<Broken> {
        match *fact {
            Fact::Started { term, damaged, snapshot, ref log } => {
                self.started(node, term, damaged, snapshot, log)
            }
            Fact::Term(term) => self.speaks(node, term, "went on in").into_iter().collect(),
            Fact::Leader { term } => self.leads(node, term),
            Fact::Appended { at, digest } => self.appended(node, at, digest).into_iter().collect(),
            Fact::Committed { index } => self.committed(node, index),
            Fact::Installed { at, keeps_tail } => self.installed(node, at, keeps_tail),
            Fact::Applied { at, digest, outcome } => self.applied(node, at, digest, outcome),
            Fact::RolledBack { index } => self.rolled_back(node, index).into_iter().collect(),
            // Said of no log.
            Fact::Lost { .. } => Vec::new(),
        }
    }

    /// How often each invariant was looked at: a pass that never looked is none.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::from([
            (Elections::NAME, self.elections.looked),
            (Matching::NAME, self.matching.looked),
            (Completeness::NAME, self.completeness.looked),
            (Machines::NAME, self.machines.looked),
            (CurrentTerm::NAME, self.current_term.looked),
            (AppliedIndex::NAME, self.applied_index.looked),
        ])
    }

    fn started(
        &mut self,
        node: NodeId,
        term: Term,
        damaged: bool,
        snapshot: Position,
        log: &[(Position, u64)],
    ) -> Vec<Broken> {
        let told = if damaged { 0 } else { self.observed(node).term };
        let mut broken: Vec<Broken> =
            self.current_term.reads(node, told, term, "started in").into_iter().collect();
        let applied = snapshot.index;
        *self.observed(node) = Observed { term, leads: 0, log: Terms::after(snapshot), applied };
        broken.extend(self.reaches(node, snapshot));
        broken.extend(self.holds(node, snapshot, log));
        broken
    }

    /// A node that starts holds these entries, some of them perhaps before the end of its snapshot.
    fn holds(&mut self, node: NodeId, snapshot: Position, log: &[(Position, u64)]) -> Vec<Broken> {
        let appended = |&(at, digest): &(Position, u64)| self.appended(node, at, digest);
        let mut broken: Vec<Broken> = log.iter().filter_map(appended).collect();
        let held = &mut self.observed(node).log;
        if held.last() < snapshot.index {
            *held = Terms::after(snapshot);
        }
        broken.extend(self.matching.goes_on(node, &self.nodes[&node].log, snapshot));
        broken
    }

    fn speaks(&mut self, node: NodeId, term: Term, how: &str) -> Option<Broken> {
        let observed = self.nodes.entry(node).or_default();
        let broken = self.current_term.reads(node, observed.term, term, how);
        observed.term = term;
        broken
    }

    fn leads(&mut self, node: NodeId, term: Term) -> Vec<Broken> {
        let mut broken: Vec<Broken> = self.speaks(node, term, "leads").into_iter().collect();
        broken.extend(self.elections.elected(node, term));
        let observed = self.nodes.entry(node).or_default();
        observed.leads = term;
        if self.checks_completeness {
            broken.extend(self.completeness.elected(node, term, &observed.log));
        }
        broken
    }

    fn appended(&mut self, node: NodeId, at: Position, digest: u64) -> Option<Broken> {
        let observed = self.nodes.entry(node).or_default();
        let broken = self.matching.appended(node, &observed.log, at, digest);
        match at.index > observed.log.last() + 1 {
            true => observed.log = Terms::after(at),
            false => observed.log.put(at),
        }
        broken
    }

    fn committed(&mut self, node: NodeId, index: Index) -> Vec<Broken> {
        if !self.checks_completeness {
            return Vec::new();
        }
        let observed = self.nodes.entry(node).or_default();
        self.completeness.committed(node, observed.leads, &observed.log, index)
    }

    fn installed(&mut self, node: NodeId, at: Position, keeps_tail: bool) -> Vec<Broken> {
        let before = self.observed(node).applied;
        let mut broken: Vec<Broken> =
            self.applied_index.installed(node, before, at.index).into_iter().collect();
        broken.extend(self.reaches(node, at));
        let observed = self.nodes.entry(node).or_default();
        if keeps_tail {
            broken.extend(self.matching.goes_on(node, &observed.log, at));
        } else {
            observed.log = Terms::after(at);
        }
        observed.applied = at.index;
        broken
    }

    /// A node is in the state after this entry.
    fn reaches(&self, node: NodeId, at: Position) -> Option<Broken> {
        if at.index == 0 || !self.checks_completeness {
            return None;
        }
        self.machines.reached(node, at, self.completeness.is_committed(at))
    }

    fn applied(&mut self, node: NodeId, at: Position, digest: u64, outcome: u64) -> Vec<Broken> {
        let before = std::mem::replace(&mut self.observed(node).applied, at.index);
        let mut broken: Vec<Broken> =
            self.applied_index.applied(node, before, at.index).into_iter().collect();
        broken.extend(self.machines.applied(node, at, (digest, outcome), !self.checks_completeness));
        broken.extend(self.reaches(node, at));
        broken
    }

    fn rolled_back(&mut self, node: NodeId, index: Index) -> Option<Broken> {
        let before = std::mem::replace(&mut self.observed(node).applied, index);
        match self.checks_completeness {
            true => self.applied_index.went_back(node, before, index),
            false => None,
        }
    }

    fn observed(&mut self, node: NodeId) -> &mut Observed {
        self.nodes.entry(node).or_default()
    }
}

/// Nodes are positions in the list of all; their names count from 1, as everywhere.
fn name(node: NodeId) -> String {
    format!("n{}", node + 1)
}
