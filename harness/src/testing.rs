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

use std::ops::Range;
use std::time::Duration;

use crate::render;
use crate::report::{Report, Row, RowOutcome};
use crate::run::Recording;
use crate::scenario::Scenario;
use crate::system::System;
use crate::trial::try_seed;

/// When set, the one seed that [`Test::run`] tries.
pub const SEED_VARIABLE: &str = "PERJURY_SEED";

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

    /// The kinds of fault, by name.
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

    /// Tries every seed; the first that does not end valid is the error.
    ///
    /// # Errors
    /// The outer one when the simulation itself fails; the inner one is the finding.
    pub fn try_run(self) -> anyhow::Result<Result<(), Box<Failure>>> {
        for seed in self.seeds {
            let (recording, report) = try_seed(self.system, &self.scenario, seed, &mut |_| {})?;
            if report.verdict != "valid" {
                return Ok(Err(Box::new(Failure { report, recording })));
            }
        }
        Ok(Ok(()))
    }

    /// Tries every seed, or the one in the variable `PERJURY_SEED`.
    ///
    /// # Panics
    /// At the first seed that does not end valid: with what was broken, or why it is unknown, the
    /// counterexample, and the command that repeats it.
    pub fn run(mut self) {
        if let Ok(seed) = std::env::var(SEED_VARIABLE) {
            let seed: u64 =
                seed.parse().unwrap_or_else(|_| panic!("{SEED_VARIABLE}={seed} is no seed: a number is"));
            self.seeds = seed..seed + 1;
        }
        match self.try_run() {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => panic!("{}", failure.describe()),
            Err(error) => panic!("the simulation failed: {error:#}"),
        }
    }
}

impl Failure {
    /// What was broken or could not be decided, drawn, with the command that repeats it.
    pub fn describe(&self) -> String {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        let repeat = format!("{SEED_VARIABLE}={} cargo test {name}", self.report.seed);
        let mut lines =
            vec![format!("seed {}: {}", self.report.seed, self.report.verdict), format!("repeat: {repeat}")];
        let bad =
            |row: &&Row| row.promised && matches!(row.outcome, RowOutcome::Broken | RowOutcome::Unknown);
        for row in self.report.rows.iter().filter(bad) {
            lines.push(format!("{}: {}", row.guarantee, row.evidence));
            let drawn =
                |anomaly| render::anomaly::draw(&self.recording.history, &self.report.faults, anomaly);
            lines.extend(row.anomalies.first().map(drawn));
        }
        lines.join("\n")
    }
}
