//! A new segment of the log whose name was never synced.
//!
//! ```text
//! n1       segment 2, sync the file ── acknowledge 7 ── power loss: there is no segment 2
//! dump     ──────────────────────────────────────────────────────── n1: 6
//! checker  replica-durability: n1 acknowledged 7, and answers with 6
//! ```

use super::Bug;

/// Planted bug 2.
pub const BUG: Bug = Bug {
    name: "rotation-not-synced",
    number: 2,
    about: "the directory is not synced after the log has begun a new segment",
    plant: |safeguards| safeguards.directory_synced = false,
    shows: &["replica-durability", "durability"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["power-loss"],
    marker: "rotation-not-synced",
    seeds: 50,
};
