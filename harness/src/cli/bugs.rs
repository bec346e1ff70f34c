//! `perjury bugs`: the scoreboard of planted bugs.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use perjury::bug::{self, Bug};
use perjury::render::{scoreboard, words};
use perjury::scoreboard::{self as hunts, Plan, Start};
use perjury::swarm::{self, Profile};

use super::exit::{self, Exit, unusable, usage};
use super::given;
use super::interrupt;
use super::{catalog, terminal};

/// Plants every bug, one at a time, and measures how fast it is found.
///
/// From each of --starts independent starts, seeds are tried, each with a scenario of its own as in `chaos`, until an
/// expected checker sees the bug, or --seeds of them have not shown it. The store without the bug must then pass the
/// same run. Exits with 0 when at least nine of ten bugs were found as often as not, and the clean store always
/// passed; else with 1, or with 255 where a run failed that is ours.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Bugs {
    /// Only these bugs, with commas between them [default: all]
    #[arg(long = "bug", value_name = "NAMES", value_delimiter = ',', value_parser = catalog::parser(catalog::bugs()))]
    bugs: Vec<String>,
    /// Independent starts of each bug
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100))]
    starts: u64,
    /// Seeds after which a start gives up
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    /// What is fixed or weighted otherwise, as TOML, as of `chaos`
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Runs that shrinking one run of each bug may take; 0: none is shrunk
    #[arg(long, value_name = "COUNT", default_value_t = 300)]
    shrink_runs: u64,
    /// Simulations at a time [default: one a core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Writes all that was measured to this file, as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prints the table as Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Prints all that was measured as one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury bugs                                        all bugs, twenty starts each
  cargo perjury bugs --bug torn-tail-taken --starts 5
  cargo perjury bugs --out bugs.json --markdown > bugs.md";

/// What a bug decides.
const OF_BUGS: [&str; 2] = ["store", "mode"];

impl Bugs {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let jobs = given::jobs(self.jobs);
        let is_asked = |bug: &&&Bug| self.bugs.is_empty() || self.bugs.iter().any(|name| name == bug.name);
        let bugs: Vec<&'static Bug> = bug::ALL.iter().filter(is_asked).copied().collect();
        let profile = self.profile(&bugs)?;
        let plan = Plan {
            bugs,
            starts: self.starts,
            seeds_max: self.seeds,
            profile,
            shrink_runs: self.shrink_runs,
            jobs,
            stop: interrupt::flag(),
        };
        // What hours have measured is not lost to a folder that does not exist.
        let out = self.out.as_deref().map(|path| {
            std::fs::File::create(path).or_else(|error| usage(format!("--out {}: {error}", path.display())))
        });
        let out = out.transpose()?;
        let progress = Progress::new(plan.starts * plan.bugs.len() as u64);
        let scores = hunts::hunt(&plan, &|bug, start| progress.add(bug, start));
        progress.end();
        let scores = scores?;
        let json = serde_json::to_string(&scores)? + "\n";
        if let Some(mut file) = out {
            file.write_all(json.as_bytes()).context("cannot write what --out names")?;
        }
        match (self.json, self.markdown) {
            (true, _) => exit::print(&json)?,
            (_, true) => exit::print(&scoreboard::markdown(&scores))?,
            _ => exit::print(&scoreboard::text(&scores, terminal::width()))?,
        }
        let interrupted = plan.stop.load(std::sync::atomic::Ordering::Relaxed);
        Ok(match hunts::passes(&scores) {
            _ if interrupted => Exit::Interrupted,
            _ if !hunts::errors(&scores).is_empty() => Exit::Failure,
            true => Exit::Valid,
            false => Exit::Invalid,
        })
    }

    fn profile(&self, bugs: &[&Bug]) -> anyhow::Result<Profile> {
        let Some(path) = &self.profile else { return Ok(Profile::default()) };
        let text = given::profile(path)?;
        let profile =
            Profile::parse(&text).or_else(|error| unusable(format!("{}: {error:#}", path.display())))?;
        for bug in bugs {
            let mut planted = profile.clone();
            planted.fix("bug", bug.name)?;
            let unused = swarm::unused(&planted);
            if let Some(name) = unused.iter().find(|name| OF_BUGS.contains(name)) {
                return unusable(format!(
                    "{}: {name}: {} is a bug of store {}, mode {}; leave it out, or name bugs with --bug",
                    path.display(),
                    bug.name,
                    bug.store,
                    bug.mode
                ));
            }
        }
        Ok(profile)
    }
}

/// How far the hunt is: a bar on a terminal, else a line a start, for logs.
struct Progress {
    bar: ProgressBar,
    found: Mutex<BTreeMap<&'static str, (u64, u64)>>,
}

impl Progress {
    fn new(starts: u64) -> Progress {
        let bar = ProgressBar::new(starts);
        let style = "{wide_bar} {pos} of {len} starts, {eta} to go: {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a template of ours"));
        Progress { bar, found: Mutex::default() }
    }

    fn add(&self, bug: &'static Bug, start: &Start) {
        let mut found = self.found.lock().expect("counting does not panic");
        let (starts, hits) = found.entry(bug.name).or_default();
        *starts += 1;
        *hits += u64::from(start.found.is_some());
        let line = format!("{}: found from {hits} of {starts} starts", bug.name);
        if !std::io::stderr().is_terminal() {
            let how = if start.found.is_some() { "this one after" } else { "this one not within" };
            exit::say(&format!("{line}, {how} {}\n", words::count(start.seeds, "seed")));
        }
        self.bar.set_message(line);
        self.bar.inc(1);
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
