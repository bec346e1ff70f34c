//! A leader serves reads without asking a majority.
//!
//! ```text
//! n1       leads term 2, is cut off, and goes on answering reads
//! n3       leads term 3: write 7 ok ──── client at n1: read 6
//! checker  linearizability: 6 was overwritten before the read began
//! ```

use super::Bug;

/// Planted bug 31.
pub const BUG: Bug = Bug {
    name: "read-unconfirmed",
    number: 31,
    about: "a leader answers reads without read-index or lease",
    plant: |safeguards| safeguards.read_index = false,
    shows: &["linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["leader", "partition"],
    marker: "read-unconfirmed",
    seeds: 50,
};
