//! The clients that wait for an answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{NodeId, RequestId};
use crate::raft::log::Index;

/// What a client waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// That the entry at this index is applied.
    Applied {
        /// The entry.
        at: Index,
    },
    /// That this round of heartbeats, or a later one, is confirmed.
    Confirmed {
        /// The keys it reads.
        keys: Vec<String>,
        /// The round.
        round: u64,
    },
    /// Nothing, if its answer was sent within the lease; else it is read again.
    Leased {
        /// The keys it reads.
        keys: Vec<String>,
        /// Until when the client waits for that.
        deadline: u64,
    },
    /// That this node has applied what the session has seen.
    CaughtUp {
        /// The keys it reads.
        keys: Vec<String>,
        /// What the session has seen.
        token: Index,
    },
    /// That this node leads.
    Transferred {
        /// The node.
        to: NodeId,
    },
}

/// A request that is not answered yet.
#[derive(Debug)]
struct Waiter {
    deadline: u64,
    want: Want,
}

/// Requests that are not answered yet, by what they wait for.
///
/// - Each is answered once: whatever takes it out answers it.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    waiters: BTreeMap<RequestId, Waiter>,
    deadlines: BTreeSet<(u64, RequestId)>,
    by_index: BTreeMap<Index, RequestId>,
    by_round: BTreeSet<(u64, RequestId)>,
    by_token: BTreeSet<(Index, RequestId)>,
}

impl Waiting {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// A request waits for something until its deadline.
    pub(super) fn insert(&mut self, id: RequestId, deadline: u64, want: Want) {
        match &want {
            Want::Applied { at } => _ = self.by_index.insert(*at, id),
            Want::Confirmed { round, .. } => _ = self.by_round.insert((*round, id)),
            Want::CaughtUp { token, .. } => _ = self.by_token.insert((*token, id)),
            Want::Leased { .. } | Want::Transferred { .. } => {}
        }
        self.deadlines.insert((deadline, id));
        self.waiters.insert(id, Waiter { deadline, want });
    }

    /// Takes out a request.
    pub(super) fn remove(&mut self, id: RequestId) -> Option<Want> {
        let Waiter { deadline, want } = self.waiters.remove(&id)?;
        self.deadlines.remove(&(deadline, id));
        match &want {
            Want::Applied { at } => _ = self.by_index.remove(at),
            Want::Confirmed { round, .. } => _ = self.by_round.remove(&(*round, id)),
            Want::CaughtUp { token, .. } => _ = self.by_token.remove(&(*token, id)),
            Want::Leased { .. } | Want::Transferred { .. } => {}
        }
        Some(want)
    }

    /// Takes out the one that waits for the entry at this index.
    pub(super) fn applied(&mut self, index: Index) -> Option<RequestId> {
        let id = *self.by_index.get(&index)?;
        self.remove(id).map(|_| id)
    }

    /// Takes out a read that waits for this round or an earlier one.
    pub(super) fn confirmed(&mut self, round: u64) -> Option<(RequestId, Vec<String>)> {
        let &(wanted, id) = self.by_round.first()?;
        match (wanted <= round).then(|| self.remove(id))? {
            Some(Want::Confirmed { keys, .. }) => Some((id, keys)),
            _ => None,
        }
    }

    /// Whether a read waits for a later round than this one.
    pub(super) fn wants_after(&self, round: u64) -> bool {
        self.by_round.last().is_some_and(|&(wanted, _)| wanted > round)
    }

    /// Takes out a read that waits for what is applied now.
    pub(super) fn caught_up(&mut self, applied: Index) -> Option<(RequestId, Vec<String>)> {
        let &(token, id) = self.by_token.first()?;
        match (token <= applied).then(|| self.remove(id))? {
            Some(Want::CaughtUp { keys, .. }) => Some((id, keys)),
            _ => None,
        }
    }

    /// Takes out one whose deadline is over.
    pub(super) fn expired(&mut self, monotonic: u64) -> Option<(RequestId, Want)> {
        let &(deadline, id) = self.deadlines.first()?;
        let want = (deadline <= monotonic).then(|| self.remove(id))??;
        Some((id, want))
    }

    /// Takes out all that `wanted` accepts, in the order in which they came.
    pub(super) fn take(&mut self, wanted: impl Fn(&Want) -> bool) -> Vec<(RequestId, Want)> {
        let ids: Vec<_> =
            self.waiters.iter().filter(|(_, waiter)| wanted(&waiter.want)).map(|(&id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.remove(id).map(|want| (id, want))).collect()
    }
}
