//! One node that misses another one is enough.
//!
//! ```text
//! n1       hears nobody: it is cut off, one way
//! n1       misses n2 to n5, and takes all of them for down
//! checker  membership: down on the word of one
//! ```

use super::Bug;

/// Planted bug 27.
pub const BUG: Bug = Bug {
    name: "one-suspicion-enough",
    number: 27,
    about: "a node is down once a single other one misses it",
    plant: |safeguards| safeguards.two_accusers = false,
    shows: &["membership"],
    store: "quorum",
    mode: "sloppy",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["partition"],
    marker: "down-by-one-accuser",
    seeds: 50,
};
