//! The verdict on one history.

use std::path::Path;
use std::sync::Arc;

use perjury::report::{Row, RowOutcome};
use perjury::{sweep, tally};
use perjury_checkers::verdict::Count;
use perjury_checkers::{Anomaly, AnomalyKind, Verdict};
use perjury_histories::{History, Key, Value};
use serde::Serialize;

use crate::cli::exit::Exit;

/// What became of one file.
pub enum Outcome {
    /// It was read and judged.
    Judged(Box<Judged>),
    /// A limit was reached before it was read.
    Unread { file: String, problem: String },
    /// It cannot be read, is no history, or not one of which the question makes sense.
    Unusable { file: String, problem: String },
    /// We failed.
    Failed { file: String, problem: String },
}

/// A history that was read, and what was found.
pub struct Judged {
    /// As the command line names it.
    pub file: String,
    /// The name of its format.
    pub format: &'static str,
    /// Whether its keys stood inside of its values.
    pub is_split_by_key: bool,
    /// The history.
    pub history: Arc<History>,
    /// What every object held at first, as far as was said.
    pub initial: Value,
    /// Why it was judged by these checkers, or by none.
    pub why: String,
    /// The verdicts.
    pub checks: Vec<Judgement>,
    /// Of a run: the promises, as its report shows them.
    pub rows: Vec<Row>,
    /// Of a run: the verdict on all promises.
    pub verdict_of_run: Option<&'static str>,
    /// How long reading took.
    pub parse_ns: u64,
    /// How long judging took.
    pub check_ns: u64,
    /// The most memory that the process had held when this was judged, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

/// The verdict of one checker; of a run, on one promise.
#[derive(Clone, Serialize)]
pub struct Judgement {
    /// The checker, or the promise.
    pub name: String,
    /// The model that it judged by, if by any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<&'static str>,
    /// Of a promise: the level that it is promised at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `valid`, `invalid`, `unknown`; of a promise also `not-owed`.
    pub verdict: &'static str,
    /// How long it took; of promises it is not known of each.
    pub millis: Option<f64>,
    /// Why it is unknown, or how many anomalies there are; of a valid one, that nothing was ever read.
    pub reason: String,
    /// What is wrong: what began first.
    pub anomalies: Vec<Found>,
    /// How many anomalies there are, listed or not.
    #[serde(flatten)]
    pub found: Count,
}

/// An anomaly with every field in its place, also those that say nothing.
#[derive(Clone, Serialize)]
pub struct Found {
    #[serde(rename = "type")]
    kind: AnomalyKind,
    key: Option<Key>,
    operations: Vec<u64>,
    explanation: String,
}

impl Found {
    /// The same as the checkers know it.
    pub fn anomaly(&self) -> Anomaly {
        Anomaly::new(self.kind, self.key.as_ref(), self.operations.iter().copied(), self.explanation.as_str())
    }
}

impl From<&Anomaly> for Found {
    fn from(anomaly: &Anomaly) -> Found {
        let Anomaly { kind, key, operations, explanation } = anomaly.clone();
        Found { kind, key, operations, explanation }
    }
}

impl Judgement {
    /// What a checker said.
    pub fn new(name: &str, model: Option<&'static str>, verdict: &Verdict, spent_ns: u64) -> Judgement {
        let reason = match verdict {
            Verdict::Valid(_) => String::new(),
            Verdict::Unknown(reason) => reason.clone(),
            Verdict::Invalid(anomalies) => anomalies.count().words(anomalies.len()),
        };
        Judgement {
            name: name.to_owned(),
            model,
            level: None,
            verdict: verdict.name(),
            millis: Some(millis(spent_ns)),
            reason,
            anomalies: verdict.anomalies().iter().map(Found::from).collect(),
            found: verdict.count(),
        }
    }

    /// What became of a promise.
    pub fn of_promise(row: &Row) -> Judgement {
        Judgement {
            name: row.guarantee.clone(),
            model: None,
            level: Some(row.level.clone()),
            verdict: match row.outcome {
                RowOutcome::Held => "valid",
                RowOutcome::Broken => "invalid",
                RowOutcome::NotOwed => "not-owed",
                RowOutcome::Unknown => "unknown",
            },
            millis: None,
            reason: row.evidence.clone(),
            anomalies: row.anomalies.iter().map(Found::from).collect(),
            found: row.found,
        }
    }
}

impl Judged {
    /// The worst verdict: invalid beats unknown, and unknown beats valid. Unknown when nothing was judged.
    pub fn verdict(&self) -> &'static str {
        let any = |verdict| self.checks.iter().any(|check| check.verdict == verdict);
        match self.verdict_of_run {
            Some(verdict) => verdict,
            None if any("invalid") => "invalid",
            None if any("unknown") || self.checks.is_empty() => "unknown",
            None => "valid",
        }
    }
}

/// One line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    verdict: &'static str,
    /// Null where none was read, as with all of these.
    operations: Option<usize>,
    events: Option<usize>,
    parse_millis: Option<f64>,
    check_millis: Option<f64>,
    peak_memory_bytes: Option<u64>,
    /// Whether its keys stood inside of its values.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    split_by_key: bool,
    /// Operations that no event invoked, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    uninvoked: Option<u64>,
    /// Why nothing was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Why nothing was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    checks: &'a [Judgement],
}

impl Outcome {
    /// Nothing of this file was read.
    pub fn unread(path: &Path, problem: String) -> Outcome {
        Outcome::Unread { file: path.display().to_string(), problem }
    }

    /// One JSON object.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&match self {
            Outcome::Judged(judged) => Line {
                file: &judged.file,
                verdict: judged.verdict(),
                operations: Some(judged.history.operations().len()),
                events: Some(judged.history.events().len()),
                parse_millis: Some(millis(judged.parse_ns)),
                check_millis: Some(millis(judged.check_ns)),
                peak_memory_bytes: judged.peak_memory_bytes,
                split_by_key: judged.is_split_by_key,
                uninvoked: Some(tally::uninvoked(&judged.history)).filter(|uninvoked| *uninvoked > 0),
                reason: judged.checks.is_empty().then_some(&judged.why),
                error: None,
                checks: &judged.checks,
            },
            Outcome::Unread { file, problem }
            | Outcome::Unusable { file, problem }
            | Outcome::Failed { file, problem } => Line {
                file,
                verdict: "unknown",
                operations: None,
                events: None,
                parse_millis: None,
                check_millis: None,
                peak_memory_bytes: sweep::memory_bytes_max(),
                split_by_key: false,
                uninvoked: None,
                reason: None,
                error: Some(problem),
                checks: &[],
            },
        })
    }

    /// How the process ends if this is the worst.
    pub fn exit(&self) -> Exit {
        match self {
            Outcome::Judged(judged) => Exit::of(judged.verdict()),
            Outcome::Unread { .. } => Exit::Unknown,
            Outcome::Unusable { .. } => Exit::Usage,
            Outcome::Failed { .. } => Exit::Failure,
        }
    }

    /// What is wrong with the file, or with us.
    pub fn error(&self) -> Option<&str> {
        match self {
            Outcome::Judged(_) | Outcome::Unread { .. } => None,
            Outcome::Unusable { problem, .. } | Outcome::Failed { problem, .. } => Some(problem),
        }
    }
}

fn millis(ns: u64) -> f64 {
    (ns / 1_000) as f64 / 1_000.0
}
