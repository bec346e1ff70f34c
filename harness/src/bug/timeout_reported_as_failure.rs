//! A timeout reported as a definite failure.
//!
//! ```text
//! client 0  write 7 ── one replica has it, the others are cut off ── "failed"
//! client 1  ────────────────────────────────────────────────────────────── read: 7
//! checker   integrity: 7 was read, and its write had certainly failed
//! ```

use super::Bug;

/// Planted bug 23.
pub const BUG: Bug = Bug {
    name: "timeout-reported-as-failure",
    number: 23,
    about: "a write that misses its deadline is reported as failed",
    plant: |safeguards| safeguards.timeout_is_unknown = false,
    shows: &["integrity"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["message", "partition"],
    marker: "timeout-reported-as-failure",
    seeds: 50,
};
