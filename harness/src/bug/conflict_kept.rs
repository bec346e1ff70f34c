//! A suffix that conflicts with the leader's is kept.
//!
//! ```text
//! n1       led term 2, with entry 7 on itself alone; n3 leads term 3, with another entry 7
//! n1       follows n3, and keeps its own entry 7
//! checker  the watch: log matching, state machine safety; convergence: n1 differs
//! ```

use super::Bug;

/// Planted bug 45.
pub const BUG: Bug = Bug {
    name: "conflict-kept",
    number: 45,
    about: "a follower keeps entries that conflict with its leader's",
    plant: |safeguards| safeguards.conflict_truncated = false,
    shows: &["invariants", "convergence", "linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["leader", "partition"],
    marker: "conflict-kept",
    seeds: 50,
};
