//! What is tested: a replicated store that anyone could run.
//!
//! The same code runs on real sockets and a real disk, and under simulation: everything a node takes
//! from outside comes through the seam, [`env`](mod@env).

pub mod env;
pub mod quorum;
pub mod safeguards;

pub use safeguards::Safeguards;
