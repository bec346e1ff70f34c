//! A start under the generation of the one before.
//!
//! ```text
//! n3       generation 1, heartbeat 812 ── killed, and started again: generation 1, heartbeat 1
//! others   know of something newer: they do not believe a word of n3, and soon take it for down
//! checker  membership: a start that did not raise the generation
//! ```

use super::Bug;

/// Planted bug 28.
pub const BUG: Bug = Bug {
    name: "generation-not-raised",
    number: 28,
    about: "a node that is started again goes by its first generation",
    plant: |safeguards| safeguards.generation_raised = false,
    shows: &["membership"],
    store: "quorum",
    mode: "sloppy",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["crash"],
    marker: "generation-not-raised",
    seeds: 50,
};
