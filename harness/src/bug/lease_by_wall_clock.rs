//! A lease measured by the wall clock.
//!
//! ```text
//! n1       leads with a lease until 12:00:00.160; its wall clock jumps back by an hour; it is cut off
//! n3       leads term 3: write 7 ok ──── client at n1, whose lease is not over: read 6
//! checker  linearizability: 6 was overwritten before the read began
//! ```

use super::Bug;

/// Planted bug 32.
pub const BUG: Bug = Bug {
    name: "lease-by-wall-clock",
    number: 32,
    about: "a leader measures its lease by the wall clock",
    plant: |safeguards| safeguards.monotonic_lease = false,
    shows: &["linearizability"],
    store: "raft",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "lease",
    nemesis: &["clock-jump-back", "leader-cut"],
    marker: "lease-by-wall-clock",
    seeds: 50,
};
