//! Verdicts, and the anomalies that are their evidence.

use perjury_histories::Key;
use serde::{Deserialize, Serialize};

/// What a checker says of a history.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The guarantee holds in this history.
    Valid(Option<Witness>),
    /// It could not be decided, and why. Neither a pass nor a failure.
    Unknown(String),
    /// The guarantee is broken, and how. Never empty.
    Invalid(Vec<Anomaly>),
}

/// Proof that a history is valid: the indices of the invocations in the order in which the
/// operations took effect, per key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Witness(pub Vec<(Option<Key>, Vec<u64>)>);

/// A named violation, with the fewest operations that show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What is wrong, in the literature's words.
    #[serde(rename = "type")]
    pub kind: AnomalyKind,
    /// The key it happened on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Key>,
    /// Indices of the events that show it: invocations of operations, or notes of the nemesis.
    pub operations: Vec<u64>,
    /// What happened, in plain words.
    pub explanation: String,
}

/// The named violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnomalyKind {
    /// A read returned a value that nobody wrote.
    GarbageRead,
    /// A read returned the value of a write that had certainly failed (aborted read, G1a).
    FailedWriteRead,
    /// A session read a version older than its own acknowledged write.
    ReadYourWrites,
    /// A session read a version older than one it had read before.
    MonotonicReads,
    /// A session's later write took effect before its earlier one.
    MonotonicWrites,
    /// A session's write took effect before the write it had read.
    WritesFollowReads,
    /// Replicas still differ although everything is healed.
    Divergence,
    /// An acknowledged write is gone.
    LostWrite,
    /// A write was answered with ok before enough replicas had acknowledged it.
    UnderReplicated,
    /// A replica answers with an older version than it had acknowledged.
    ReplicaRollback,
    /// No order of the operations explains what was read.
    NotLinearizable,
    /// An element that was added is not in the final read.
    LostElement,
    /// An element in the final read that nobody added.
    UnexpectedElement,
    /// A function that the system promised to refuse was accepted.
    NotRefused,
}
