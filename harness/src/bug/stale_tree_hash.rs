//! Trees that are compared by a hash of before the last write.
//!
//! ```text
//! n1       compares its tree with n2: equal ── holds write 7, which n2 misses ── compares: the root of before, so equal
//! nemesis                                                                   all is healed ── n2 still lacks 7
//! checker  convergence: n1 holds 7, n2 holds nothing
//! ```

use super::Bug;

/// Planted bug 18.
pub const BUG: Bug = Bug {
    name: "stale-tree-hash",
    number: 18,
    about: "a hash that a comparison of trees has asked for stays as it was when something below it is written",
    plant: |safeguards| safeguards.tree_hash_fresh = false,
    shows: &["convergence"],
    store: "quorum",
    mode: "majority",
    settings: &[("without", "read-repair")],
    workload: "set",
    level: "quorum",
    nemesis: &["crash", "partition"],
    marker: "stale-tree-hash-compared",
    seeds: 50,
};
