//! `perjury check`: verdicts on histories, a run's or anyone's.
//!
//! ```text
//! choice     which checkers judge a history, and why these
//! work       a thread that reads one history and judges it, step by step
//! limits     what it may spend
//! watch      who waits for it: sees the limits, shows progress
//! judged     the verdict on one history, as JSON
//! show       the same in words
//! ```

mod choice;
mod judged;
mod limits;
mod show;
mod watch;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use perjury_checkers::stop::Reason;
use perjury_histories::Value;

use super::exit::{self, Exit};
use super::input::{self, FormatOption};
use super::{catalog, parse, terminal};
use choice::Asked;
use judged::Outcome;
use limits::LimitOptions;
use watch::Watch;

/// Judges histories: a run's folder by the promises in its report, a file by checkers.
///
/// A history is valid if a system that keeps the guarantee could have produced it. Its format is told by its
/// content, or named with --format. It is judged by the checkers that fit its functions, or by those named with
/// --checker, and is invalid if any of them says so. A run's folder is judged again from its files alone.
///
/// A file that cannot be read does not stop the others. Exit codes: 0 all valid, 1 one invalid, 2 one
/// undecided, 254 wrong usage or one that cannot be read, 255 our own failure. Of several the worst counts:
/// 255, then 254, 1, 2, 0.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Check {
    /// Histories, or folders of runs; - is standard input
    #[arg(value_name = "FILE|RUN", required = true)]
    paths: Vec<PathBuf>,
    /// Checkers to judge by, with commas between them: perjury list checkers [default: those that fit]
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = catalog::parser(catalog::checkers())
    )]
    checker: Vec<String>,
    /// What the objects are specified to be, for linearizability: perjury list models [default: the first
    /// that has the functions of the history]
    #[arg(
        long,
        value_name = "NAME",
        hide_possible_values = true,
        value_parser = catalog::parser(catalog::models())
    )]
    model: Option<String>,
    /// What every object holds before the first event: 0, '"a"', '[1,2]' [default: null, which is empty]
    #[arg(long, value_name = "JSON", value_parser = parse::json)]
    init: Option<Value>,
    #[command(flatten)]
    format: FormatOption,
    /// Prints one JSON object a history, each on one line: file, verdict, operations, checks, … Of each check,
    /// anomalies lists the first 16 of anomalies_found; may_be_more says that it stopped looking after these
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: LimitOptions,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury check history.edn                    whatever its format, by whatever fits
  cargo perjury check *.log --json | jq .verdict     many at once, one line of JSON each
  cargo perjury check h.jsonl --checker linearizability --model fifo-queue
  cargo perjury check h.jsonl --init 0               registers that begin with 0
  zcat history.edn.gz | cargo perjury check -        standard input, here of what is compressed
  cargo perjury check hard.edn --time-limit 60s --memory-limit 4GiB
  cargo perjury check runs/…/4711                    a run, by the promises in its report

A history is a list of invocations and completions in real-time order. As JSON Lines:
  {\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"key\":\"x\",\"value\":1}
  {\"process\":1,\"type\":\"invoke\",\"f\":\"read\",\"key\":\"x\",\"value\":null}
  {\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"key\":\"x\",\"value\":1}
  {\"process\":1,\"type\":\"ok\",\"f\":\"read\",\"key\":\"x\",\"value\":1}
where ok happened, fail certainly did not, and info (a timeout) may or may not have. See also:
  cargo perjury list formats
  cargo perjury list models
  cargo perjury list checkers";

impl Check {
    pub fn execute(self) -> anyhow::Result<Exit> {
        if self.paths.iter().filter(|path| *path == Path::new(input::STANDARD)).count() > 1 {
            return exit::usage("- stands there twice, but standard input can be read only once");
        }
        let asked = Arc::new(self.asked());
        let mut worst = Exit::Valid;
        // Set once the memory is used up by something that does not stop: then nothing more can be judged.
        let mut spent: Option<Reason> = None;
        for (position, path) in self.paths.iter().enumerate() {
            let outcome = match &spent {
                Some(reason) => Outcome::unread(path, format!("{reason} was reached before it was read")),
                None => {
                    let mut watch = Watch::new(self.limits.watched(), path);
                    let outcome = work::judge(path, &asked, &mut watch);
                    spent = watch.is_out_of_memory().then_some(Reason::MemoryLimit);
                    outcome
                }
            };
            self.print(&outcome)?;
            worst = worst.worst(outcome.exit());
            if position + 1 == self.paths.len() {
                // The process ends, and takes the memory with it: a large history is not freed piece by piece.
                std::mem::forget(outcome);
            }
        }
        Ok(worst)
    }

    fn asked(&self) -> Asked {
        Asked {
            checkers: self.checker.clone(),
            model: self.model.as_deref().and_then(perjury_checkers::linearizable::named),
            initial: self.init.clone(),
            format: self.format.chosen(),
            configurations_max: self.limits.configurations_max(),
        }
    }

    fn print(&self, outcome: &Outcome) -> anyhow::Result<()> {
        if let Some(problem) = outcome.error() {
            exit::say(&format!("error: {problem}\n"));
        }
        if self.json {
            return exit::print(&(outcome.json()? + "\n"));
        }
        match outcome {
            Outcome::Judged(judged) => exit::print(&show::text(judged, terminal::width())),
            Outcome::Unread { file, problem } => exit::print(&show::unread(file, problem)),
            Outcome::Unusable { .. } | Outcome::Failed { .. } => Ok(()),
        }
    }
}
