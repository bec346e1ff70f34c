//! A write counted twice from one replica towards W.
//!
//! ```text
//! n1       acknowledges write 7; the message is delivered twice; n2 and n3 have not got it
//! client   write 7 ok ── n2 and n3 answer a read: 6
//! checker  durability: answered with ok on one copy instead of two
//! ```

use super::Bug;

/// Planted bug 21.
pub const BUG: Bug = Bug {
    name: "acknowledgement-counted-twice",
    number: 21,
    about: "an acknowledgement that arrives twice counts twice towards the write quorum",
    plant: |safeguards| safeguards.distinct_acknowledgements = false,
    shows: &["durability", "read-your-writes"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["message"],
    marker: "acknowledgement-counted-twice",
    seeds: 50,
};
