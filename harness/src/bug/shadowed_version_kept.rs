//! Four tables become one, with the oldest of each key.
//!
//! ```text
//! n1       table 1: k1 = 3 ── table 4: k1 = 9 ── compaction: k1 = 3
//! dump     ────────────────────────────────────────────── n1: 3
//! checker  replica-durability: n1 acknowledged 9, and answers with 3
//! ```

use super::Bug;

/// Planted bug 10.
pub const BUG: Bug = Bug {
    name: "shadowed-version-kept",
    number: 10,
    about: "compaction keeps the oldest version of a key instead of the newest",
    plant: |safeguards| safeguards.newest_kept = false,
    shows: &["replica-durability"],
    store: "quorum",
    mode: "majority",
    settings: &[("storage", "tables")],
    workload: "register",
    level: "quorum",
    nemesis: &["crash"],
    marker: "shadowed-version-kept",
    seeds: 500,
};
