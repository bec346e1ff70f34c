//! The experiment: a replicated store under simulated partitions, crashes and clock skew; recorded, judged
//! against its promises, replayed.
//!
//! A [`System`] is what is tested: it starts a node, makes a client, and states its promises. A [`Scenario`]
//! says what is done to it; with a seed it is a run. The same run gives the same history, byte for byte.
//!
//! ```
//! use perjury::Scenario;
//! use perjury::store::quorum::Quorum;
//! use perjury::trial::try_seed;
//!
//! let scenario =
//!     Scenario { nemesis: vec!["partition".to_owned()], time_ms: 3_000, ..Scenario::default() };
//! let (recording, report) = try_seed(&Quorum, &scenario, 7, &mut |_progress| {})?;
//!
//! assert_eq!(report.verdict, "valid");
//! assert_eq!(report.command, "cargo perjury run --seed 7 --nemesis partition --time 3s");
//! assert!(recording.history.operations().len() > 100);
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! For a store of your own, inside your own `cargo test`, see [`test`](fn@test) and
//! `examples/your_own_store.rs`.
//!
//! ```text
//! what is tested   system.rs     System, Client: what a store must offer; promise.rs: what it owes
//!                  store/        the reference store, plugged in
//!                  bug/          planted bugs: one safeguard of the reference store off each
//! what is done     scenario.rs   the settings of a run; rng.rs: its one source of randomness
//!                  workload/     what clients do, their final reads, and who judges them
//!                  script.rs     what each session invokes when, as data
//!                  nemesis/      faults, their healing, and the schedule of both
//! the run          run.rs        the phases of a run, in order
//!                  clients/      sessions that invoke and record; recorder.rs: the one history
//!                  cluster/      simulated hosts, driven step by step
//!                  sim/          the simulated seam: clock, disk, network, randomness, observer
//! what it found    judge/        each promise: kept, broken, or not owed
//!                  trial.rs      scenario and seed to report; testing.rs: the same inside `cargo test`
//!                  signature.rs  which promise was broken and how, to tell findings apart
//!                  report.rs     what a run found; folder.rs: where it is kept; tally.rs: its counts
//!                  render/       reports as people see them; command.rs: the command that repeats a run
//!                  shrink/       a run that failed made small
//!                  sweep/        many seeds, one simulation a thread; marker.rs: what never happened in them
//!                  swarm/, chaos/  scenarios drawn by their seeds, without end; scoreboard/: planted bugs hunted so
//!                  main.rs, cli/ run, sweep, chaos, merge, bugs, replay, shrink, check, inspect, list
//! ```

#[cfg(not(tokio_unstable))]
compile_error!(
    "perjury needs tokio's seeded randomness. Add these two lines to .cargo/config.toml of your workspace \
     (a RUSTFLAGS variable, or `rustflags` of a `[target.…]` section, silently replaces them: then add the \
     flag there):\n\n    [build]\n    rustflags = [\"--cfg\", \"tokio_unstable\"]\n"
);

pub mod bug;
pub mod chaos;
pub mod clients;
pub mod cluster;
pub mod command;
pub mod duration;
pub mod folder;
pub mod judge;
pub mod marker;
pub mod nemesis;
pub mod promise;
pub mod recorder;
pub mod render;
pub mod report;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod scoreboard;
pub mod script;
pub mod shrink;
pub mod signature;
pub mod sim;
pub mod spelling;
pub mod store;
pub mod swarm;
pub mod sweep;
pub mod system;
pub mod tally;
pub mod testing;
pub mod trial;
pub mod whole;
mod worker;
pub mod workload;

pub use perjury_histories::{Key, Value, Version};
pub use perjury_store::env;
pub use promise::Promise;
pub use scenario::Scenario;
pub use system::{Call, Client, Held, Order, Reply, System};
pub use testing::test;
