//! What it means: pure functions from a history to a verdict.
//!
//! A [`Checker`] reads a [`History`](perjury_histories::History) and a [`Context`] and answers with
//! a [`Verdict`]; nothing else goes in, so a verdict can be recomputed years later.

pub mod checker;
pub mod verdict;

pub use checker::{Checker, Context, Limits};
pub use verdict::{Anomaly, AnomalyKind, Verdict, Witness};
