//! A vote for a candidate whose log is behind.
//!
//! ```text
//! n3       was cut off, and lacks the acknowledged entry 7
//! n3       stands in term 6: n4 and n5 vote for it; it leads, and overwrites entry 7
//! checker  set: an acknowledged element is gone; the watch: leader completeness
//! ```

use super::Bug;

/// Planted bug 36.
pub const BUG: Bug = Bug {
    name: "vote-without-log-check",
    number: 36,
    about: "a vote goes to any candidate, whatever its log lacks",
    plant: |safeguards| safeguards.vote_log_check = false,
    shows: &["set", "invariants", "durability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "set",
    level: "leader",
    nemesis: &["leader", "partition"],
    marker: "vote-without-log-check",
    seeds: 50,
};
