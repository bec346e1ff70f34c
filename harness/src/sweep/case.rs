//! One run of a sweep, in a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::cost;
use crate::command;
use crate::render;
use crate::report::{Report, RowOutcome};
use crate::run::{self, Recording};
use crate::scenario::Scenario;
use crate::signature::Signature;
use crate::system::System;
use crate::trial;

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its seed.
    pub seed: u64,
    /// Its verdict, or `error`.
    pub verdict: String,
    /// The broken promise that its finding is named by, else the first that could not be decided, with its evidence.
    pub why: Option<String>,
    /// The command that repeats it.
    pub command: String,
    /// Where it was kept.
    pub folder: Option<PathBuf>,
    /// Why it could not be executed, or not be kept.
    pub error: Option<String>,
    /// Simulated time.
    pub simulated_ns: u64,
    /// CPU time of the simulation, recording included.
    pub simulation_cpu_ns: u64,
    /// CPU time of the judging.
    pub checking_cpu_ns: u64,
}

impl Case {
    /// Runs and judges one seed on this thread, and measures what that took.
    ///
    /// # Errors
    /// When it cannot be executed.
    pub fn run(
        system: &'static dyn System,
        scenario: &Scenario,
        seed: u64,
    ) -> anyhow::Result<(Case, Recording, Report)> {
        let start = cost::thread_cpu_ns();
        let recording = run::execute(system, scenario, seed, &mut |_| {})?;
        let simulated = cost::thread_cpu_ns();
        let report = trial::report(system, scenario, seed, &recording)?;
        let mut case = Case::new(&report);
        case.simulation_cpu_ns = simulated - start;
        case.checking_cpu_ns = cost::thread_cpu_ns() - simulated;
        Ok((case, recording, report))
    }

    /// The line of a report.
    pub fn new(report: &Report) -> Case {
        let of = |outcome| report.rows.iter().find(move |row| row.promised && row.outcome == outcome);
        let found = Signature::row(report).or_else(|| of(RowOutcome::Broken));
        let row = found.or_else(|| of(RowOutcome::Unknown));
        let why =
            row.map(|row| format!("{} {}: {}", row.name(), render::table::word(row.outcome), row.evidence));
        let nothing =
            || (report.verdict == "unknown").then(|| "nothing that was owed was seen to hold".to_owned());
        Case {
            seed: report.seed,
            verdict: report.verdict.clone(),
            why: why.or_else(nothing),
            command: report.command.clone(),
            folder: None,
            error: None,
            simulated_ns: report.simulated_ns,
            simulation_cpu_ns: 0,
            checking_cpu_ns: 0,
        }
    }

    /// A run that could not be executed.
    pub fn failed(scenario: &Scenario, seed: u64, error: String) -> Case {
        Case {
            seed,
            verdict: "error".to_owned(),
            why: None,
            command: command::repeat(scenario, seed),
            folder: None,
            error: Some(error),
            simulated_ns: 0,
            simulation_cpu_ns: 0,
            checking_cpu_ns: 0,
        }
    }
}
