//! What it means: pure functions from a history to a verdict.
//!
//! A [`Checker`] reads a [`History`](perjury_histories::History) and a [`Context`] and answers with
//! a [`Verdict`]; nothing else goes in, so a verdict can be recomputed years later.

mod access;
mod across;
pub mod checker;
pub mod findings;
mod notes;
mod session;
#[cfg(test)]
mod testing;
pub mod verdict;
mod words;

pub use checker::{ALL, Checker, Context, Limits, named};
pub use verdict::{Anomaly, AnomalyKind, Verdict, Witness};
