//! The experiment: a replicated store under simulated partitions, crashes and clock skew; recorded,
//! judged against its promises, replayed.

#[cfg(not(tokio_unstable))]
compile_error!(
    "perjury needs tokio's seeded randomness. Add these two lines to .cargo/config.toml of your workspace \
     (and unset RUSTFLAGS, which silently replaces them):\n\n    [build]\n    rustflags = [\"--cfg\", \"tokio_unstable\"]\n"
);

pub mod bug;
pub mod clients;
pub mod cluster;
pub mod command;
pub mod folder;
pub mod judge;
pub mod nemesis;
pub mod promise;
pub mod recorder;
pub mod render;
pub mod report;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod sim;
pub mod store;
pub mod sweep;
pub mod system;
pub mod tally;
pub mod testing;
pub mod trial;
pub mod workload;

pub use perjury_histories::{Key, Value, Version};
pub use perjury_store::env;
pub use promise::Promise;
pub use scenario::Scenario;
pub use system::{Call, Client, Held, Reply, System};
pub use testing::test;
