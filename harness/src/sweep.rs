//! A sweep: one scenario with many seeds, one simulation a thread.
//!
//! What is kept of each seed is a line, so memory stays flat; and all of it is counts and maps ordered by
//! seed, so that a summary does not depend on which thread finished first.
//!
//! ```text
//! seeds 0..1000 ──> thread 1: 0, 2, 5, …  ─┐
//!                   thread 2: 1, 3, 4, …  ─┴──> summary: verdicts, rows, markers, faults, cost
//! ```

mod case;
mod cost;
mod junit;
mod keeper;
mod summary;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use rayon::prelude::*;

pub use case::Case;
pub use cost::{memory_bytes, memory_bytes_max, wall_ns};
pub use junit::junit;
pub use summary::{Cost, RowCounts, Summary};

use keeper::Keeper;

use crate::cluster::ClusterOptions;
use crate::report::Report;
use crate::run::Recording;
use crate::scenario::Scenario;
use crate::system::System;
use crate::{cluster, folder, render};

/// What to sweep, and how.
pub struct Plan<'a> {
    /// The system under test.
    pub system: &'static dyn System,
    /// What to run.
    pub scenario: &'a Scenario,
    /// With which seeds.
    pub seeds: Range<u64>,
    /// How many simulations at a time.
    pub jobs: usize,
    /// Whether to keep the folders of all runs, also of valid ones.
    pub keeps_all: bool,
    /// Else the folders of how many failed runs: those of the lowest seeds.
    pub keeps_max: usize,
    /// Once this is set, no further run is begun.
    pub stop: &'a AtomicBool,
    /// Where run folders go.
    pub out: PathBuf,
}

/// Runs every seed until it is stopped; `done` is called after each, from the thread that ran it.
///
/// A run that cannot be executed, or whose folder cannot be written, is a [`Case`] with an error; the
/// other seeds go on. An error here means that nothing was run.
pub fn sweep(plan: &Plan<'_>, done: &(dyn Fn(&Case) + Sync)) -> anyhow::Result<Summary> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(plan.jobs)
        .build()
        .with_context(|| format!("cannot start {} threads", plan.jobs))?;
    let summary = Mutex::new(Summary::new(plan.scenario, plan.seeds.clone(), plan.jobs));
    let start = cost::wall_ns();
    let keeper = Keeper::new(if plan.keeps_all { usize::MAX } else { plan.keeps_max });
    pool.install(|| {
        plan.seeds.clone().into_par_iter().for_each(|seed| {
            if plan.stop.load(Ordering::Relaxed) {
                return;
            }
            let (case, report) = try_one(plan, seed, &keeper);
            done(&case);
            // A poisoned lock means that counting itself panicked, and that panic is on its way.
            summary.lock().expect("counting does not panic").add(case, report.as_ref());
        });
    });
    let mut summary = summary.into_inner().expect("counting does not panic");
    summary.end(&keeper.folders());
    summary.cost.wall_ns = cost::wall_ns() - start;
    summary.cost.memory_bytes_max = memory_bytes_max();
    Ok(summary)
}

/// Runs and judges one seed on this thread, and keeps its folder if it is worth keeping.
fn try_one(plan: &Plan<'_>, seed: u64, keeper: &Keeper) -> (Case, Option<Report>) {
    let (mut case, recording, report) = match Case::run(plan.system, plan.scenario, seed) {
        Ok(ended) => ended,
        Err(error) => return (Case::failed(plan.scenario, seed, format!("{error:#}")), None),
    };
    if (plan.keeps_all || report.verdict != "valid") && keeper.wants(seed) {
        case.error = keep(plan, &recording, &report, keeper).err().map(|error| format!("{error:#}"));
    }
    (case, Some(report))
}

fn keep(plan: &Plan<'_>, recording: &Recording, report: &Report, keeper: &Keeper) -> anyhow::Result<()> {
    let anomaly = render::anomalies(report, &recording.history);
    let kept = folder::keep(&plan.out, recording, report, anomaly.as_deref())?;
    keeper.add(report.seed, kept).context("cannot remove the folder of a higher seed, to make room")
}

/// Simulated seconds a CPU second of an empty simulation with as many hosts, over this simulated time: the
/// nodes, and the one that all clients share. No store could be faster.
pub fn baseline(scenario: &Scenario, simulated: Duration) -> anyhow::Result<f64> {
    let start = cost::thread_cpu_ns();
    cluster::empty_loop(scenario.nodes + 1, ClusterOptions::default().tick, simulated)?;
    let spent = cost::thread_cpu_ns() - start;
    Ok(simulated.as_nanos() as f64 / spent.max(1) as f64)
}
