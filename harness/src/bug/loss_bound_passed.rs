//! An active node goes on past the bound of what may be lost.
//!
//! ```text
//! n1       active, cut off from its standby, acknowledges add after add
//! n2       the standby, promoted by the witness, has none of them
//! checker  bounded-loss: more acknowledged elements are gone than one fail-over may lose
//! ```

use super::Bug;

/// Planted bug 46.
pub const BUG: Bug = Bug {
    name: "loss-bound-passed",
    number: 46,
    about: "an active node acknowledges writes however many its standby lacks",
    plant: |safeguards| safeguards.loss_bounded = false,
    shows: &["bounded-loss"],
    store: "raft",
    mode: "asynchronous",
    settings: &[],
    workload: "set",
    level: "leader",
    nemesis: &["leader", "partition"],
    marker: "loss-bound-passed",
    seeds: 50,
};
