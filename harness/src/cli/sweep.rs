//! `perjury sweep`: one scenario, many seeds.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use perjury::render;
use perjury::sweep::{self, Plan, Summary};

use super::exit::{self, Exit};
use super::options::Options;
use super::parse;
use super::terminal;

/// Runs a scenario with many seeds, one simulation a thread.
///
/// Folders of runs that fail, or whose outcome is unknown, are kept. Exits with 1 if any run is invalid,
/// else with 2 if any is unknown.
#[derive(Args)]
pub struct Sweep {
    #[command(flatten)]
    options: Options,
    /// The seeds: 0..1000 is a thousand of them, from 0
    #[arg(long, value_name = "A..B", value_parser = parse::seeds)]
    seeds: Range<u64>,
    /// Simulations at a time [default: one a core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where run folders go
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out: PathBuf,
    /// Keeps the folders of valid runs too
    #[arg(long)]
    keep_all: bool,
    /// Writes a test case a seed to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Measures an empty simulation of as many hosts too, to compare the speed with
    #[arg(long)]
    baseline: bool,
    /// Prints the summary as one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let (system, scenario) = self.options.scenario()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.map_or(cores, usize::from);
        let bar = bar(self.seeds.end - self.seeds.start);
        let plan = Plan {
            system,
            scenario: &scenario,
            seeds: self.seeds.clone(),
            jobs,
            keeps_all: self.keep_all,
            out: self.out.clone(),
        };
        let mut summary = sweep::sweep(&plan, &|case| {
            if case.verdict != "valid" {
                bar.println(format!("seed {} {}  {}", case.seed, case.verdict, case.command));
            }
            bar.inc(1);
        })?;
        bar.finish_and_clear();
        if self.baseline {
            let each = summary.cost.simulated_ns / summary.runs().max(1);
            summary.cost.baseline = Some(sweep::baseline(&scenario, Duration::from_nanos(each))?);
        }
        self.show(&summary)?;
        Ok(exit(&summary))
    }

    fn show(&self, summary: &Summary) -> anyhow::Result<()> {
        if self.json {
            exit::print(&(serde_json::to_string(summary)? + "\n"))?;
        } else {
            exit::print(&render::sweep::text(summary, terminal::width()))?;
        }
        if let Some(path) = &self.junit {
            let text = sweep::junit(summary)?;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// A run that we could not execute or not keep is our own failure, unless another one is invalid: then
/// that is what the sweep was for.
fn exit(summary: &Summary) -> Exit {
    match summary.verdict {
        "invalid" => Exit::Invalid,
        _ if summary.has_errors() => Exit::Failure,
        verdict => Exit::of(verdict),
    }
}

/// How many seeds are done; nothing unless standard error is a terminal.
fn bar(seeds: u64) -> ProgressBar {
    let style = "{wide_bar} {pos} of {len} seeds, {per_sec}, {eta} to go";
    ProgressBar::new(seeds).with_style(ProgressStyle::with_template(style).expect("a template of ours"))
}
