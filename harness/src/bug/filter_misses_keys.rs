//! A key that is in the table, and not in its filter.
//!
//! ```text
//! n1       write k1 = 7 ── flush ── read k1: the filter says no, so nothing
//! n2       write k1 = 7 ── flush ── read k1: nothing
//! checker  linearizability: 7 was written, and a later read says that nothing ever was
//! ```

use super::Bug;

/// Planted bug 9.
pub const BUG: Bug = Bug {
    name: "filter-misses-keys",
    number: 9,
    about: "the Bloom filter of a table lacks the keys of its last block",
    plant: |safeguards| safeguards.filter_complete = false,
    shows: &["linearizability"],
    store: "quorum",
    mode: "majority",
    settings: &[("storage", "tables")],
    workload: "register",
    level: "atomic",
    nemesis: &["crash"],
    marker: "filter-misses-keys",
    seeds: 50,
};
