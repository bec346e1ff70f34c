//! While the ring changes, the owners of a key before the change go on alone.
//!
//! ```text
//! n5       joins, and has got from n2 all that n2 held of x
//! n2       x = 7: ok                                                n5 is not asked
//! epoch 6  n5 owns x, n2 drops it
//! checker  durability, set: 7 was acknowledged, and is nowhere
//! ```

use super::Bug;

/// Planted bug 29. With one replica of each key nobody else has it.
pub const BUG: Bug = Bug {
    name: "both-owners-accept",
    number: 29,
    about: "while the ring changes, the owners of a key before go on accepting it alone",
    plant: |safeguards| safeguards.both_owners_asked = false,
    shows: &["set", "durability"],
    store: "quorum",
    mode: "majority",
    settings: &[("replication", "1"), ("read-quorum", "1"), ("write-quorum", "1")],
    workload: "set",
    level: "quorum",
    nemesis: &["membership"],
    marker: "old-owners-alone-asked",
    seeds: 50,
};
