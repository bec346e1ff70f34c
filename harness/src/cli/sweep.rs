//! `perjury sweep`: one scenario, many seeds.

mod progress;

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use perjury::render;
use perjury::sweep::{self, Plan, Summary};

use super::exit::{self, Exit};
use super::given;
use super::interrupt;
use super::options::Options;
use super::parse;
use super::terminal;
use progress::Progress;

/// Runs a scenario with many seeds, and keeps the folders of those that fail.
///
/// Each thread runs one simulation at a time. Folders of runs that fail, or whose outcome is unknown, are kept,
/// up to --keep of them. Exits with 1 if any run is invalid, else with 2 if any is unknown. Ctrl-C ends it after
/// the runs that are under way, and shows what they found; it then exits with 130.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Sweep {
    /// The seeds: 0..1000 is a thousand of them, from 0
    #[arg(long, value_name = "A..B", value_parser = parse::seeds)]
    seeds: Range<u64>,
    /// Simulations at a time [default: one a core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where run folders go
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out: PathBuf,
    /// Keeps the folders of at most so many runs that fail, those of the lowest seeds
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    keep: usize,
    /// Keeps the folders of all runs, also of valid ones
    #[arg(long, conflicts_with = "keep")]
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
    #[command(flatten)]
    options: Options,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury sweep --seeds 0..1000
  cargo perjury sweep --seeds 0..100 --bug torn-tail-taken --keep 3
  cargo perjury sweep --seeds 0..1000 --level atomic --nemesis message --json > sweep.json";

impl Sweep {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let (system, scenario) = self.options.scenario()?;
        given::folder(&self.out)?;
        self.junit.as_deref().map_or(Ok(()), given::folder_of)?;
        let jobs = given::jobs(self.jobs);
        let progress = Progress::new(self.seeds.end - self.seeds.start);
        let plan = Plan {
            system,
            scenario: &scenario,
            seeds: self.seeds.clone(),
            jobs,
            keeps_all: self.keep_all,
            keeps_max: self.keep,
            stop: interrupt::flag(),
            out: self.out.clone(),
        };
        let mut summary = sweep::sweep(&plan, &|case| progress.add(case))?;
        progress.end();
        if self.baseline && !summary.interrupted {
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
        _ if summary.interrupted => Exit::Interrupted,
        "invalid" => Exit::Invalid,
        _ if summary.has_errors() => Exit::Failure,
        verdict => Exit::of(verdict),
    }
}
