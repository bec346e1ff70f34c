//! What must stay true of the whole workspace, in one test binary.
//!
//! The command line is tested beside the binary (`harness/tests/cli.rs`); here are the tests that need
//! everything. The shared corpus is compared here from its original files; beside their own code, histories and
//! checkers are compared with its plain ones, and with what its sources measured.

mod agreement;
mod architecture;
mod clean_store;
mod corpus;
mod coverage;
mod determinism;
mod planted_bugs;
mod replicated_log;
mod trial;
