//! A cache that writes behind goes on past the bound of what may be lost.
//!
//! ```text
//! n1       has a cache, acknowledges add after add that the store does not have yet ── killed
//! n1       starts again: at most 10 are lost
//! checker  bounded-loss: more of what n1 acknowledged is gone than it has said
//! ```

use super::Bug;

/// Planted bug 48.
pub const BUG: Bug = Bug {
    name: "write-behind-window-passed",
    number: 48,
    about: "a write-behind cache acknowledges writes however many of them the store lacks",
    plant: |safeguards| safeguards.write_behind_bounded = false,
    shows: &["bounded-loss"],
    store: "quorum",
    mode: "write-behind",
    settings: &[("loss-entries", "10")],
    workload: "set",
    level: "quorum",
    nemesis: &["crash"],
    marker: "write-behind-window-passed",
    seeds: 50,
};
