//! Of two heartbeats the one that was heard last counts.
//!
//! ```text
//! n3       killed, and started again: generation 2 ── n1 takes it for up
//! n2       has not heard of that yet, and tells n1 of generation 1
//! n1       takes n3 for what it was before
//! checker  membership: a generation that goes back
//! ```

use super::Bug;

/// Planted bug 26.
pub const BUG: Bug = Bug {
    name: "stale-heartbeat-wins",
    number: 26,
    about: "of two heartbeats of a node the one that was heard last counts, and not the newer one",
    plant: |safeguards| safeguards.newer_heartbeat_wins = false,
    shows: &["membership"],
    store: "quorum",
    mode: "sloppy",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["crash"],
    marker: "stale-heartbeat-taken",
    seeds: 50,
};
