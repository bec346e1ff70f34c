//! Monotonic term.

use super::{Broken, name};
use crate::protocol::NodeId;
use crate::raft::log::Term;

/// **Monotonic term**: the term in which a node speaks never falls, across restarts and power losses too (Ongaro
/// and Ousterhout 2014, figure 2: `currentTerm` increases monotonically, and is on stable storage before the
/// node responds).
///
/// Judged between terms that the node may have spoken in: [`Fact::Term`](super::Fact) is told once the term is
/// durable. Not owed across a start that found damage.
#[derive(Debug, Default)]
pub struct CurrentTerm {
    pub looked: u64,
}

impl CurrentTerm {
    pub const NAME: &str = "monotonic-term";

    /// `node`, which has told `before`, is in this term; `how` it came there.
    pub fn reads(&mut self, node: NodeId, before: Term, term: Term, how: &str) -> Option<Broken> {
        self.looked += 1;
        (term < before).then(|| Broken {
            invariant: CurrentTerm::NAME,
            nodes: vec![node],
            what: format!("{}, which had been in term {before}, {how} term {term}", name(node)),
        })
    }
}
