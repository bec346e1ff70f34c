//! The protocol on a cluster of values: one behaviour a test, then random schedules.

mod atomic;
mod bounds;
mod caches;
mod centres;
mod collection;
mod exchange;
mod hints;
mod judge;
mod levels;
mod membership;
mod merged;
mod random;
mod reads;
mod recovery;
mod ring_changes;
mod safeguards;
mod siblings;
mod write_behind;
mod writes;
