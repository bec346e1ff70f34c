//! What a node must know of its cluster.

use crate::protocol::{NodeId, TICK_MS, names_of};
use crate::safeguards::Safeguards;

/// How entries are copied before they count as committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// On a majority of the voters.
    Majority,
    /// Active-passive with a witness: on the active and on its standby. Writes are refused while the
    /// standby is cut off.
    Synchronous,
    /// Active-passive with a witness: on the active alone, with at most so much not yet on the standby.
    Asynchronous {
        /// Entries that the standby may lack; more are refused.
        entries_max: u64,
        /// How long the standby may lack an entry, in milliseconds; then writes are refused.
        lag_ms_max: u64,
    },
}

/// The cluster as one node sees it. All nodes of a cluster are given the same, but for `node`.
#[derive(Clone, Debug)]
pub struct Config {
    /// This node: its position in `nodes`.
    pub node: NodeId,
    /// Names of all nodes that may be members, sorted.
    pub nodes: Vec<String>,
    /// The voters when the cluster first starts; none: all nodes.
    pub first_voters: Option<Vec<NodeId>>,
    /// How entries are copied. The two active-passive modes want exactly three nodes, and the last one is
    /// the witness: it votes, and keeps no log.
    pub replication: Replication,
    /// Milliseconds between two heartbeats of the leader.
    pub heartbeat_ms: u64,
    /// A follower that hears nothing stands for election after this long, up to twice that, drawn.
    pub election_ms: u64,
    /// How long a majority's answer to a heartbeat lets the leader read alone.
    pub lease_ms: u64,
    /// Entries applied since the last snapshot that make the next one due; fewer do, where they are large.
    pub snapshot_every: u64,
    /// Entries before a snapshot that stay in the log, for followers that are a little behind; fewer, where
    /// they are large.
    pub snapshot_keeps: u64,
    /// Bytes of a snapshot in one message.
    pub chunk_bytes: usize,
    /// Bytes of entries in one message, about.
    pub batch_bytes: usize,
    /// Messages with entries that wait for their answers, to one follower.
    pub pipeline: usize,
    /// Sessions kept at most: the one used least recently is closed.
    pub sessions_max: usize,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
}

impl Config {
    /// A configuration with the defaults.
    pub fn new(node: NodeId, nodes: Vec<String>) -> Config {
        Config {
            node,
            nodes,
            first_voters: None,
            replication: Replication::Majority,
            heartbeat_ms: 75,
            election_ms: 400,
            lease_ms: 160,
            snapshot_every: 10_000,
            snapshot_keeps: 1_000,
            chunk_bytes: 64 << 10,
            batch_bytes: 256 << 10,
            pipeline: 8,
            sessions_max: 10_000,
            safeguards: Safeguards::default(),
        }
    }

    /// The node that votes and keeps no entries, where replication is active-passive.
    pub fn witness(&self) -> Option<NodeId> {
        (self.replication != Replication::Majority).then_some(2)
    }

    /// The other node with data, where replication is active-passive.
    pub fn standby_of(&self, node: NodeId) -> Option<NodeId> {
        self.witness().and_then(|_| 1_u16.checked_sub(node))
    }

    /// What all nodes must be told alike, in words.
    pub fn cluster(&self) -> String {
        let copies = match self.replication {
            Replication::Majority => "majority".to_owned(),
            Replication::Synchronous => "synchronous".to_owned(),
            Replication::Asynchronous { entries_max, lag_ms_max } => {
                format!("asynchronous, {entries_max} entries or {lag_ms_max} ms behind")
            }
        };
        let named = |voters: &Vec<NodeId>| format!(", first voters {}", names_of(voters, &self.nodes));
        let voters = self.first_voters.as_ref().map(named).unwrap_or_default();
        format!("nodes {}, replication {copies}{voters}", self.nodes.join(" "))
    }

    /// What is wrong with it, if anything.
    pub fn problem(&self) -> Option<String> {
        let nodes = self.nodes.len();
        let first = self.first_voters.iter().flatten();
        if usize::from(self.node) >= nodes {
            Some(format!("node {} of a cluster of {nodes}", self.node))
        } else if nodes > usize::from(NodeId::MAX) {
            Some(format!("{nodes} nodes are too many: at most {}", NodeId::MAX))
        } else if self.first_voters.as_ref().is_some_and(Vec::is_empty) {
            Some("the cluster needs a first voter".to_owned())
        } else if let Some(stranger) = first.copied().find(|&voter| usize::from(voter) >= nodes) {
            Some(format!("the first voter {stranger} is none of {nodes} nodes"))
        } else if self.replication != Replication::Majority && (nodes != 3 || self.first_voters.is_some()) {
            Some("active-passive replication wants three nodes: two with data, and a witness".to_owned())
        } else {
            self.problem_of_times()
                .or_else(|| self.problem_of_asynchronous_copies())
                .or_else(|| self.problem_of_sizes())
        }
    }

    fn problem_of_times(&self) -> Option<String> {
        let Config { heartbeat_ms, election_ms, lease_ms, .. } = *self;
        let (slow, fast) = (100 - DRIFT_PERCENT_MAX, 100 + DRIFT_PERCENT_MAX);
        if heartbeat_ms == 0 || heartbeat_ms.saturating_mul(2) > election_ms {
            Some(format!("a heartbeat every {heartbeat_ms} ms needs an election timeout of twice that"))
        } else if heartbeat_ms < TICK_MS && election_ms < 4 * TICK_MS {
            let least = 4 * TICK_MS;
            Some(format!("an election timeout of {election_ms} ms is over before a heartbeat: take {least}"))
        } else if election_ms > MS_MAX {
            Some(format!("an election timeout of {election_ms} ms is too long: at most {MS_MAX}"))
        } else if lease_ms.saturating_mul(fast) >= election_ms * slow {
            let most = election_ms * slow / fast;
            Some(format!("a lease of {lease_ms} ms is too long for clocks that drift: below {most}"))
        } else {
            None
        }
    }

    /// What would have all writes refused.
    fn problem_of_asynchronous_copies(&self) -> Option<String> {
        let Replication::Asynchronous { entries_max, .. } = self.replication else { return None };
        // Writes want a round confirmed within the lease, and ticks are what rounds begin at.
        let least = self.heartbeat_ms + 2 * TICK_MS;
        if entries_max == 0 {
            Some("a standby that may lack no entry never lets one be written: take 1 or more".to_owned())
        } else if self.lease_ms < least {
            Some(format!("a lease of {} ms is over before the next heartbeat: take {least}", self.lease_ms))
        } else {
            None
        }
    }

    fn problem_of_sizes(&self) -> Option<String> {
        if self.snapshot_every == 0 {
            Some("a snapshot every zero entries has no end: 1 takes one at each entry".to_owned())
        } else if self.chunk_bytes == 0 || self.chunk_bytes > BYTES_MAX || self.batch_bytes > BYTES_MAX {
            Some(format!("a message takes 1 to {BYTES_MAX} bytes of a snapshot, or of entries"))
        } else if self.pipeline == 0 || self.sessions_max == 0 {
            Some("at least one message must be under way, and one session kept".to_owned())
        } else {
            None
        }
    }
}

/// The longest election timeout, in milliseconds.
const MS_MAX: u64 = 60_000;
/// The most that one message is asked to carry: a frame takes it, and one more entry.
const BYTES_MAX: usize = 1 << 20;

/// How fast or slow a monotonic clock may run, in percent, for what rests on leases to hold: a leader's
/// that is so slow, a follower's that is so fast. `lease_ms / (1 - drift) < election_ms / (1 + drift)`.
pub const DRIFT_PERCENT_MAX: u64 = 40;

#[cfg(test)]
mod tests;
