//! The log gone before the table is there.
//!
//! ```text
//! n1       acknowledge 1, 2, 3 ── remove their segment ── power loss ── restart: there is no table
//! dump     ───────────────────────────────────────────────────────────────── n1: nothing
//! checker  replica-durability: n1 acknowledged 3, and holds nothing
//! ```

use super::Bug;

/// Planted bug 7.
pub const BUG: Bug = Bug {
    name: "log-removed-before-flush",
    number: 7,
    about: "segments of the log are removed before the table that stands for them is durable",
    plant: |safeguards| safeguards.flush_before_removal = false,
    shows: &["replica-durability", "durability"],
    store: "quorum",
    mode: "majority",
    settings: &[("storage", "tables")],
    workload: "set",
    level: "quorum",
    nemesis: &["disk-slow", "point-power-loss", "power-loss"],
    marker: "log-removed-before-flush",
    seeds: 50,
};
