//! Entries of a deposed leader are taken.
//!
//! ```text
//! n1       leads term 2, stands still; n3 leads term 3 and commits entry 7
//! n1       goes on: n4 takes its entry 7 of term 2 in place of the committed one
//! checker  linearizability: a lost update; the watch: log matching, state machine safety
//! ```

use super::Bug;

/// Planted bug 37.
pub const BUG: Bug = Bug {
    name: "stale-append-taken",
    number: 37,
    about: "a follower takes entries from the leader of an earlier term",
    plant: |safeguards| safeguards.stale_append_refused = false,
    shows: &["linearizability", "invariants", "durability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["crash", "leader"],
    marker: "stale-append-taken",
    seeds: 50,
};
