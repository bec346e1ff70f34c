//! `perjury shrink`: a run that failed, as small as it gets.

mod progress;

use std::path::{Path, PathBuf};

use clap::Args;
use perjury::render::{shrunk, words};
use perjury::report::Report;
use perjury::scenario::ScenarioFile;
use perjury::shrink::{self, Budget, Shrunk};
use perjury::signature::Signature;
use perjury::{Scenario, command, duration, sweep, trial};
use serde_json::json;

use super::exit::{self, Exit, unusable, usage};
use super::given;
use super::input::{self, Source};
use super::options::{self, Options};
use super::terminal;
use progress::Progress;

/// Reduces a run that broke a promise to a small one that breaks the same promise in the same way.
///
/// Leaves out faults and operations, shortens time, takes fewer nodes, clients, keys, and simpler settings, as long as
/// the same anomaly on the same promise remains. Where much is left, it tries other seeds as well. What is left is
/// written, with its seed, to a file that run --scenario takes. The same run gives the same result, unless a time limit
/// cuts it short. Exits with 0, also when nothing could be left out, and with 254 when the run broke no promise.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Shrink {
    /// The run's folder, or a scenario file; else options say what to run, with --seed
    #[arg(value_name = "RUN|FILE", conflicts_with_all = ["Options", "seed"])]
    from: Option<PathBuf>,
    /// The seed of the run, where options say what to run
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Makes at most so many runs, beside that of the run to shrink
    #[arg(long, value_name = "COUNT", default_value_t = shrink::RUNS)]
    runs: u64,
    /// Makes no further run after this real time, such as 2m; the result then depends on the machine
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, allow_hyphen_values = true)]
    time_limit: Option<u64>,
    /// Where the small scenario goes [default: shrunk.json beside the run's report, or the file]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prints one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury shrink runs/…/4711
  cargo perjury shrink --seed 0 --bug read-unconfirmed --out small.json
  cargo perjury run --scenario small.json";

/// The run to shrink.
struct Found {
    scenario: Scenario,
    seed: u64,
    /// What it is said to show.
    shows: Option<Signature>,
    /// Where the small scenario goes, unless something else is said.
    out: PathBuf,
}

impl Shrink {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let begin_ns = sweep::wall_ns();
        let limit_ns = self.time_limit.map(|limit_ms| limit_ms * 1_000_000);
        let is_late = || limit_ns.is_some_and(|limit_ns| sweep::wall_ns() - begin_ns >= limit_ns);
        let found = self.found()?;
        let out = self.out.as_ref().unwrap_or(&found.out);
        given::folder_of(out)?;
        let system = options::system(&found.scenario.store)?;
        let first = trial::try_seed(system, &found.scenario, found.seed, &mut |_| {})?;
        let signature = found.signature(&first.1)?;
        let budget = Budget { runs: self.runs, is_over: &is_late };
        let mut progress = Progress::new(self.runs);
        let shrunk = shrink::shrink_run(system, first, &signature, &budget, &mut |step| progress.show(step))?;
        progress.end();
        let file = ScenarioFile::new(shrunk.scenario.clone(), shrunk.seed, Some(shrunk.signature.clone()));
        file.write(out)?;
        exit::print(&if self.json { json(&shrunk, &file, out) } else { text(&shrunk, out) })?;
        Ok(Exit::Valid)
    }

    /// What is to be shrunk: from a run's folder, a file, or options.
    fn found(&self) -> anyhow::Result<Found> {
        let path = match (&self.from, self.seed) {
            (Some(path), _) => path,
            (None, Some(seed)) => {
                let (_, scenario) = self.options.scenario()?;
                return Ok(Found { scenario, seed, shows: None, out: PathBuf::from(ScenarioFile::NAME) });
            }
            (None, None) => {
                return usage(
                    "name a run's folder or a scenario file, or say with --seed and options what to run",
                );
            }
        };
        match input::find(path)? {
            Source::Run(run) => {
                let report = &run.report;
                let (scenario, seed, shows) = (report.scenario.clone(), report.seed, Signature::of(report));
                Ok(Found { scenario, seed, shows, out: run.path.join(ScenarioFile::NAME) })
            }
            Source::File(path) => {
                let file = input::scenario(&path)?;
                let ScenarioFile { scenario, seed, shows, .. } = file;
                Ok(Found { scenario, seed, shows, out: path.with_file_name(ScenarioFile::NAME) })
            }
            Source::Standard => unusable("standard input cannot be shrunk: name a run's folder, or a file"),
        }
    }
}

impl Found {
    /// What its run, which this report is of, shows: what it is said to, if that is so, or whatever it does.
    fn signature(&self, report: &Report) -> anyhow::Result<Signature> {
        let Found { seed, shows, .. } = self;
        match (shows, Signature::of(report)) {
            (Some(shows), _) if shows.matches(report) => Ok(shows.clone()),
            (Some(shows), _) => unusable(format!(
                "the run does not show {shows} any more: another version of the program has made it; look for another \
                 seed with perjury sweep"
            )),
            (None, Some(found)) => Ok(found),
            (None, None) => unusable(format!(
                "seed {seed} broke no promise, so there is nothing to shrink; perjury sweep looks for seeds that do"
            )),
        }
    }
}

fn text(shrunk: &Shrunk, out: &Path) -> String {
    let mut text = shrunk::text(shrunk, terminal::width());
    let why = if shrunk.is_cut_short { "; more --runs may make it smaller" } else { "" };
    text.push_str(&format!("{:<13}  {}\n", "seed", shrunk.seed));
    text.push_str(&format!("{:<13}  {}{why}\n", "took", words::count(shrunk.runs, "run")));
    text.push_str(&format!("{:<13}  {}\n", "kept in", out.display()));
    let file = command::quoted(&out.display().to_string());
    text.push_str(&format!("{:<13}  cargo perjury run --scenario {file}\n", "replay with"));
    text
}

fn json(shrunk: &Shrunk, file: &ScenarioFile, out: &Path) -> String {
    let Shrunk { signature, before, after, runs, is_cut_short, .. } = shrunk;
    let value = json!({
        "signature": signature, "before": before, "after": after, "runs": runs, "is_cut_short": is_cut_short,
        "file": out, "command": shrunk.report.command, "seed": file.seed, "scenario": file.scenario,
    });
    value.to_string() + "\n"
}
