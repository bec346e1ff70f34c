//! The leader and followers family: a replicated log (Raft; Ongaro and Ousterhout 2014, Ongaro 2014).
//!
//! The protocol is a value, in the shape of the [leaderless family](crate::quorum): inputs and ticks go
//! in, effects come out.

pub mod client;
pub mod config;
pub mod fact;
pub mod invariants;
pub mod log;
pub mod machine;
pub mod message;
pub mod node;
pub mod promise;
pub mod request;

pub use node::{Effect, Input};

#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
