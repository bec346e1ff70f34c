//! A follower reads past the high-water mark.
//!
//! ```text
//! n2       holds entry 7, which is not committed: read 7 ── the leader fails, and entry 7 is overwritten
//! client   the session reads 6 again, from n3
//! checker  monotonic-reads, integrity: a value that was read has disappeared
//! ```

use super::Bug;

/// Planted bug 41.
pub const BUG: Bug = Bug {
    name: "read-past-high-water-mark",
    number: 41,
    about: "a follower answers reads from entries that are not committed",
    plant: |safeguards| safeguards.reads_below_high_water_mark = false,
    shows: &["monotonic-reads", "integrity", "sequential", "read-your-writes"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "follower",
    nemesis: &["leader", "partition"],
    marker: "read-past-high-water-mark",
    seeds: 50,
};
