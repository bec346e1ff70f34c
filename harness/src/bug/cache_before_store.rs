//! A cache takes a write before the store has it.
//!
//! ```text
//! n1       has the cache of x, and is cut off ── write 7 to x: in the cache ── no majority answers
//! client   write 7 failed
//! checker  integrity: a read returns 7, which certainly was not written
//! ```

use super::Bug;

/// Planted bug 49.
pub const BUG: Bug = Bug {
    name: "cache-before-store",
    number: 49,
    about: "a write-through cache takes a value before the store has it, and keeps it when the write fails",
    plant: |safeguards| safeguards.store_before_cache = false,
    shows: &["integrity"],
    store: "quorum",
    mode: "write-through",
    settings: &[],
    workload: "register",
    level: "atomic",
    nemesis: &["disk", "partition"],
    marker: "cached-before-stored",
    seeds: 50,
};
