//! What is tested: a replicated store that anyone could run.
//!
//! The same code runs on real sockets and a real disk, and under simulation: everything a node takes
//! from outside comes through the seam, [`env`](mod@env).

pub mod client;
mod deadline;
pub mod env;
#[cfg(test)]
mod fake;
pub mod link;
pub mod quorum;
pub mod safeguards;
pub mod server;
pub mod storage;
pub mod wire;

pub use safeguards::Safeguards;
