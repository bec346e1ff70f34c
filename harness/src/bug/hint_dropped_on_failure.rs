//! A hint that is dropped after a hand-off which failed.
//!
//! ```text
//! n4       keeps write 7 to x for n1 ── hands it back: lost on the way ── drops it
//! n1       hears again, and nobody tells it of 7
//! checker  convergence: n1 holds nothing of x, n2 and n3 hold 7
//! ```
//!
//! The background exchange, and a read of the key, would bring it all the same: the store does without both.

use super::Bug;

/// Planted bug 14.
pub const BUG: Bug = Bug {
    name: "hint-dropped-on-failure",
    number: 14,
    about: "a hint is dropped once it was sent back, whether or not it arrived",
    plant: |safeguards| safeguards.hint_kept_on_failure = false,
    shows: &["convergence"],
    store: "quorum",
    mode: "sloppy",
    settings: &[("without", "exchange,read-repair")],
    workload: "set",
    level: "quorum",
    nemesis: &["message"],
    marker: "hint-dropped-on-failure",
    seeds: 50,
};
