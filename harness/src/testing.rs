//! Trials inside anybody's `cargo test`.
//!
//! ```no_run
//! # use perjury::system::System;
//! # fn trial(my_store: &'static dyn System) {
//! perjury::test(my_store).workload("set").nemesis(&["partition", "crash"]).seeds(0..20).run();
//! # }
//! ```
//!
//! A failure panics with what was broken, the counterexample, and the command that repeats it.

use std::ffi::OsStr;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::report::{Report, Row, RowOutcome};
use crate::run::Recording;
use crate::scenario::Scenario;
use crate::system::System;
use crate::trial::try_seed;
use crate::{judge, render};

/// When set, the one seed that [`Test::try_run`] and [`Test::run`] try.
pub const SEED_VARIABLE: &str = "PERJURY_SEED";

/// At most so many nodes that ended with an error are named in a failure.
const EXITS_SHOWN_MAX: usize = 3;

/// A trial of `system`: by default ten seeds of twenty simulated seconds, three nodes, partitions.
///
/// Systems without levels and quorums ignore those settings.
pub fn test(system: &'static dyn System) -> Test {
    let scenario = Scenario {
        store: system.name().to_owned(),
        nodes: 3,
        level: String::new(),
        nemesis: vec!["partition".to_owned()],
        time_ms: 20_000,
        ..Scenario::default()
    };
    Test { system, scenario, seeds: 0..10 }
}

/// A trial being set up.
#[derive(Clone)]
#[must_use = "nothing is tried before `run`"]
pub struct Test {
    system: &'static dyn System,
    scenario: Scenario,
    seeds: Range<u64>,
}

/// A trial that did not end well.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was found.
    pub report: Report,
    /// What was recorded.
    pub recording: Recording,
}

impl Test {
    /// The workload, by name.
    pub fn workload(mut self, name: &str) -> Test {
        self.scenario.workload = name.to_owned();
        self
    }

    /// The kinds of fault, or single faults, by name.
    pub fn nemesis(mut self, kinds: &[&str]) -> Test {
        self.scenario.nemesis = kinds.iter().map(|&kind| kind.to_owned()).collect();
        self.scenario.nemesis.sort();
        self
    }

    /// The number of nodes.
    pub fn nodes(mut self, nodes: usize) -> Test {
        self.scenario.nodes = nodes;
        self
    }

    /// How long faults come and go, in simulated time.
    pub fn time(mut self, time: Duration) -> Test {
        self.scenario.time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// The seeds to try.
    pub fn seeds(mut self, seeds: Range<u64>) -> Test {
        self.seeds = seeds;
        self
    }

    /// Any other setting.
    pub fn scenario(mut self, change: impl FnOnce(&mut Scenario)) -> Test {
        change(&mut self.scenario);
        self
    }

    /// Tries every seed, or the one in the variable `PERJURY_SEED`; the first that does not end valid is
    /// the error.
    ///
    /// # Errors
    /// The outer one when there is nothing to try or the simulation itself fails; the inner one is the
    /// finding.
    pub fn try_run(self) -> anyhow::Result<Result<(), Box<Failure>>> {
        let variable = std::env::var_os(SEED_VARIABLE);
        let seeds = seeds_to_try(variable.as_deref(), self.seeds.clone())?;
        for seed in seeds {
            let tried = try_seed(self.system, &self.scenario, seed, &mut |_| {});
            let (recording, mut report) = tried.with_context(|| format!("seed {seed}"))?;
            if report.verdict != "valid" {
                report.command = repeat(seed);
                return Ok(Err(Box::new(Failure { report, recording })));
            }
        }
        Ok(Ok(()))
    }

    /// The same for a test: a seed that does not end valid ends it.
    ///
    /// # Panics
    /// At the first seed that does not end valid: with what was broken, or why it is unknown, the
    /// counterexample, and the command that repeats it.
    pub fn run(self) {
        match self.try_run() {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => panic!("{}", failure.describe()),
            Err(error) => panic!("nothing was found out: {error:#}"),
        }
    }
}

/// The one seed that the variable holds, or all that were asked for.
fn seeds_to_try(variable: Option<&OsStr>, seeds: Range<u64>) -> anyhow::Result<RangeInclusive<u64>> {
    if let Some(variable) = variable {
        let seed = variable.to_str().and_then(|text| text.parse().ok());
        let seed: u64 =
            seed.with_context(|| format!("{SEED_VARIABLE}={}: a seed is a number", variable.display()))?;
        return Ok(seed..=seed);
    }
    ensure!(!seeds.is_empty(), "the seeds {seeds:?} are none: the first must be below the last");
    Ok(seeds.start..=seeds.end - 1)
}

/// The command that tries one seed again: this test, or this program.
fn repeat(seed: u64) -> String {
    match std::thread::current().name() {
        Some(test) if test != "main" => format!("{SEED_VARIABLE}={seed} cargo test {test}"),
        _ => format!("{SEED_VARIABLE}={seed} {}", std::env::args().next().unwrap_or_default()),
    }
}

impl Failure {
    /// What was broken or could not be decided, drawn, with the command that repeats it.
    pub fn describe(&self) -> String {
        let report = &self.report;
        let mut text = format!("seed {}: {}\nrepeat with {}\n", report.seed, report.verdict, report.command);
        let undecided = |row: &&Row| row.promised && row.outcome == RowOutcome::Unknown;
        for row in report.rows.iter().filter(undecided) {
            let level = if row.level.is_empty() { "" } else { ", level " };
            text.push_str(&format!("\n{}{level}{}: unknown: {}\n", row.guarantee, row.level, row.evidence));
        }
        if judge::own_promises(&report.rows).all(|row| row.outcome == RowOutcome::NotOwed) {
            text.push_str("\nnothing that the system promises was put to the test by this workload\n");
        }
        let exits = self.recording.trace.lines().filter(|line| line.contains("the process failed"));
        exits.take(EXITS_SHOWN_MAX).for_each(|line| text.push_str(&format!("\n{}\n", line.trim())));
        for row in render::broken(report) {
            text.push('\n');
            text.push_str(&render::counterexample(report, &self.recording.history, row, render::WIDTH));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_names_the_one_seed() {
        let tried = |variable: Option<&str>, seeds| seeds_to_try(variable.map(OsStr::new), seeds);
        assert_eq!(tried(None, 3..5).expect("seeds"), 3..=4);
        assert_eq!(tried(Some("7"), 3..5).expect("a seed"), 7..=7);
        assert_eq!(tried(Some(&u64::MAX.to_string()), 3..5).expect("a seed"), u64::MAX..=u64::MAX);
        let error = tried(Some("seven"), 3..5).expect_err("no seed");
        assert_eq!(error.to_string(), "PERJURY_SEED=seven: a seed is a number");
    }

    #[test]
    fn says_when_nothing_was_put_to_the_test_and_which_node_failed() {
        let described = |rows: Vec<Row>, trace: &str| {
            let report = Report { rows, ..crate::folder::tests::report(7) };
            let recording = crate::folder::tests::recording(trace);
            Failure { report, recording }.describe()
        };
        let unknown = Row {
            guarantee: "integrity".to_owned(),
            level: String::new(),
            promised: true,
            outcome: RowOutcome::Unknown,
            evidence: "nobody knows".to_owned(),
            anomalies: Vec::new(),
            found: Default::default(),
        };
        let failed = "    1.000000 n1       the process failed: cannot start, sorry\n";
        let empty = described(Vec::new(), failed);
        assert!(empty.contains("nothing that the system promises was put to the test"), "{empty}");
        assert!(empty.contains("n1       the process failed: cannot start, sorry"), "{empty}");
        let judged = described(vec![unknown], "    1.000000 n1       listening\n");
        assert!(!judged.contains("put to the test") && !judged.contains("n1"), "{judged}");
        assert!(judged.contains("integrity: unknown: nobody knows"), "{judged}");
    }

    #[test]
    fn no_seeds_are_no_pass() {
        let error = seeds_to_try(None, 5..5).expect_err("nothing to try");
        assert!(error.to_string().contains("5..5"), "{error}");
    }

    #[test]
    fn repeats_the_test_that_failed() {
        assert_eq!(repeat(7), "PERJURY_SEED=7 cargo test testing::tests::repeats_the_test_that_failed");
    }
}
