//! A retried command takes effect twice.
//!
//! ```text
//! client   append 7 ── the answer is lost ── append 7 again
//! store    the list holds 7 twice
//! checker  append: element 7 appears twice
//! ```

use super::Bug;

/// Planted bug 38.
pub const BUG: Bug = Bug {
    name: "retry-applied-twice",
    number: 38,
    about: "the state machine does not recognise a retry",
    plant: |safeguards| safeguards.session_table = false,
    shows: &["append", "linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "append",
    level: "leader",
    nemesis: &["crash", "leader"],
    marker: "retry-applied-twice",
    seeds: 50,
};
