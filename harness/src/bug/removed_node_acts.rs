//! A removed node still votes and serves.
//!
//! ```text
//! n4, n5   removed: n1, n2, n3 are left; n1 and n2 commit write 7
//! n3       cut off from them before, is elected by n4 and n5: read 6
//! checker  linearizability: 6 was overwritten before the read began
//! ```

use super::Bug;

/// Planted bug 44.
pub const BUG: Bug = Bug {
    name: "removed-node-acts",
    number: 44,
    about: "a removed node goes on voting and serving",
    plant: |safeguards| safeguards.removed_is_silent = false,
    shows: &["linearizability", "invariants", "durability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["leader", "membership", "partition"],
    marker: "removed-node-acts",
    seeds: 50,
};
