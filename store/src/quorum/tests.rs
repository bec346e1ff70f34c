//! The protocol on a cluster of values: one behaviour a test, then random schedules.

mod atomic;
mod bounds;
mod centres;
mod collection;
mod exchange;
mod hints;
mod judge;
mod levels;
mod merged;
mod random;
mod reads;
mod recovery;
mod safeguards;
mod siblings;
mod writes;
