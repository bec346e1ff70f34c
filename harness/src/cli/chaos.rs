//! `perjury chaos`: sweeps without end, in which each seed draws its own scenario.

mod page;
mod progress;

use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use perjury::chaos::{self, Header, Plan, Shard, journal};
use perjury::render::chaos::Occasion;
use perjury::swarm::{self, Profile};
use perjury::{command, duration};
use perjury::{sweep, trial};

use super::exit::{self, Exit, unusable, usage};
use super::given;
use super::interrupt;
use super::options::Options;
use super::parse;
use super::seed::random_seed;
pub use page::Page;
use progress::Progress;

/// Runs scenario after scenario, each drawn by its seed, until time is up: start it in the evening, and read one
/// page in the morning.
///
/// Each seed draws store, mode, levels, workload, load, faults, their rhythm, and latencies. What options name is
/// fixed; --profile weights the rest. Every run is written down once it is over, so it may be killed at any moment:
/// the same command with the same --out goes on. What is broken is kept once for each kind of anomaly.
///
/// Writes summary.md, summary.json and junit.xml beside the journal; where it is one of several shards, merge does. Exits
/// with 1 if a promise was broken, with 2 if nothing that was owed was seen to hold, with 255 if runs failed that are
/// ours, else with 0: runs that could not be decided are reported apart, and count only with --fail-on-unknown. Ctrl-C
/// ends it after the runs under way, with 130. The defaults of scenario options below are those of run: here, what is not
/// named is drawn.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Chaos {
    /// What is fixed or weighted otherwise, as TOML: store = "raft", nodes = [3, 5],
    /// nemesis = { crash = 1.0, disk = 0.2 }, clients = { min = 2, max = 30 }; keys are named as options are
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The seeds [default: without end, from a random one]
    #[arg(long, value_name = "A..B", value_parser = parse::seeds)]
    seeds: Option<Range<u64>>,
    /// How long it may take, in real time: 10m, 8h; with neither this nor --seeds, 8h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_real_ms, allow_hyphen_values = true)]
    duration: Option<u64>,
    /// Simulations at a time [default: one a core]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where the journal, the summary and run folders go; goes on with what is there [default: runs/chaos-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Which part of the seeds, counted from 0: 2/8 is the third of eight [default: what SLURM_ARRAY_TASK_ID,
    /// HQ_TASK_ID or JOB_COMPLETION_INDEX say, else 0/1]
    #[arg(long, value_name = "I/N", conflicts_with = "shards")]
    shard: Option<Shard>,
    /// How many parts there are, where a variable says which this is
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    shards: Option<u64>,
    /// Runs one seed in so many twice, and compares the bytes; 0: none
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    self_check_every: u64,
    /// Runs that shrinking the first run of each new finding may take; 0: it is not shrunk
    #[arg(long, value_name = "COUNT", default_value_t = 300)]
    shrink_runs: u64,
    /// Runs that could not be decided end it with 2
    #[arg(long)]
    fail_on_unknown: bool,
    /// Prints the summary as one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury chaos                                      eight hours of everything
  cargo perjury chaos --duration 10m --store raft
  cargo perjury chaos --seeds 0..1000 --out runs/night     again, to go on after a kill
  cargo perjury chaos --profile disks.toml --duration 1h
  cargo perjury chaos --seeds 0..8000 --shard 2/8 --out part-2
  cargo perjury merge part-*                               one page of all shards";

/// How long it takes where nobody says.
const DURATION_MS: u64 = 8 * 3_600_000;

impl Chaos {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let header = self.header()?;
        let profile = profile(&header)?;
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("runs/chaos-{}", header.first)));
        let header = known_seed(header, &out, self.seeds.is_none())?;
        let duration_ms = self.duration.or(self.seeds.is_none().then_some(DURATION_MS));
        let jobs = given::jobs(self.jobs);
        let resume = format!("{} --out {}", self.command(), command::quoted(&out.to_string_lossy()));
        let plan = Plan {
            profile,
            jobs,
            duration_ns: duration_ms.map(|ms| ms * 1_000_000),
            shrink_runs: self.shrink_runs,
            stop: interrupt::flag(),
            out: out.clone(),
            header,
        };
        let progress = Progress::new(plan.header.seeds());
        let sweep = chaos::open(&plan).or_else(|error| unusable(format!("{error:#}")))?;
        let first = plan.header.first;
        exit::say(&format!("seeds from {first}, in {}; to go on after a kill: {resume}\n", out.display()));
        progress.begin(sweep.before());
        let swept = sweep.run(&plan, &|entry, totals| progress.add(entry, totals));
        progress.end();
        let (totals, spent_ns) = swept?;
        let interrupted = plan.stop.load(std::sync::atomic::Ordering::Relaxed);
        let occasion = Occasion {
            spent_ns,
            jobs: Some(jobs),
            memory_bytes_max: sweep::memory_bytes_max(),
            missing: Vec::new(),
            interrupted,
            resume: interrupted.then_some(resume),
        };
        let page = Page { header: plan.header, totals, occasion };
        // The page of several shards is for `merge` to write.
        if page.header.shard.count == 1 {
            page.write(&out, self.fail_on_unknown)?;
        }
        page.print(&out, self.json)?;
        Ok(if interrupted { Exit::Interrupted } else { page.exit(self.fail_on_unknown) })
    }

    /// What is to be swept, as far as the command line says.
    fn header(&self) -> anyhow::Result<Header> {
        let text = self.profile.as_deref().map(given::profile).transpose()?.unwrap_or_default();
        let shard = match self.shard {
            Some(shard) => shard,
            None => {
                let told = Shard::of_engine(self.shards, |name| std::env::var(name).ok());
                told.or_else(usage)?.map_or_else(|| self.no_engine(), Ok)?
            }
        };
        if shard.count > 1 && self.seeds.is_none() {
            return usage(format!(
                "shard {shard}: --seeds A..B is needed, so that all shards share their first seed"
            ));
        }
        Ok(Header {
            schema: journal::SCHEMA,
            program: trial::program(),
            shard,
            first: self.seeds.as_ref().map_or_else(random_seed, |seeds| seeds.start),
            end: self.seeds.as_ref().map(|seeds| seeds.end),
            profile: text,
            fixed: self.options.given()?,
            compares_one_in: self.self_check_every,
        })
    }

    fn no_engine(&self) -> anyhow::Result<Shard> {
        match self.shards {
            None => Ok(Shard::ONLY),
            Some(count) => usage(format!(
                "--shards {count}: none of SLURM_ARRAY_TASK_ID, HQ_TASK_ID and JOB_COMPLETION_INDEX says which of \
                 them this is; say --shard 0/{count}"
            )),
        }
    }

    /// The command that goes on with this sweep, without its folder.
    fn command(&self) -> String {
        let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        let words = words.collect::<Vec<_>>();
        let mut kept = vec!["cargo perjury".to_owned()];
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--out" => drop(words.next()),
                word if word.starts_with("--out=") => {}
                word => kept.push(command::quoted(word)),
            }
        }
        kept.join(" ")
    }
}

/// A sweep that goes on has the seeds that it had, where nobody names others.
fn known_seed(mut header: Header, out: &Path, may_take: bool) -> anyhow::Result<Header> {
    let path = out.join(header.file_name());
    if may_take && path.exists() {
        let begun = journal::read_header(&path).or_else(|error| unusable(format!("{error:#}")))?;
        header.first = begun.map_or(header.first, |begun| begun.first);
    }
    Ok(header)
}

/// The profile that a header stands for.
fn profile(header: &Header) -> anyhow::Result<Profile> {
    let mut profile =
        Profile::parse(&header.profile).or_else(|error| unusable(format!("the profile: {error:#}")))?;
    for (name, value) in &header.fixed {
        let fixed = profile.fix(name, value);
        fixed.or_else(|error| usage(format!("--{name} {value}: {error:#}")))?;
    }
    // What can never be run, or is passed over, is better said before the first run than after it.
    swarm::check(&profile).or_else(|error| usage(format!("{error:#}")))?;
    Ok(profile)
}
