//! How far shrinking is: a bar on a terminal, else a line for each smaller run.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};
use perjury::render::words;
use perjury::shrink::Step;

use crate::cli::exit;

/// How far shrinking is.
pub struct Progress {
    bar: ProgressBar,
    is_log: bool,
}

impl Progress {
    /// Of so many runs at most.
    pub fn new(runs: u64) -> Progress {
        let bar = ProgressBar::new(runs);
        let style = "{wide_bar} {pos} of {len} runs, {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a template of ours"));
        Progress { bar, is_log: !io::stderr().is_terminal() }
    }

    /// Shows a run.
    pub fn show(&mut self, step: &Step<'_>) {
        self.bar.set_position(step.runs);
        self.bar.set_message(line(step));
        if self.is_log && step.is_kept {
            exit::say(&format!("run {}, {}\n", step.runs, line(step)));
        }
    }

    /// Shows no more.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(step: &Step<'_>) -> String {
    let size = step.size();
    let (faults, operations) =
        (words::count(size.faults, "fault"), words::count(size.operations, "operation"));
    format!("{}: {faults}, {operations}, {}", step.name, words::seconds(size.time_ms * 1_000_000))
}
