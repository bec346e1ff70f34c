//! Atomic read without the write-back phase.
//!
//! ```text
//! writer    write 7 ── has reached n1 only ──────────────────────────────
//! reader 1    read from n1, n2: 7, ok
//! reader 2                             read from n2, n3: 6, ok
//! checker   linearizability: a new-old inversion
//! ```

use super::Bug;

/// Planted bug 22.
pub const BUG: Bug = Bug {
    name: "atomic-read-without-write-back",
    number: 22,
    about: "an atomic read returns without writing back what it has read",
    plant: |safeguards| safeguards.write_back = false,
    shows: &["linearizability"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "atomic",
    nemesis: &["message"],
    marker: "write-back-skipped",
    seeds: 500,
};
