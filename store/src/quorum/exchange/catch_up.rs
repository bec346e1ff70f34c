//! Catching up with others: which of them a node has still to see that it holds all they held.
//!
//! It is caught up with a peer once it has seen, in an exchange begun since (in this start, and in this layout), that it holds all that the peer held: of
//! ranges whose hashes were equal it did then, of others once it holds what the peer listed, in a list that left no leaf
//! out. What the peer takes in later than that is sent to this node as well, like any write; waiting for a moment without
//! differences could take for ever under load.

use std::collections::BTreeMap;

use crate::quorum::message::{Entry, NodeId};
use crate::quorum::missing::Missing;
use crate::quorum::replica::Replica;

/// The peers that a node has still to catch up with.
#[derive(Debug, Default)]
pub struct CatchUp {
    /// With each, what is still missing of the first whole list that it sent.
    behind: BTreeMap<NodeId, Option<Missing>>,
}

impl CatchUp {
    /// Catches up with these peers.
    pub fn new(peers: impl IntoIterator<Item = NodeId>) -> CatchUp {
        CatchUp { behind: peers.into_iter().map(|peer| (peer, None)).collect() }
    }

    /// Whether nothing is left to get.
    pub fn is_done(&self) -> bool {
        self.behind.is_empty()
    }

    /// Whether something is left to get from this peer.
    pub fn is_behind(&self, peer: NodeId) -> bool {
        self.behind.contains_key(&peer)
    }

    /// A peer has sent a list: `missing`, if it was whole. Returns whether nothing is left to get, with this.
    pub fn compared(&mut self, from: NodeId, missing: Option<&Missing>, replica: &Replica) -> bool {
        let Some(before) = self.behind.get_mut(&from) else { return false };
        let nothing_missing = missing.is_some_and(Missing::is_empty);
        match before {
            Some(before) => before.retain(replica, missing),
            None => *before = missing.cloned(),
        }
        if nothing_missing || before.as_ref().is_some_and(Missing::is_empty) {
            self.behind.remove(&from);
        }
        self.behind.is_empty()
    }

    /// A peer has sent what it holds of a key.
    pub fn sent(&mut self, from: NodeId, key: &str, entry: &Entry) {
        if let Some(Some(missing)) = self.behind.get_mut(&from) {
            missing.sent(key, entry);
        }
    }
}
