//! Compare-and-set on quorums.
//!
//! ```text
//! process 0   cas 1 -> 2: reads 1 ──────── writes 2, ok
//! process 1      cas 1 -> 3: reads 1 ──────── writes 3, ok
//! checker     linearizability: both cannot have found 1
//! ```

use super::Bug;

/// Planted bug 17.
pub const BUG: Bug = Bug {
    name: "compare-and-set-on-quorums",
    number: 17,
    about: "compare-and-set is a quorum read, then a quorum write",
    plant: |safeguards| safeguards.compare_and_set_refused = false,
    shows: &["linearizability"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "cas-register",
    level: "atomic",
    nemesis: &[],
    marker: "compare-and-set-accepted",
    seeds: 50,
};
