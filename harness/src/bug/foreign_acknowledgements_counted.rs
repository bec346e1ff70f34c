//! A strict quorum counts acknowledgements of nodes that are not home replicas.
//!
//! ```text
//! n1, n2   cut off ───────────────────────────── a reader there: x 6
//! n4, n5              keep write 7 for them
//! client   write 7 to x ok, on n3 alone of its home replicas
//! checker  durability: answered with ok on one home replica instead of two
//! ```
//!
//! The session that wrote it is told nothing older either: its token says what its reads must reach, and they fail.

use super::Bug;

/// Planted bug 12.
pub const BUG: Bug = Bug {
    name: "foreign-acknowledgements-counted",
    number: 12,
    about: "a strict write quorum counts other nodes in the place of home replicas that do not answer",
    plant: |safeguards| safeguards.foreign_acknowledgements_refused = false,
    shows: &["durability", "read-your-writes"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["partition"],
    marker: "foreign-acknowledgement-counted",
    seeds: 50,
};
