//! A refill that crosses a write.
//!
//! ```text
//! read of x    ── n2 and n3 answer 1, late ─────────────────────── 1 enters the cache
//! write 2 to x       ── x leaves the cache ── ok, 2 enters it
//! checker      linearizability: later reads return 1, which 2 had replaced
//! ```

use super::Bug;

/// Planted bug 50.
pub const BUG: Bug = Bug {
    name: "refill-races-invalidation",
    number: 50,
    about: "what was read enters the cache although the key was written since the read began",
    plant: |safeguards| safeguards.refill_needs_lease = false,
    shows: &["linearizability"],
    store: "quorum",
    mode: "write-through",
    settings: &[],
    workload: "register",
    level: "atomic",
    nemesis: &["message"],
    marker: "refill-without-lease",
    seeds: 50,
};
