//! A tombstone that is forgotten before everyone has heard of it.
//!
//! ```text
//! n3       has x = 7, is down ──────────── longer than the grace period ──────── comes back: x = 7
//! n1 n2    delete x: ok ── grace period ── forget the tombstone                  take x = 7 for something new
//! checker  deleted-stays-deleted: x was deleted after 7 was written, and is 7 again
//! ```

use super::Bug;

/// Planted bug 16.
pub const BUG: Bug = Bug {
    name: "tombstone-collected-by-grace-alone",
    number: 16,
    about: "a tombstone is collected once the grace period has passed, whoever has not heard of it",
    plant: |safeguards| safeguards.tombstone_acknowledged = false,
    shows: &["deleted-stays-deleted"],
    store: "quorum",
    mode: "majority",
    settings: &[("tombstone-grace", "4000ms")],
    workload: "deletes",
    level: "quorum",
    nemesis: &["kill", "partition"],
    marker: "tombstone-collected-by-grace-alone",
    seeds: 500,
};
