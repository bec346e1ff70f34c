//! What the other tests share: scenarios, and trying a seed.

use perjury::report::Report;
use perjury::run::Recording;
use perjury::{Scenario, store, trial};

/// The default scenario with the four kinds of fault of any store at one level, for so many simulated seconds.
pub fn all_faults(level: &str, seconds: u64) -> Scenario {
    let nemesis = ["clock", "crash", "message", "partition"].map(str::to_owned).to_vec();
    Scenario { level: level.to_owned(), nemesis, time_ms: seconds * 1000, ..Scenario::default() }
}

/// Runs and judges one seed.
pub fn try_seed(scenario: &Scenario, seed: u64) -> (Recording, Report) {
    let system = store::named(&scenario.store).expect("a store");
    trial::try_seed(system, scenario, seed, &mut |_| {}).expect("the simulation runs")
}

/// The rows that speak against a report, for messages.
pub fn complaints(report: &Report) -> String {
    let bad =
        report.rows.iter().filter(|row| row.promised && row.outcome != perjury::report::RowOutcome::Held);
    let words =
        bad.map(|row| format!("  {}@{}: {:?}: {}", row.guarantee, row.level, row.outcome, row.evidence));
    format!("{}\n{}", report.command, words.collect::<Vec<_>>().join("\n"))
}
