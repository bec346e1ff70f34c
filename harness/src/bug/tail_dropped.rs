//! Installing a snapshot drops the tail of the log.
//!
//! ```text
//! n2       holds entries 1 to 90, acknowledged; a late snapshot through 50 arrives: entries 51 to 90 are gone
//! n2, n3   elect n3, which lacks 90 as well
//! checker  the watch: the applied index went back, leader completeness
//! ```

use super::Bug;

/// Planted bug 40.
pub const BUG: Bug = Bug {
    name: "tail-dropped",
    number: 40,
    about: "a snapshot from the leader replaces also what comes after it",
    plant: |safeguards| safeguards.install_keeps_tail = false,
    shows: &["invariants", "durability", "linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["leader", "message-delay", "message-duplication", "partition"],
    marker: "tail-dropped",
    seeds: 50,
};
