//! The session table is missing from the snapshot.
//!
//! ```text
//! client   append 7 ── the answer is lost
//! n3       gets a snapshot, without sessions, and leads ── client: append 7 again, and it is there twice
//! checker  append: element 7 appears twice; the watch: state machine safety
//! ```

use super::Bug;

/// Planted bug 39.
pub const BUG: Bug = Bug {
    name: "sessions-not-in-snapshot",
    number: 39,
    about: "a snapshot holds the data, and not the session table",
    plant: |safeguards| safeguards.session_table_in_snapshot = false,
    shows: &["append", "linearizability", "invariants", "convergence"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "append",
    level: "leader",
    nemesis: &["crash", "leader"],
    marker: "sessions-not-in-snapshot",
    seeds: 500,
};
