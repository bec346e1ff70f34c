//! A trial: one run, and the report of what it found.
//!
//! ```text
//! scenario + seed ── execute ──> recording ── judge ──> report
//! ```

use std::sync::OnceLock;

use xxhash_rust::xxh3::xxh3_64;

use crate::judge::{self, Charge};
use crate::report::{Program, Report, Row, RowOutcome};
use crate::run::{self, Progress, Recording};
use crate::scenario::Scenario;
use crate::system::System;
use crate::{bug, command, tally, workload};

/// Version of the shape of `report.json`.
pub const SCHEMA: u32 = 1;
/// A guarantee that every system owes without saying so: no node panics.
pub const NO_PANIC: &str = "no-panic";
/// Another one: messages do not multiply.
pub const NO_STORM: &str = "no-storm";

/// Whether a guarantee is judged by what happened in the run alone: its history does not tell.
pub fn is_of_run(guarantee: &str) -> bool {
    [NO_PANIC, NO_STORM].contains(&guarantee)
}

/// Runs a scenario with a seed, and judges what was recorded.
pub fn try_seed(
    system: &'static dyn System,
    scenario: &Scenario,
    seed: u64,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<(Recording, Report)> {
    let recording = run::execute(system, scenario, seed, progress)?;
    let report = report(system, scenario, seed, &recording)?;
    Ok((recording, report))
}

/// The report of a recording: every row judged, everything counted.
///
/// # Errors
/// When the scenario names a workload that does not exist.
pub fn report(
    system: &dyn System,
    scenario: &Scenario,
    seed: u64,
    recording: &Recording,
) -> anyhow::Result<Report> {
    let promises = system.promises(scenario);
    let refuses = system.refuses(scenario);
    let workload = workload::named(&scenario.workload)
        .ok_or_else(|| anyhow::anyhow!("there is no workload {:?}", scenario.workload))?;
    let levels = judge::levels(&recording.history, workload, scenario);
    let charge = Charge {
        workload: workload.name(),
        promises: &promises,
        levels: &levels,
        refuses: &refuses,
        limits: None,
    };
    let (mut rows, mut information) = judge::judge(&recording.history, &charge)?;
    information.extend(not_shown(scenario, recording, &rows));
    let storm = recording.storm.as_ref().map(|storm| broken(NO_STORM, storm.clone()));
    rows.splice(0..0, crashes(&recording.crashes).into_iter().chain(storm));
    Ok(Report {
        command: command::repeat(scenario, seed),
        schema: SCHEMA,
        program: program(),
        scenario: scenario.clone(),
        seed,
        verdict: verdict(&rows).to_owned(),
        promises,
        levels,
        refuses,
        rows,
        information,
        operations: tally::operations(&recording.history),
        faults: tally::faults(&recording.history),
        faults_not_available: recording.faults_not_available.clone(),
        markers: recording.markers.clone(),
        points: recording.points.clone(),
        simulated_ns: recording.simulated_ns,
    })
}

/// A planted bug whose code path was not reached: that it was not found means nothing then. Or one that was
/// reached, and broke nothing that was owed: it takes another seed.
fn not_shown(scenario: &Scenario, recording: &Recording, rows: &[Row]) -> Option<String> {
    let bug = bug::named(scenario.bug.as_deref()?)?;
    match recording.markers.get(bug.marker) {
        None => Some(format!("the planted bug {} was never reached: nothing could show it", bug.name)),
        Some(times) if verdict(rows) == "valid" => Some(format!(
            "the planted bug {} was reached {times} times, and broke no promise: cargo perjury sweep --seeds 0..50{}",
            bug.name,
            command::options(scenario)
        )),
        Some(_) => None,
    }
}

/// A system that panics breaks a promise that nobody needs to state.
fn crashes(crashes: &[String]) -> Option<Row> {
    let first = crashes.first()?;
    let others = match crashes.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    Some(broken(NO_PANIC, format!("{first}{others}")))
}

/// The row of a promise that nobody needs to state, broken.
fn broken(guarantee: &str, evidence: String) -> Row {
    Row {
        guarantee: guarantee.to_owned(),
        level: String::new(),
        promised: true,
        outcome: RowOutcome::Broken,
        evidence,
        anomalies: Vec::new(),
        found: Default::default(),
    }
}

/// The worst of all promised rows: `invalid`, `unknown` or `valid`. A run that owed nothing, or in
/// which nothing that was owed could be seen to hold, is no pass; nor does it pass by what every system
/// owes.
pub fn verdict(rows: &[Row]) -> &'static str {
    let any = |outcome| rows.iter().any(|row| row.promised && row.outcome == outcome);
    let kept_any = judge::own_promises(rows).any(|row| row.outcome == RowOutcome::Held);
    if any(RowOutcome::Broken) {
        "invalid"
    } else if any(RowOutcome::Unknown) || !kept_any {
        "unknown"
    } else {
        "valid"
    }
}

/// This program: its version, and a hash of the binary that runs.
///
/// The hash is computed once, and is `unknown` where the system does not let a program read itself.
pub fn program() -> Program {
    static BINARY: OnceLock<String> = OnceLock::new();
    let binary = BINARY.get_or_init(|| {
        let bytes = std::env::current_exe().and_then(std::fs::read);
        bytes.map_or_else(|_| "unknown".to_owned(), |bytes| format!("{:016x}", xxh3_64(&bytes)))
    });
    Program { version: env!("CARGO_PKG_VERSION").to_owned(), binary: binary.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(promised: bool, outcome: RowOutcome) -> Row {
        let (guarantee, level, evidence) = (String::new(), String::new(), String::new());
        Row {
            guarantee,
            level,
            promised,
            outcome,
            evidence,
            anomalies: Vec::new(),
            found: Default::default(),
        }
    }

    #[test]
    fn takes_the_worst_promised_row() {
        use RowOutcome::{Broken, Held, NotOwed, Unknown};
        assert_eq!(verdict(&[row(true, Held), row(true, NotOwed)]), "valid");
        assert_eq!(verdict(&[row(true, Held), row(true, Unknown)]), "unknown");
        assert_eq!(verdict(&[row(true, Unknown), row(true, Broken)]), "invalid");
        assert_eq!(verdict(&[row(true, Held), row(false, Broken)]), "valid");
    }

    #[test]
    fn does_not_pass_when_nothing_was_owed() {
        assert_eq!(verdict(&[]), "unknown");
        assert_eq!(verdict(&[row(true, RowOutcome::NotOwed), row(false, RowOutcome::Held)]), "unknown");
        let stats = Row { guarantee: "stats".to_owned(), ..row(true, RowOutcome::Held) };
        assert_eq!(verdict(&[row(true, RowOutcome::NotOwed), stats]), "unknown");
    }

    #[test]
    fn says_that_a_planted_bug_was_never_reached_or_broke_nothing() {
        let (bug, marker) = (bug::ALL[0].name, bug::ALL[0].marker);
        let scenario = |bug: Option<&str>| Scenario { bug: bug.map(str::to_owned), ..Scenario::default() };
        let recording = |markers: &[&str]| Recording {
            history: perjury_histories::History::default(),
            trace: String::new(),
            markers: markers.iter().map(|&marker| (marker.to_owned(), 1)).collect(),
            points: Default::default(),
            crashes: Vec::new(),
            storm: None,
            simulated_ns: 0,
            begun_ns: 0,
            schedule: Default::default(),
            script: Default::default(),
            faults_not_available: Vec::new(),
        };
        let (kept, broken) = ([row(true, RowOutcome::Held)], [row(true, RowOutcome::Broken)]);
        let shown =
            |markers: &[&str], rows: &[Row]| not_shown(&scenario(Some(bug)), &recording(markers), rows);
        assert!(shown(&[], &kept).is_some_and(|words| words.contains("was never reached")));
        let words = shown(&[marker], &kept).expect("a hint");
        assert!(words.contains("was reached 1 times, and broke no promise"), "{words}");
        assert_eq!(shown(&[marker], &broken), None);
        assert_eq!(not_shown(&scenario(None), &recording(&[]), &kept), None);
    }

    #[test]
    fn holds_a_panic_against_the_system() {
        let row = crashes(&["n1: index out of bounds".to_owned(), "n2".to_owned()]).expect("a row");
        assert_eq!(row.evidence, "n1: index out of bounds (and 1 more)");
        assert_eq!(verdict(&[row]), "invalid");
        assert_eq!(crashes(&[]), None);
    }
}
