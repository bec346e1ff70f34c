//! A block of a table taken as it is, with a bit turned over.
//!
//! ```text
//! n1       e7 = 7, flushed to a table ── a bit of it turns over ── restart: e7 = 5
//! dump     ──────────────────────────────────────────────────────────── n1: 5
//! checker  replica-durability: n1 acknowledged another version of e7, and reported nothing
//! ```

use super::Bug;

/// Planted bug 5.
pub const BUG: Bug = Bug {
    name: "corrupt-block-taken",
    number: 5,
    about: "the checksum of a block is not looked at when it is read from a table",
    plant: |safeguards| safeguards.block_verified = false,
    shows: &["integrity", "replica-durability", "set"],
    store: "quorum",
    mode: "majority",
    settings: &[("storage", "tables")],
    workload: "set",
    level: "quorum",
    nemesis: &["crash", "disk-bit-flip"],
    marker: "corrupt-block-taken",
    seeds: 50,
};
