//! A quorum of one data centre that passes for one of all.
//!
//! ```text
//! eu   write x 1: ok, held by n1 n3 ┃ us   write x 2: ok, held by n2 n4          the cable is cut
//!      read x ─▶ 1                  ┃      read x ─▶ 2
//! checker  linearizability: two histories of one register
//! ```

use super::Bug;

/// Planted bug 24.
pub const BUG: Bug = Bug {
    name: "local-quorum-for-global",
    number: 24,
    about: "a quorum of the coordinator's data centre passes for one of all home replicas",
    plant: |safeguards| safeguards.quorum_is_global = false,
    shows: &["linearizability"],
    store: "quorum",
    mode: "majority",
    settings: &[("data-centres", "2")],
    workload: "register",
    level: "atomic",
    nemesis: &["data-centre"],
    marker: "local-quorum-taken-for-global",
    seeds: 50,
};
