//! The report of a run: everything that `report.json` holds, and everything that the table shows.

use std::collections::BTreeMap;

use perjury_checkers::Anomaly;
use perjury_checkers::verdict::Count;
use serde::{Deserialize, Serialize};

use crate::promise::Promise;
use crate::scenario::Scenario;

/// What a run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The command that repeats the run.
    pub command: String,
    /// Version of this file's shape.
    pub schema: u32,
    /// Version of the program, and a hash of its binary.
    pub program: Program,
    /// What was run.
    pub scenario: Scenario,
    /// With which seed.
    pub seed: u64,
    /// The worst of all rows: `valid`, `invalid` or `unknown`.
    pub verdict: String,
    /// What the system owes.
    pub promises: Vec<Promise>,
    /// Level of each key, where keys have levels, as (key, level).
    pub levels: Vec<(perjury_histories::Key, String)>,
    /// Functions that the system promised to refuse.
    pub refuses: Vec<String>,
    /// One row a guarantee and level.
    pub rows: Vec<Row>,
    /// Facts that are neither kept nor broken promises.
    pub information: Vec<String>,
    /// Number of operations, by function and then by how they ended (`ok`, `fail`, `info`).
    pub operations: BTreeMap<String, BTreeMap<String, u64>>,
    /// Every fault, in order.
    pub faults: Vec<FaultSpan>,
    /// Faults that this system cannot suffer, and why.
    pub faults_not_available: Vec<String>,
    /// How often each marked code path was reached.
    pub markers: BTreeMap<String, u64>,
    /// How often each named point of the nodes' code was passed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub points: BTreeMap<String, u64>,
    /// Simulated time of the whole run, in nanoseconds.
    pub simulated_ns: u64,
}

/// Which program made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Version of the crate.
    pub version: String,
    /// Hash of the binary's bytes, in hexadecimal: another one may run another way.
    pub binary: String,
}

/// One guarantee at one level, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The guarantee: the name of its checker.
    pub guarantee: String,
    /// The level; empty for what concerns the whole run.
    pub level: String,
    /// Whether the system owes it. What is broken but not promised is information.
    pub promised: bool,
    /// How it ended.
    pub outcome: RowOutcome,
    /// In words: why, how much was looked at, or which fault excuses it.
    pub evidence: String,
    /// The violations, those that began first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub anomalies: Vec<Anomaly>,
    /// How many there are, listed or not.
    #[serde(flatten)]
    pub found: Count,
}

impl Row {
    /// `durability@quorum`; the guarantee alone where there is no level.
    pub fn name(&self) -> String {
        if self.level.is_empty() {
            self.guarantee.clone()
        } else {
            format!("{}@{}", self.guarantee, self.level)
        }
    }
}

/// How a guarantee fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOutcome {
    /// It held in this run.
    Held,
    /// It was broken.
    Broken,
    /// The faults of this run went past what the promise tolerates.
    NotOwed,
    /// It could not be decided.
    Unknown,
}

/// One fault, from injection to healing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultSpan {
    /// Its kind: `partition`, `crash`, …
    pub kind: String,
    /// Its name: `power-loss`, …
    pub fault: String,
    /// The nodes it struck.
    pub nodes: Vec<String>,
    /// What it did, in words.
    pub detail: String,
    /// When it began, in simulated nanoseconds.
    pub from_ns: u64,
    /// When it was healed.
    pub to_ns: Option<u64>,
}
