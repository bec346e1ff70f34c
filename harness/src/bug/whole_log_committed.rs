//! After a restart the whole log counts as committed.
//!
//! ```text
//! n1       leads, cut off, with entry 7 on itself alone ── kill ── starts, and applies entry 7
//! n3       leads, and has another entry 7
//! checker  the watch: state machine safety; monotonic-reads: a value that was read has disappeared
//! ```

use super::Bug;

/// Planted bug 42.
pub const BUG: Bug = Bug {
    name: "whole-log-committed",
    number: 42,
    about: "a node that starts takes its whole log for committed",
    plant: |safeguards| safeguards.commit_rebuilt = false,
    shows: &["invariants", "monotonic-reads", "integrity", "linearizability", "sequential"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "follower",
    nemesis: &["crash", "leader"],
    marker: "whole-log-committed",
    seeds: 50,
};
