//! The torn tail of the log taken as valid.
//!
//! ```text
//! n1       append write 1234 ── power loss keeps half of it ── replay: 12, then zeros
//! client   ───────────────────────────────────────────────────────────── read: garbage
//! checker  integrity: nobody wrote that
//! ```

use super::Bug;

/// Planted bug 3.
pub const BUG: Bug = Bug {
    name: "torn-tail-taken",
    number: 3,
    about: "replay takes a torn record at the end of the log as valid",
    plant: |safeguards| safeguards.torn_tail_cut = false,
    shows: &["integrity"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["crash"],
    marker: "torn-tail-taken",
    seeds: 50,
};
