//! A range of the ring whose last key is left out when replicas look at what differs.
//!
//! ```text
//! n1       holds 7 at the end of a range, n2 does not ── their trees differ there ── the list of the range is empty
//! nemesis                                        all is healed ── they compare, again and again; n2 still lacks 7
//! checker  convergence: n1 holds 7, n2 holds nothing
//! ```

use super::Bug;

/// Planted bug 19.
pub const BUG: Bug = Bug {
    name: "last-key-skipped",
    number: 19,
    about: "replicas that look at a range of the ring in which they differ leave out its last key",
    plant: |safeguards| safeguards.last_key_compared = false,
    shows: &["convergence"],
    store: "quorum",
    mode: "majority",
    settings: &[("without", "read-repair")],
    workload: "set",
    level: "quorum",
    nemesis: &["crash", "partition"],
    marker: "last-key-skipped",
    seeds: 50,
};
