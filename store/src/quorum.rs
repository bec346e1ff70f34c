//! The leaderless family: quorums on a consistent-hash ring (Dynamo, DeCandia et al. 2007), and
//! atomic registers on top (Attiya, Bar-Noy and Dolev 1995).
//!
//! The protocol is a value, [`Node`](node::Node): inputs and ticks go in, effects come out. It holds
//! no socket, no clock and no randomness; the shell around it (`server.rs`) owns those.

pub mod cache;
pub mod centres;
pub mod clock;
pub mod collection;
pub mod config;
pub mod conflict;
pub mod coordinator;
pub mod copies;
pub mod effect;
pub mod exchange;
pub mod graves;
pub mod handoff;
pub mod hints;
pub mod membership;
pub mod merkle;
pub mod message;
pub mod missing;
pub mod needed;
pub mod node;
pub mod outbox;
pub mod promise;
pub mod read;
pub mod record;
pub mod repair;
pub mod replica;
pub mod ring;
pub mod siblings;
pub mod stand_ins;
pub mod version;
pub mod write;

#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
