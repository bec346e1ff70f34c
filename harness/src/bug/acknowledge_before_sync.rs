//! Acknowledge before fsync.
//!
//! ```text
//! n1, n2   append write 7, acknowledge ───── power loss ── replay: no 7
//! client   write 7 ok ───────────────────────────────────────────────── read: 6
//! checker  durability: the acknowledged write of 7 is gone
//! ```

use super::Bug;

/// Planted bug 1.
pub const BUG: Bug = Bug {
    name: "acknowledge-before-sync",
    number: 1,
    about: "a replica acknowledges a write before it has synced its log",
    plant: |safeguards| safeguards.sync_before_acknowledge = false,
    shows: &["durability", "replica-durability"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["crash"],
    marker: "acknowledged-before-sync",
    seeds: 50,
};
