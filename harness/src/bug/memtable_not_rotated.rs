//! A write to the memtable that is being flushed.
//!
//! ```text
//! n1       flush begins ── write e7 ── flush ends: that memtable is thrown away
//! dump     ───────────────────────────────────────────────────── n1: no e7
//! checker  replica-durability: n1 acknowledged e7, and does not hold it
//! ```

use super::Bug;

/// Planted bug 8.
pub const BUG: Bug = Bug {
    name: "memtable-not-rotated",
    number: 8,
    about: "what is written during a flush goes to the memtable that is thrown away after it",
    plant: |safeguards| safeguards.memtable_rotated = false,
    shows: &["replica-durability", "set"],
    store: "quorum",
    mode: "majority",
    settings: &[("storage", "tables")],
    workload: "set",
    level: "quorum",
    nemesis: &["crash"],
    marker: "memtable-written-while-flushed",
    seeds: 50,
};
