//! One run of a chaos sweep, in a line of its journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::render::faults;
use crate::report::{Report, RowOutcome};
use crate::scenario::Scenario;
use crate::signature::Signature;
use crate::sweep::Case;

/// One run: what was drawn, how it ended, what it reached. Everything that is ever said of it is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Seed, verdict, reason, command, folder, cost.
    #[serde(flatten)]
    pub case: Case,
    /// What its seed drew.
    pub scenario: Scenario,
    /// What was broken, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// How each promised guarantee fared, by name and level.
    #[serde(default)]
    pub rows: BTreeMap<String, RowOutcome>,
    /// How often each marker was reached.
    #[serde(default)]
    pub markers: BTreeMap<String, u64>,
    /// How often each named point was passed.
    #[serde(default)]
    pub points: BTreeMap<String, u64>,
    /// Number of faults, by kind and name.
    #[serde(default)]
    pub faults: BTreeMap<String, u64>,
    /// Number of operations.
    #[serde(default)]
    pub operations: u64,
    /// Whether it was run twice and compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compared: bool,
    /// The shrunk scenario, where this run is the first of its finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Shrunk>,
    /// Real time that the sweep had taken when it ended.
    pub spent_ns: u64,
}

/// What shrinking came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shrunk {
    /// The command that replays the smallest scenario.
    pub command: String,
    /// What the run was made of, in words.
    pub before: String,
    /// What the smallest one is made of.
    pub after: String,
    /// What the smallest one shows, drawn.
    #[serde(default)]
    pub counterexample: String,
}

impl Entry {
    /// The line of a run that could be judged.
    pub fn new(report: &Report, case: Case) -> Entry {
        let promised = report.rows.iter().filter(|row| row.promised);
        let mut faults_by_name = BTreeMap::new();
        for span in &report.faults {
            *faults_by_name.entry(faults::name(&span.kind, &span.fault)).or_default() += 1;
        }
        Entry {
            case,
            scenario: report.scenario.clone(),
            signature: Signature::of(report).map(|signature| signature.of_smallest(report)),
            rows: promised.map(|row| (row.name(), row.outcome)).collect(),
            markers: report.markers.clone(),
            points: report.points.clone(),
            faults: faults_by_name,
            operations: report.operations.values().flat_map(BTreeMap::values).sum(),
            compared: false,
            shrunk: None,
            spent_ns: 0,
        }
    }

    /// The line of a run that could not be executed.
    pub fn failed(case: Case, scenario: &Scenario) -> Entry {
        Entry {
            case,
            scenario: scenario.clone(),
            signature: None,
            rows: BTreeMap::new(),
            markers: BTreeMap::new(),
            points: BTreeMap::new(),
            faults: BTreeMap::new(),
            operations: 0,
            compared: false,
            shrunk: None,
            spent_ns: 0,
        }
    }
}
