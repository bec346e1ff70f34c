//! Log matching.

use std::collections::BTreeMap;

use super::{Broken, name, terms::Terms};
use crate::protocol::NodeId;
use crate::raft::log::{Index, Position, Term};

/// **Log matching**: if two logs contain an entry with the same index and term, then the logs are identical in
/// all entries up through that index (Ongaro and Ousterhout 2014, figure 3 and section 5.3).
///
/// No log is walked. An entry is linked to the one before it: its term, and the term and payload of the two
/// belong together. If all entries ever held at an index and term have the same link, logs that share one
/// entry share the one before it, and so on down: that is the invariant, by induction.
///
/// What a snapshot covers is in no log, and there is nothing to compare. The entry after it is linked to the
/// snapshot's last position, so logs with and without snapshots compare exactly. Of the first entry of a log
/// that begins further back, the term before is not known, and only the payload compares.
///
/// Stronger than the statement in one thing: the two logs need not hold the entry at the same time. That is
/// owed, since a term has one leader, which makes one entry at an index.
#[derive(Debug, Default)]
pub struct Matching {
    links: BTreeMap<Position, Link>,
    pub looked: u64,
}

/// What an entry is known by, beside its position.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// The term of the entry before it, if that was known.
    previous: Option<Term>,
    digest: u64,
    /// Who held it first.
    node: NodeId,
}

impl Matching {
    pub const NAME: &str = "log-matching";

    /// The log of `node` ends with this entry now; `before` is its log until here, as the node told it.
    pub fn appended(&mut self, node: NodeId, before: &Terms, at: Position, digest: u64) -> Option<Broken> {
        self.looked += 1;
        if at.index > before.last() + 1 {
            return Some(hole(node, before.last(), at.index));
        }
        self.compare(node, at, Link { previous: before.term(at.index - 1), digest, node })
    }

    /// A snapshot covers everything up to `at`, and the log `before` it was kept after that.
    pub fn goes_on(&mut self, node: NodeId, before: &Terms, at: Position) -> Option<Broken> {
        self.looked += 1;
        let Position { term, index } = at;
        (!before.holds(at)).then(|| Broken {
            invariant: Matching::NAME,
            nodes: vec![node],
            what: format!(
                "{} keeps its log after a snapshot through index {index} of term {term}, which is not in it",
                name(node)
            ),
        })
    }

    fn compare(&mut self, node: NodeId, at: Position, link: Link) -> Option<Broken> {
        let known = self.links.entry(at).or_insert(link);
        let Position { term, index } = at;
        let differ = match (known.previous, link.previous) {
            _ if known.digest != link.digest => "are not the same",
            (Some(here), Some(there)) if here != there => "follow entries of different terms",
            (None, Some(_)) => {
                known.previous = link.previous;
                return None;
            }
            _ => return None,
        };
        Some(Broken {
            invariant: Matching::NAME,
            nodes: vec![known.node, node],
            what: format!(
                "the entries of term {term} at index {index} in the logs of {} and {} {differ}",
                name(known.node),
                name(node)
            ),
        })
    }
}

fn hole(node: NodeId, last: Index, index: Index) -> Broken {
    Broken {
        invariant: Matching::NAME,
        nodes: vec![node],
        what: format!("the log of {} ended at index {last}, and goes on at index {index}", name(node)),
    }
}
