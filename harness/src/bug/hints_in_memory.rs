//! Hints held only in memory.
//!
//! ```text
//! n1, n2, n3   cut off
//! n4, n5       keep write 7 to x for them, in memory ── killed
//! client       write 7 ok
//! checker      durability: nobody holds 7, nor anything later
//! ```

use super::Bug;

/// Planted bug 13.
pub const BUG: Bug = Bug {
    name: "hints-in-memory",
    number: 13,
    about: "a node acknowledges a hint that it holds in memory only",
    plant: |safeguards| safeguards.hints_logged = false,
    shows: &["durability", "set"],
    store: "quorum",
    mode: "sloppy",
    settings: &[],
    workload: "set",
    level: "one",
    nemesis: &["crash", "partition"],
    marker: "hint-not-logged",
    seeds: 50,
};
