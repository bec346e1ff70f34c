//! Shrinking: from a run that broke a promise to a small one that breaks the same promise by the same anomaly.
//!
//! ```text
//! run that failed ── its faults and invocations written out ──> scenario as plain data
//!                        ┌──────── smaller scenario ────────┐
//!                  moves ┤ in their order, again and again  ├─ run, judge ─ same signature? keep it
//!                        └─ until none makes it smaller, or the budget is spent ─┘
//! ```
//!
//! As in proptest, large simplifications are tried first, and a scenario is kept only where it still fails. Once no move
//! helps and much is left, what is left may hang on chance: then each scenario is tried with several seeds, and the
//! smallest run has the seed that showed it. What is tried depends on nothing but the scenario, the seed and what earlier
//! tries showed: the same three give the same result.

mod failing;
pub mod minimal;
pub mod moves;
mod search;
mod size;

use anyhow::{Context as _, ensure};

use crate::report::Report;
use crate::run::Recording;
use crate::scenario::Scenario;
use crate::signature::Signature;
use crate::system::System;
use crate::trial;
pub use failing::{Clues, Failing};
pub use search::{Search, Step};
pub use size::Size;

/// Runs that shrinking may take where nothing else is said.
pub const RUNS: u64 = 300;

/// What shrinking may cost.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// How many runs, beside the one to shrink.
    pub runs: u64,
    /// Whether no further run may be made for another reason: somebody wants it to end, or real time is up. Where
    /// that ends it the result depends on the machine.
    pub is_over: &'a dyn Fn() -> bool,
}

/// The smallest run that was found.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// What it shows: the promise, and the one anomaly that was kept.
    pub signature: Signature,
    /// What it runs.
    pub scenario: Scenario,
    /// With which seed: that of the run it was made from, or another one.
    pub seed: u64,
    /// What the first run was made of.
    pub before: Size,
    /// What this one is made of.
    pub after: Size,
    /// How many runs it took, beside the first.
    pub runs: u64,
    /// Whether the budget ended it, and not that nothing made it smaller.
    pub is_cut_short: bool,
    /// The run itself.
    pub recording: Recording,
    /// And what it found.
    pub report: Report,
}

/// Shrinks a run whose report matches the signature. Of several anomalies the one with the smallest counterexample
/// is kept.
///
/// # Errors
/// When the scenario cannot be run, or its run does not match the signature.
pub fn shrink(
    system: &'static dyn System,
    scenario: &Scenario,
    seed: u64,
    signature: &Signature,
    budget: &Budget<'_>,
    progress: &mut dyn FnMut(&Step<'_>),
) -> anyhow::Result<Shrunk> {
    let first = trial::try_seed(system, scenario, seed, &mut |_| {}).context("the run to shrink")?;
    shrink_run(system, first, signature, budget, progress)
}

/// The same of a run that was made.
///
/// # Errors
/// When it does not match the signature.
pub fn shrink_run(
    system: &'static dyn System,
    (recording, report): (Recording, Report),
    signature: &Signature,
    budget: &Budget<'_>,
    progress: &mut dyn FnMut(&Step<'_>),
) -> anyhow::Result<Shrunk> {
    ensure!(signature.matches(&report), "the run to shrink does not show {signature}");
    let signature = signature.of_smallest(&report);
    let first = Failing::new(recording, report, &signature);
    let before = Size::of(&first);
    let mut judge = |scenario: &Scenario, seed| {
        // What cannot be run is no simpler way to see the anomaly.
        let (recording, report) = trial::try_seed(system, scenario, seed, &mut |_| {}).ok()?;
        signature.matches(&report).then(|| Failing::new(recording, report, &signature))
    };
    let mut search = Search::new(system, first, budget.runs, budget.is_over, &mut judge, progress);
    search.run(moves::ALL);
    let (is_cut_short, runs) = (search.is_spent(), search.runs());
    let best = search.into_best();
    let after = Size::of(&best);
    let Failing { recording, report, .. } = best;
    let (scenario, seed) = (report.scenario.clone(), report.seed);
    Ok(Shrunk { signature, scenario, seed, before, after, runs, is_cut_short, recording, report })
}

#[cfg(test)]
mod tests;
