//! Last write wins by the wall clock of the coordinator.
//!
//! ```text
//! session  write 1 by n1, whose clock is ahead: version 900
//!          write 2 by n2, whose clock is right: version 500, acknowledged, and 1 stays
//! checker  monotonic-writes: write 2 took effect below write 1
//! ```

use super::Bug;

/// Planted bug 11.
pub const BUG: Bug = Bug {
    name: "wall-clock-versions",
    number: 11,
    about: "versions come from the wall clock of the coordinator alone",
    plant: |safeguards| safeguards.hybrid_clock = false,
    shows: &["monotonic-writes", "read-your-writes", "writes-follow-reads"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["clock"],
    marker: "version-below-session",
    seeds: 50,
};
