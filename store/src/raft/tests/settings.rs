//! What kinds of cluster and of trouble there are.

use super::schedule::{Part, Rolls, Weights};
use crate::protocol::NodeId;
use crate::raft::config::{Config, Replication};
use crate::safeguards::Safeguards;

/// A kind of cluster, and of trouble.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub nodes: usize,
    /// The voters at first; the other nodes are not members yet.
    pub voters: usize,
    pub replication: Replication,
    pub has_drift: bool,
    pub has_churn: bool,
    /// Snapshots after every few entries, in small pieces.
    pub has_small_snapshots: bool,
}

const MAJORITY: Setting = Setting {
    name: "plain",
    nodes: 3,
    voters: 3,
    replication: Replication::Majority,
    has_drift: false,
    has_churn: false,
    has_small_snapshots: false,
};

/// Three voters.
pub const PLAIN: Setting = MAJORITY;
/// Five voters.
pub const FIVE: Setting = Setting { name: "five", nodes: 5, voters: 5, ..MAJORITY };
/// Three voters at first of five nodes, and members that come and go.
pub const CHURN: Setting = Setting { name: "churn", nodes: 5, has_churn: true, ..MAJORITY };
/// Followers that fall behind are sent snapshots.
pub const SNAPSHOTS: Setting = Setting { name: "snapshots", has_small_snapshots: true, ..MAJORITY };
/// Clocks that run up to 40 percent too fast or too slow.
pub const LEASES: Setting = Setting { name: "leases", has_drift: true, ..MAJORITY };
/// All of that at once.
pub const ALL_AT_ONCE: Setting =
    Setting { name: "all at once", has_drift: true, has_small_snapshots: true, ..CHURN };
/// Two copies, and a witness.
pub const SYNCHRONOUS: Setting = Setting {
    name: "synchronous",
    replication: Replication::Synchronous,
    has_small_snapshots: true,
    has_drift: true,
    ..MAJORITY
};
/// One copy that counts, and a bound on what the other may lack.
pub const ASYNCHRONOUS: Setting = Setting {
    name: "asynchronous",
    replication: Replication::Asynchronous { entries_max: 4, lag_ms_max: 500 },
    has_small_snapshots: true,
    has_drift: true,
    ..MAJORITY
};

/// All of them.
pub const ALL: [Setting; 8] = [PLAIN, FIVE, CHURN, SNAPSHOTS, LEASES, ALL_AT_ONCE, SYNCHRONOUS, ASYNCHRONOUS];

impl Setting {
    /// How often each kind of action comes in a schedule with these numbers.
    pub fn weights(&self, rolls: &mut Rolls) -> Weights {
        Weights::drawn(rolls, |part| match part {
            Part::Always | Part::Sometimes => true,
            Part::Drift => self.has_drift,
            Part::Churn => self.has_churn,
        })
    }

    /// Whether what is acknowledged may be lost.
    pub fn may_lose(&self) -> bool {
        self.loss_max() > 0
    }

    /// How much of what is acknowledged in one term may be lost.
    pub fn loss_max(&self) -> u64 {
        match self.replication {
            Replication::Asynchronous { entries_max, .. } => entries_max,
            _ => 0,
        }
    }

    /// Makes a cluster's configuration, with sizes drawn from the seed.
    pub fn configure(&self, seed: u64, safeguards: Safeguards, config: &mut Config) {
        let mut rolls = Rolls(seed ^ 0xc0ff_ee00);
        config.replication = self.replication;
        config.safeguards = safeguards;
        config.first_voters = (self.voters < self.nodes).then(|| (0..self.voters as NodeId).collect());
        config.batch_bytes = [1, 100, 256 << 10][rolls.below(3) as usize];
        config.pipeline = [1, 2, 8][rolls.below(3) as usize];
        config.sessions_max = [3, 10_000, 10_000, 10_000][rolls.below(4) as usize];
        if self.has_small_snapshots {
            config.snapshot_every = 1 + rolls.below(8);
            config.snapshot_keeps = rolls.below(4);
            config.chunk_bytes = [7, 40, 64 << 10][rolls.below(3) as usize];
        }
    }
}
