//! The leaderless family: quorums on a consistent-hash ring (Dynamo, DeCandia et al. 2007), and
//! atomic registers on top (Attiya, Bar-Noy and Dolev 1995).
//!
//! The protocol is a value, [`Node`](node::Node): inputs and ticks go in, effects come out. It holds
//! no socket, no clock and no randomness; the shell around it (`server.rs`) owns those.

pub mod config;
pub mod effect;
pub mod message;
pub mod node;
pub mod version;
