//! What must stay true of the whole workspace, in one test binary.
//!
//! Histories and checkers are tested against the shared corpus beside their own code, and the command
//! line beside the binary (`harness/tests/cli.rs`); here are the tests that need everything.

mod agreement;
mod architecture;
mod clean_store;
mod corpus;
mod determinism;
mod planted_bugs;
mod trial;
