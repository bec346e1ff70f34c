//! The sum of many runs: what is said of a sweep, and all that is kept of it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

use super::case::Case;
use crate::command;
use crate::marker::{self, Marker};
use crate::render::faults;
use crate::report::{Report, RowOutcome};
use crate::scenario::Scenario;

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The command that repeats the sweep.
    pub command: String,
    /// `invalid` if any run is, else `unknown` if any is, else `valid`.
    pub verdict: &'static str,
    /// What was run.
    pub scenario: Scenario,
    /// The first seed, and the one after the last.
    pub seeds: (u64, u64),
    /// Whether it was stopped before all seeds were run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// Number of runs by verdict; `error` for those that could not be executed.
    pub verdicts: BTreeMap<String, u64>,
    /// All runs that are not plainly valid, by seed.
    pub failed: Vec<Case>,
    /// How each promised guarantee fared, by name and level.
    pub rows: BTreeMap<String, RowCounts>,
    /// How often each marked code path was reached, over all runs.
    pub markers: BTreeMap<String, u64>,
    /// How often each named point of the nodes' code was passed, over all runs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub points: BTreeMap<String, u64>,
    /// Number of faults, by kind and name.
    pub faults: BTreeMap<String, u64>,
    /// Number of operations, by function and then by how they ended.
    pub operations: BTreeMap<String, BTreeMap<String, u64>>,
    /// What it cost.
    pub cost: Cost,
    /// Every run in one line; for files that list them all.
    #[serde(skip)]
    pub cases: BTreeMap<u64, (&'static str, u64)>,
}

/// How often a guarantee ended which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Runs in which it held.
    pub held: u64,
    /// Runs in which it was broken.
    pub broken: u64,
    /// Runs whose faults went past what it tolerates.
    pub not_owed: u64,
    /// Runs in which it could not be decided.
    pub unknown: u64,
}

impl RowCounts {
    /// Adds the counts of other runs.
    pub fn sum(&mut self, other: &RowCounts) {
        self.held += other.held;
        self.broken += other.broken;
        self.not_owed += other.not_owed;
        self.unknown += other.unknown;
    }

    /// Counts one run in which it ended so.
    pub fn add(&mut self, outcome: RowOutcome) {
        *match outcome {
            RowOutcome::Held => &mut self.held,
            RowOutcome::Broken => &mut self.broken,
            RowOutcome::NotOwed => &mut self.not_owed,
            RowOutcome::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// What a sweep cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Simulations at a time.
    pub jobs: usize,
    /// Real time.
    pub wall_ns: u64,
    /// Simulated time, over all runs.
    pub simulated_ns: u64,
    /// CPU time of simulations, recording included.
    pub simulation_cpu_ns: u64,
    /// CPU time of judging.
    pub checking_cpu_ns: u64,
    /// The most memory the process has held.
    pub memory_bytes_max: Option<u64>,
    /// Simulated seconds a CPU second of an empty simulation, if it was measured.
    pub baseline: Option<f64>,
}

impl Cost {
    /// Runs a second of real time.
    pub fn runs_per_second(&self, runs: u64) -> f64 {
        runs as f64 * 1e9 / self.wall_ns.max(1) as f64
    }

    /// Simulated seconds a CPU second, recording included, checking apart.
    pub fn simulated_per_cpu_second(&self) -> f64 {
        self.simulated_ns as f64 / self.simulation_cpu_ns.max(1) as f64
    }
}

impl Summary {
    /// The summary of no run yet.
    pub(super) fn new(scenario: &Scenario, seeds: Range<u64>, jobs: usize) -> Summary {
        Summary {
            command: format!(
                "cargo perjury sweep --seeds {}..{}{}",
                seeds.start,
                seeds.end,
                command::options(scenario)
            ),
            verdict: "unknown",
            scenario: scenario.clone(),
            seeds: (seeds.start, seeds.end),
            interrupted: false,
            verdicts: BTreeMap::new(),
            failed: Vec::new(),
            rows: BTreeMap::new(),
            markers: BTreeMap::new(),
            points: BTreeMap::new(),
            faults: BTreeMap::new(),
            operations: BTreeMap::new(),
            cost: Cost { jobs, ..Cost::default() },
            cases: BTreeMap::new(),
        }
    }

    /// Adds one run. The order of additions does not show.
    pub(super) fn add(&mut self, case: Case, report: Option<&Report>) {
        *self.verdicts.entry(case.verdict.clone()).or_default() += 1;
        self.verdict = self.worst();
        self.cost.simulated_ns += case.simulated_ns;
        self.cost.simulation_cpu_ns += case.simulation_cpu_ns;
        self.cost.checking_cpu_ns += case.checking_cpu_ns;
        self.cases.insert(case.seed, (short(&case.verdict), case.simulation_cpu_ns + case.checking_cpu_ns));
        if let Some(report) = report {
            self.count(report);
        }
        if case.verdict != "valid" || case.error.is_some() {
            let place = self.failed.partition_point(|other| other.seed < case.seed);
            self.failed.insert(place, case);
        }
    }

    /// Says where runs were kept, and whether these were all. What was stopped is valid no more than what was
    /// not run.
    pub(super) fn end(&mut self, folders: &BTreeMap<u64, PathBuf>) {
        for case in &mut self.failed {
            case.folder = folders.get(&case.seed).cloned();
        }
        self.interrupted = self.runs() < self.seeds.1 - self.seeds.0;
        if self.interrupted && self.verdict == "valid" {
            self.verdict = "unknown";
        }
    }

    /// How many of the runs that failed were kept.
    pub fn kept(&self) -> usize {
        self.failed.iter().filter(|case| case.folder.is_some()).count()
    }

    fn count(&mut self, report: &Report) {
        for row in report.rows.iter().filter(|row| row.promised) {
            self.rows.entry(row.name()).or_default().add(row.outcome);
        }
        add(&mut self.markers, &report.markers);
        add(&mut self.points, &report.points);
        for span in &report.faults {
            *self.faults.entry(faults::name(&span.kind, &span.fault)).or_default() += 1;
        }
        for (function, endings) in &report.operations {
            add(self.operations.entry(function.clone()).or_default(), endings);
        }
    }

    /// Markers of the store that no run has reached.
    pub fn missing(&self) -> Vec<&'static Marker> {
        marker::missing(&self.markers, [&self.scenario])
    }

    fn worst(&self) -> &'static str {
        match () {
            () if self.verdicts.contains_key("invalid") => "invalid",
            () if self.verdicts.keys().all(|verdict| verdict == "valid") => "valid",
            () => "unknown",
        }
    }

    /// Number of runs.
    pub fn runs(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// Number of runs that ended so.
    pub fn count_of(&self, verdict: &str) -> u64 {
        self.verdicts.get(verdict).copied().unwrap_or(0)
    }

    /// Whether some run could not be executed or not be kept.
    pub fn has_errors(&self) -> bool {
        self.failed.iter().any(|case| case.error.is_some())
    }
}

/// Adds counts to counts.
fn add(sum: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (name, times) in counts {
        *sum.entry(name.clone()).or_default() += times;
    }
}

fn short(verdict: &str) -> &'static str {
    match verdict {
        "valid" => "valid",
        "invalid" => "invalid",
        "error" => "error",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::tests::report;
    use crate::report::Row;

    fn reports() -> Vec<Report> {
        let row = |outcome| Row {
            guarantee: "durability".to_owned(),
            level: "quorum".to_owned(),
            promised: true,
            outcome,
            evidence: "because".to_owned(),
            anomalies: Vec::new(),
            found: Default::default(),
        };
        let one = |seed, verdict: &str, outcome| {
            let mut report = report(seed);
            report.verdict = verdict.to_owned();
            report.rows = vec![row(outcome)];
            report.markers = BTreeMap::from([("torn-tail-cut".to_owned(), seed)]);
            report.points = BTreeMap::from([("before-answer".to_owned(), 2)]);
            report
        };
        vec![
            one(1, "valid", RowOutcome::Held),
            one(2, "invalid", RowOutcome::Broken),
            one(3, "unknown", RowOutcome::Unknown),
        ]
    }

    fn sum<'a>(reports: impl Iterator<Item = &'a Report>) -> Summary {
        let mut summary = Summary::new(&Scenario::default(), 1..4, 2);
        reports.for_each(|report| summary.add(Case::new(report), Some(report)));
        summary
    }

    #[test]
    fn does_not_depend_on_the_order_of_runs() {
        let reports = reports();
        assert_eq!(sum(reports.iter()), sum(reports.iter().rev()));
    }

    #[test]
    fn takes_the_worst_verdict() {
        let reports = reports();
        let verdict = |of: &[usize]| sum(of.iter().map(|&each| &reports[each])).verdict;
        assert_eq!(
            [verdict(&[0]), verdict(&[0, 2]), verdict(&[2, 1]), verdict(&[])],
            ["valid", "unknown", "invalid", "unknown"]
        );
    }

    #[test]
    fn says_why_a_seed_failed_and_sums_the_rest() {
        let summary = sum(reports().iter());
        let failed: Vec<_> = summary.failed.iter().map(|case| (case.seed, case.why.as_deref())).collect();
        assert_eq!(
            failed,
            [(2, Some("durability@quorum broken: because")), (3, Some("durability@quorum unknown: because"))]
        );
        assert_eq!((summary.markers["torn-tail-cut"], summary.points["before-answer"]), (6, 6));
        let missing: Vec<&str> = summary.missing().into_iter().map(|marker| marker.name).collect();
        assert!(!missing.contains(&"torn-tail-cut") && missing.contains(&"write-superseded"), "{missing:?}");
        assert_eq!(
            summary.rows["durability@quorum"],
            RowCounts { held: 1, broken: 1, not_owed: 0, unknown: 1 }
        );
    }
}
