//! One leader per term.

use std::collections::BTreeMap;

use super::{Broken, name};
use crate::protocol::NodeId;
use crate::raft::log::Term;

/// **One leader per term**, or election safety: at most one leader is elected in a term (Ongaro and Ousterhout
/// 2014, figure 3 and section 5.2).
///
/// A node that is elected twice in a term has forgotten its first election, and breaks it too.
#[derive(Debug, Default)]
pub struct Elections {
    leaders: BTreeMap<Term, NodeId>,
    pub looked: u64,
}

impl Elections {
    pub const NAME: &str = "one-leader-per-term";

    /// `node` leads this term.
    pub fn elected(&mut self, node: NodeId, term: Term) -> Option<Broken> {
        self.looked += 1;
        let earlier = self.leaders.insert(term, node)?;
        let what = match earlier == node {
            true => format!("{} was elected leader of term {term} twice", name(node)),
            false => format!("{} and {} both lead term {term}", name(earlier), name(node)),
        };
        Some(Broken { invariant: Elections::NAME, nodes: vec![earlier, node], what })
    }
}
