//! Replay applies an entry twice.
//!
//! ```text
//! n2       applies add 5 at index 40, saves a snapshot through 40 ── kill ── replay: add 5 at index 40 again
//! client   read from n2, once it leads: 5 too much
//! checker  counter: more than was ever added; the watch: index 40 applied after 40
//! ```

use super::Bug;

/// Planted bug 6.
pub const BUG: Bug = Bug {
    name: "replay-applies-twice",
    number: 6,
    about: "after a restart entries that the snapshot covers are applied again",
    plant: |safeguards| safeguards.replay_after_snapshot = false,
    shows: &["counter", "linearizability", "invariants", "convergence"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "counter",
    level: "leader",
    nemesis: &["crash"],
    marker: "entry-replayed-twice",
    seeds: 50,
};
