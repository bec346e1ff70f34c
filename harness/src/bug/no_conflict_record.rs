//! Concurrent writes of which the later one is taken, without a record that there was another.
//!
//! ```text
//! c1       reads {} ── writes {1}: acknowledged by n1 and n2        one side of a cut
//! c2       reads {} ── writes {2}: acknowledged by n3 and n4        the other side
//! n1 … n4  healed, they tell each other: {2} stays, and counts as written by somebody who had seen {1}
//! checker  acknowledged-or-dominated: n1 holds neither {1} nor what a client made of it
//! ```

use super::Bug;

/// Planted bug 25.
pub const BUG: Bug = Bug {
    name: "no-conflict-record",
    number: 25,
    about: "of two writes that do not know each other the later one stays, and nobody is told of the other",
    plant: |safeguards| safeguards.conflict_recorded = false,
    shows: &["acknowledged-or-dominated", "set"],
    store: "quorum",
    mode: "siblings",
    settings: &[],
    workload: "merged-set",
    level: "quorum",
    nemesis: &["partition"],
    marker: "conflict-not-recorded",
    seeds: 50,
};
