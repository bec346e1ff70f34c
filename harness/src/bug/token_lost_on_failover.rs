//! Monotonic reads lost when a client changes coordinator.
//!
//! ```text
//! n1       holds an unfinished write 7; n2 and n3 hold 6
//! session  read by n4 from n1 and n2: 7 ── changes coordinator ── read by n5 from n2 and n3: 6
//! checker  monotonic-reads: 6 after 7
//! ```

use super::Bug;

/// Planted bug 20.
pub const BUG: Bug = Bug {
    name: "token-lost-on-failover",
    number: 20,
    about: "a client that changes coordinator leaves its token behind",
    plant: |safeguards| safeguards.token_survives_failover = false,
    shows: &["monotonic-reads", "read-your-writes"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["message", "partition"],
    marker: "token-dropped",
    seeds: 50,
};
