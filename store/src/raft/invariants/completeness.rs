//! Leader completeness.

use std::collections::BTreeMap;

use super::{Broken, name, terms::Terms};
use crate::protocol::NodeId;
use crate::raft::log::{Index, Position, Term};

/// **Leader completeness**: an entry that is committed in some term is in the logs of the leaders of all higher
/// terms (Ongaro and Ousterhout 2014, figure 3 and section 5.4).
///
/// A log holds all that was committed if it holds the last of it: the rest follows from log matching, which is
/// judged beside this. A snapshot holds what it covers: that it covers the committed entries is state machine
/// safety. Both orders of events are looked at: a leader elected
/// after the commit, and a commit in a term whose successor is elected already. A leader of a *lower* term,
/// elected late by votes that were on their way, owes nothing of what a higher term has committed.
#[derive(Debug, Default)]
pub struct Completeness {
    /// The committed log.
    committed: Terms,
    /// By which term what was committed: terms and indices both ascend.
    by_term: BTreeMap<Term, Index>,
    elected: BTreeMap<Term, Elected>,
    pub looked: u64,
}

/// A leader when it was elected.
#[derive(Debug)]
struct Elected {
    node: NodeId,
    /// Its log after what it had to hold then.
    tail: Terms,
}

impl Completeness {
    pub const NAME: &str = "leader-completeness";

    /// `node` leads this term with this log.
    pub fn elected(&mut self, node: NodeId, term: Term, log: &Terms) -> Option<Broken> {
        self.looked += 1;
        let held = self.by_term.range(..term).next_back().map_or(0, |(_, &index)| index);
        self.elected.insert(term, Elected { node, tail: log.tail(held) });
        self.lacks(node, term, log, held)
    }

    /// `node`, which leads `term` with this log, has committed everything up to here.
    pub fn committed(&mut self, node: NodeId, term: Term, log: &Terms, index: Index) -> Vec<Broken> {
        self.looked += 1;
        if index > log.last() {
            let what = format!(
                "{}, leader of term {term}, commits through index {index}, and its log ends at {}",
                name(node),
                log.last()
            );
            return vec![Broken { invariant: Completeness::NAME, nodes: vec![node], what }];
        }
        let mut broken: Vec<Broken> =
            self.lacks(node, term, log, index.min(self.committed.last())).into_iter().collect();
        self.committed.extend(log, index);
        if self.by_term.range(..=term).next_back().is_none_or(|(_, &earlier)| earlier < index) {
            self.by_term.insert(term, index);
            // Later leaders are held to this through the check below.
            let covered: Vec<Term> = self
                .by_term
                .range(term + 1..)
                .take_while(|(_, later)| **later <= index)
                .map(|(&term, _)| term)
                .collect();
            covered.iter().for_each(|term| {
                self.by_term.remove(term);
            });
            broken.extend(self.successors_lack(node, term, log, index));
        }
        broken
    }

    /// Whether some leader has committed this entry.
    pub fn is_committed(&self, at: Position) -> bool {
        self.committed.holds(at)
    }

    /// What the leader of `term` lacks of the committed log up to `index`.
    fn lacks(&self, node: NodeId, term: Term, log: &Terms, index: Index) -> Option<Broken> {
        // What is not known of the log is covered by its snapshot.
        let is_covered = log.term(index).is_none() && index <= log.last();
        let owed = self.committed.term(index)?;
        if is_covered || log.term(index) == Some(owed) {
            return None;
        }
        let instead = match log.term(index) {
            Some(other) => format!("has one of term {other} there"),
            None => format!("ends its log at index {}", log.last()),
        };
        Some(Broken {
            invariant: Completeness::NAME,
            nodes: vec![node],
            what: format!(
                "the entry of term {owed} at index {index} is committed, and {}, leader of term {term}, {instead}",
                name(node)
            ),
        })
    }

    /// Leaders of higher terms that were elected without what is committed only now.
    fn successors_lack(&self, node: NodeId, term: Term, log: &Terms, index: Index) -> Vec<Broken> {
        let Some(owed) = log.term(index) else { return Vec::new() };
        let lacks = |elected: &Elected| {
            let there = elected.tail.term(index);
            elected.tail.last() < index || there.is_some_and(|there| there != owed)
        };
        let later = self.elected.range(term + 1..);
        later
            .filter(|(_, elected)| lacks(elected))
            .map(|(later, elected)| Broken {
                invariant: Completeness::NAME,
                nodes: vec![node, elected.node],
                what: format!(
                    "{} commits through index {index} in term {term}, and {} was elected leader of term {later} without that entry",
                    name(node),
                    name(elected.node)
                ),
            })
            .collect()
    }
}
