//! The log cut at the first bad record in its middle, silently.
//!
//! ```text
//! n1       acknowledge 1, 2, 3 ── a bit of record 2 flips ── restart: holds 1, reports nothing
//! dump     ──────────────────────────────────────────────────────────── n1: 1
//! checker  replica-durability: n1 acknowledged 3, and answers with 1
//! ```

use super::Bug;

/// Planted bug 4.
pub const BUG: Bug = Bug {
    name: "log-cut-at-bad-record",
    number: 4,
    about: "replay cuts the log at the first bad record in its middle, silently",
    plant: |safeguards| safeguards.corrupt_record_reported = false,
    shows: &["replica-durability"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "register",
    level: "quorum",
    nemesis: &["disk"],
    marker: "log-cut-silently",
    seeds: 50,
};
