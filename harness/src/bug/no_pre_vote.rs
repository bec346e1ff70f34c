//! Neither pre-vote nor check-quorum.
//!
//! ```text
//! n1       leads, hears nobody any more, and is still heard: its heartbeats keep the others from standing
//! client   writes to n1 wait for acknowledgements that never arrive
//! checker  availability: nobody gets anything done for 10 s, although four nodes are fully connected
//! ```

use super::Bug;

/// Planted bug 47.
pub const BUG: Bug = Bug {
    name: "no-pre-vote",
    number: 47,
    about: "a leader that hears nobody stays, and a node that hears nobody stands again and again",
    plant: |safeguards| safeguards.pre_vote = false,
    shows: &["availability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["deaf"],
    marker: "pre-vote-skipped",
    seeds: 50,
};
