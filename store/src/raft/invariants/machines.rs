//! State machine safety.

use std::collections::BTreeMap;

use super::{Broken, name};
use crate::protocol::NodeId;
use crate::raft::log::{Index, Position, Term};

/// **State machine safety**: if a node has applied an entry at an index, no node ever applies another one there
/// (Ongaro and Ousterhout 2014, figure 3 and section 5.4.3); and what is applied was committed (section 5.3), by
/// what some leader has told.
///
/// "Another" is meant in three ways: another term, another payload, or another outcome. State machines are
/// deterministic, so an outcome that differs comes from a state that differed. A snapshot is judged by the
/// last entry that it covers.
#[derive(Debug, Default)]
pub struct Machines {
    applied: BTreeMap<(Index, Term), Applied>,
    pub looked: u64,
}

/// What was applied, and what came of it.
#[derive(Clone, Copy, Debug)]
struct Applied {
    digest: u64,
    outcome: u64,
    node: NodeId,
}

impl Machines {
    pub const NAME: &str = "state-machine-safety";

    /// `node` has applied this entry. Where `may_differ`, what came later in a higher term may replace what was
    /// applied at an index, and only what one term has at one index is compared.
    pub fn applied(
        &mut self,
        node: NodeId,
        at: Position,
        (digest, outcome): (u64, u64),
        may_differ: bool,
    ) -> Option<Broken> {
        self.looked += 1;
        let other = if may_differ { None } else { self.other(node, at) };
        let known = *self.applied.entry((at.index, at.term)).or_insert(Applied { digest, outcome, node });
        let differ = match known {
            _ if other.is_some() => return other,
            _ if known.digest != digest => "applied entries with different payloads",
            _ if known.outcome != outcome => "came to different outcomes",
            _ => return None,
        };
        Some(Broken {
            invariant: Machines::NAME,
            nodes: vec![known.node, node],
            what: format!(
                "at index {} of term {}, {} and {} {differ}",
                at.index,
                at.term,
                name(known.node),
                name(node)
            ),
        })
    }

    /// `node` is in the state after this entry: applied, or restored out of a snapshot.
    pub fn reached(&self, node: NodeId, at: Position, is_committed: bool) -> Option<Broken> {
        let Position { term, index } = at;
        (!is_committed).then(|| Broken {
            invariant: Machines::NAME,
            nodes: vec![node],
            what: format!(
                "{} is in the state after the entry of term {term} at index {index}, which no leader had committed",
                name(node)
            ),
        })
    }

    /// Another entry than this that was applied at its index.
    fn other(&self, node: NodeId, at: Position) -> Option<Broken> {
        let there = self.applied.range((at.index, 0)..=(at.index, Term::MAX));
        let (&(index, term), other) = there.into_iter().find(|((_, term), _)| *term != at.term)?;
        Some(Broken {
            invariant: Machines::NAME,
            nodes: vec![other.node, node],
            what: format!(
                "at index {index}, {} applied an entry of term {term}, and {} one of term {}",
                name(other.node),
                name(node),
                at.term
            ),
        })
    }
}
