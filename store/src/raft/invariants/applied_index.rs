//! Monotonic applied index.

use super::{Broken, name};
use crate::protocol::NodeId;
use crate::raft::log::Index;

/// **Monotonic applied index**: while a node runs, each entry that it applies is the one after the last, and a
/// snapshot that it installs takes it further (Ongaro and Ousterhout 2014, figure 2: `lastApplied` increases
/// monotonically).
///
/// A node that starts again begins after its snapshot, as its state machine is not kept: nothing is owed
/// across a start.
#[derive(Debug, Default)]
pub struct AppliedIndex {
    pub looked: u64,
}

impl AppliedIndex {
    pub const NAME: &str = "monotonic-applied-index";

    /// `node`, at the applied index `before`, has applied the entry at `index`.
    pub fn applied(&mut self, node: NodeId, before: Index, index: Index) -> Option<Broken> {
        self.looked += 1;
        let how = match index {
            _ if index == before + 1 => return None,
            _ if index <= before => "again",
            _ => "and left out what is between",
        };
        Some(broken(node, format!("applied index {index} {how}"), before))
    }

    /// The state of `node`, at the applied index `before`, is that of a snapshot through `index`.
    pub fn installed(&mut self, node: NodeId, before: Index, index: Index) -> Option<Broken> {
        self.looked += 1;
        (index < before).then(|| broken(node, format!("installed a snapshot through index {index}"), before))
    }

    /// `node` went back to `index`, and may not.
    pub fn went_back(&mut self, node: NodeId, before: Index, index: Index) -> Option<Broken> {
        self.looked += 1;
        (index < before).then(|| broken(node, format!("rolled back to index {index}"), before))
    }
}

fn broken(node: NodeId, what: String, before: Index) -> Broken {
    let what = format!("{}, which had applied everything up to index {before}, {what}", name(node));
    Broken { invariant: AppliedIndex::NAME, nodes: vec![node], what }
}
