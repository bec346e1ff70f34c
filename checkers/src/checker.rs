//! What every checker has in common, and the list of them all.

use perjury_histories::{History, Value};

use crate::verdict::Verdict;

/// Judges one guarantee.
///
/// A pure function of its two arguments: no clock, no randomness, no files.
pub trait Checker: Sync {
    /// Its name on the command line: the file name in kebab-case.
    fn name(&self) -> &'static str;
    /// The guarantee it judges, in one sentence.
    fn about(&self) -> &'static str;
    /// Judges the history.
    fn check(&self, history: &History, context: &Context) -> Verdict;
}

/// What a checker may know beside the history.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The value that every key had before the first event.
    pub initial: Value,
    /// How much work may be spent.
    pub limits: Limits,
    /// Functions that the system promised to refuse: these need no ok to show that they were tried.
    pub refused: Vec<String>,
    /// After healing, how long the replicas may take to become equal, in nanoseconds (none: any time).
    pub convergence_ns_max: Option<u64>,
    /// How many distinct home replicas must have acknowledged a write before it is answered with ok
    /// (none: not known, and not judged).
    pub acknowledgements_min: Option<usize>,
}

/// How much work a checker may spend before it answers unknown. Counted in steps, never in time, so
/// that a verdict does not depend on the machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Configurations that a search may visit, over all keys.
    pub configurations_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            configurations_max: 20_000_000,
        }
    }
}
