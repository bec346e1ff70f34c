//! A read that repairs a tombstone away.
//!
//! ```text
//! n3       is down ── delete x: ok ── comes back, and holds x = 7
//! client                              read x: nothing; the repair writes 7 once more ── read x = 7
//! checker  deleted-stays-deleted: x was deleted after 7 was written, and is 7 again
//! ```

use super::Bug;

/// Planted bug 15.
pub const BUG: Bug = Bug {
    name: "delete-resurrected-by-repair",
    number: 15,
    about: "read repair takes a tombstone for nothing, and writes the newest value once more",
    plant: |safeguards| safeguards.tombstone_repaired = false,
    shows: &["deleted-stays-deleted"],
    store: "quorum",
    mode: "majority",
    settings: &[],
    workload: "deletes",
    level: "quorum",
    nemesis: &["crash"],
    marker: "delete-resurrected",
    seeds: 50,
};
