//! A vote is not persisted before the reply.
//!
//! ```text
//! n2       votes for n1 in term 5 ── kill ── votes for n3 in term 5
//! n1, n3   both lead term 5
//! checker  the watch: one leader per term
//! ```

use super::Bug;

/// Planted bug 34.
pub const BUG: Bug = Bug {
    name: "vote-not-persisted",
    number: 34,
    about: "a vote is given before it is durable, and forgotten by a restart",
    plant: |safeguards| safeguards.vote_persisted = false,
    shows: &["invariants", "linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["crash", "leader"],
    marker: "vote-not-persisted",
    seeds: 500,
};
