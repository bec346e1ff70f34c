//! The experiment: a replicated store under simulated partitions, crashes and clock skew; recorded,
//! judged against its promises, replayed.

#[cfg(not(tokio_unstable))]
compile_error!(
    "perjury needs tokio's seeded randomness. Add these two lines to .cargo/config.toml of your workspace \
     (and unset RUSTFLAGS, which silently replaces them):\n\n    [build]\n    rustflags = [\"--cfg\", \"tokio_unstable\"]\n"
);

pub mod bug;
pub mod judge;
pub mod nemesis;
pub mod promise;
pub mod report;
pub mod run;
pub mod scenario;
pub mod system;

pub use promise::Promise;
pub use scenario::Scenario;
pub use system::{Call, Client, Held, Reply, System};
