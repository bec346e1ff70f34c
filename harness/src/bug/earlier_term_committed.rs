//! An entry of an earlier term is committed by counting replicas (Raft, figure 8).
//!
//! ```text
//! n1       term 2: entry 7 on n1, n2 ── deposed ── term 4: entry 7 on n1, n2, n3: committed, acknowledged
//! n5       term 3 has another entry 7, is elected in term 5, and overwrites the first
//! checker  linearizability: the acknowledged write is gone; the watch: leader completeness
//! ```

use super::Bug;

/// Planted bug 33.
pub const BUG: Bug = Bug {
    name: "earlier-term-committed",
    number: 33,
    about: "a leader commits entries of earlier terms by counting replicas",
    plant: |safeguards| safeguards.commits_own_term = false,
    shows: &["linearizability", "invariants", "durability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "leader",
    nemesis: &["leader"],
    marker: "earlier-term-committed",
    seeds: 500,
};
