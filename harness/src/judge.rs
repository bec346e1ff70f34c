//! Holds a recording to the promises of its system.

use perjury_histories::{History, Key};

use crate::promise::Promise;
use crate::report::Row;

/// What is needed beside a history to judge it: all of it stands in the report.
#[derive(Clone, Debug)]
pub struct Charge<'a> {
    /// What the system owes.
    pub promises: &'a [Promise],
    /// The level of each key.
    pub levels: &'a [(Key, String)],
    /// Functions that the system promised to refuse.
    pub refuses: &'a [String],
}

/// The rows of the verdict: one a guarantee and level, promised ones first, and information: what
/// is worth knowing but neither kept nor broken.
pub fn judge(_history: &History, _charge: &Charge<'_>) -> (Vec<Row>, Vec<String>) {
    (Vec::new(), Vec::new())
}
