//! `perjury run`: one scenario, one seed.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use perjury::folder::{self, Kept};
use perjury::render::{self, summary, table, words};
use perjury::report::Report;
use perjury::run::Progress;
use perjury::scenario::ScenarioFile;
use perjury::{Scenario, System, trial};

use super::exit::{self, Exit};
use super::options::{self, Options};
use super::seed::random_seed;
use super::{given, input, terminal};

/// Runs a scenario once, and says which promises were kept.
///
/// Without options: five nodes, sixty simulated seconds, partitions, crashes and skewed clocks, and a random
/// seed, which is printed first. The run is kept in a folder, which the output names; replay, check and
/// inspect take that folder. Exits with 0 when every promise that was owed held, 1 when one was broken, 2 when
/// something could not be decided, 254 when it asks for what cannot be, and 255 when perjury itself fails.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Run {
    /// The seed: the same one gives the same run, byte for byte [default: a random one]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Runs what this file says, which perjury shrink has written: a scenario and its seed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Options", "seed"])]
    scenario: Option<PathBuf>,
    /// Where the run's folder goes
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out: PathBuf,
    /// Prints the report as one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury run
  cargo perjury run --seed 4711 --time 20s --nemesis partition
  cargo perjury run --level quorum --nemesis partition,crash,clock,message
  cargo perjury run --level one/all --read-quorum 1 --nemesis none --json
  cargo perjury run --store raft --level leader+lease --nemesis leader,membership
  cargo perjury run --scenario shrunk.json
  cargo perjury list bugs      then: cargo perjury run --bug NAME";

impl Run {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let (system, scenario, seed) = self.what()?;
        given::folder(&self.out)?;
        let first = format!("seed {seed}\n");
        if self.json {
            exit::say(&first)
        } else {
            exit::print(&first)?
        }

        let bar = Bar::new();
        let (recording, report) =
            trial::try_seed(system, &scenario, seed, &mut |progress| bar.show(progress))?;
        bar.clear();
        let anomaly = render::anomalies(&report, &recording.history);
        let kept = folder::keep(&self.out, &recording, &report, anomaly.as_deref());
        if self.json {
            exit::print(&(serde_json::to_string(&report)? + "\n"))?;
        } else {
            exit::print(&summary::report(&report, &recording.history, terminal::width()))?;
            exit::print(&ending(&report, kept.as_ref().ok()))?;
        }
        kept?;
        Ok(Exit::of(&report.verdict))
    }
}

impl Run {
    /// What to run, and with which seed.
    fn what(&self) -> anyhow::Result<(&'static dyn System, Scenario, u64)> {
        if let Some(path) = &self.scenario {
            let ScenarioFile { seed, scenario, .. } = input::scenario(path)?;
            return Ok((options::system(&scenario.store)?, scenario, seed));
        }
        let (system, scenario) = self.options.scenario()?;
        Ok((system, scenario, self.seed.unwrap_or_else(random_seed)))
    }
}

/// What it all came to, and how to see it again.
fn ending(report: &Report, kept: Option<&Kept>) -> String {
    let mut text = String::new();
    if let Some(Kept { path, is_repeat }) = kept {
        let already = if *is_repeat { " (already there, byte for byte the same)" } else { "" };
        text.push_str(&format!("{:<13}  {}{already}\n", "kept in", path.display()));
    }
    text.push_str(&format!("{:<13}  {}\n", "repeat with", report.command));
    let style = table::style(&report.verdict).unwrap_or_default();
    text.push_str(&format!("{:<13}  {style}{}{style:#}\n", "verdict", report.verdict));
    text
}

/// How far the run has come; nothing unless standard error is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Bar {
        let bar = ProgressBar::new(1);
        let style = "{wide_bar} {prefix}, {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a template of ours"));
        Bar(bar)
    }

    fn show(&self, progress: Progress) {
        self.0.set_length(progress.faults_ns.max(1));
        self.0.set_position(progress.simulated_ns.min(progress.faults_ns));
        self.0.set_prefix(progress.phase);
        let operations = words::count(progress.operations, "operation");
        self.0.set_message(format!("{}, {operations}", words::seconds(progress.simulated_ns)));
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}
