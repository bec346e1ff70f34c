//! Two changes of members overlap.
//!
//! ```text
//! n1       leads, removes n4: not committed; n2 leads, removes n3: not committed
//! n1, n2   each have a majority of their own members, and no node in common
//! checker  the watch: one leader per term, leader completeness; linearizability
//! ```

use super::Bug;

/// Planted bug 43.
pub const BUG: Bug = Bug {
    name: "changes-overlap",
    number: 43,
    about: "a change of members does not wait for the one before",
    plant: |safeguards| safeguards.changes_one_at_a_time = false,
    shows: &["invariants", "linearizability", "durability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["leader-churn", "membership"],
    marker: "changes-overlap",
    seeds: 500,
};
