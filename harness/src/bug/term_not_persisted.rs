//! The term is not persisted.
//!
//! ```text
//! n2       follows in term 5 ── kill ── starts in term 4
//! n1       an old leader of term 4 is heard again
//! checker  the watch: the term went back
//! ```

use super::Bug;

/// Planted bug 35.
pub const BUG: Bug = Bug {
    name: "term-not-persisted",
    number: 35,
    about: "a node forgets its term when it is restarted",
    plant: |safeguards| safeguards.term_persisted = false,
    shows: &["invariants", "linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["crash", "leader"],
    marker: "term-not-persisted",
    seeds: 50,
};
