//! A change of the ring ends before those who come to own a range have it.
//!
//! ```text
//! n5       joins: x moves from n2 to it
//! epoch 6  n5 owns x, and has not got it yet; n2 drops it
//! checker  durability, set: what was acknowledged of x is nowhere
//! ```

use super::Bug;

/// Planted bug 30. With one replica of each key nobody else has it.
pub const BUG: Bug = Bug {
    name: "range-without-owner",
    number: 30,
    about: "a change of the ring ends before everything is handed over",
    plant: |safeguards| safeguards.hand_over_awaited = false,
    shows: &["set", "durability"],
    store: "quorum",
    mode: "majority",
    settings: &[("replication", "1"), ("read-quorum", "1"), ("write-quorum", "1")],
    workload: "set",
    level: "quorum",
    nemesis: &["membership"],
    marker: "hand-over-not-awaited",
    seeds: 50,
};
