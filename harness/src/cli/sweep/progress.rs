//! How far a sweep is: a bar on a terminal, else a line now and then, for logs.

use std::io::{self, IsTerminal as _};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use perjury::render::words;
use perjury::sweep::{self, Case};

use crate::cli::exit;

/// How long nothing may be said where there is no terminal.
const QUIET_NS: u64 = 10_000_000_000;

/// How far a sweep is.
pub struct Progress {
    bar: ProgressBar,
    /// Where standard error is no terminal.
    log: Option<Mutex<Log>>,
}

impl Progress {
    /// Of so many seeds.
    pub fn new(seeds: u64) -> Progress {
        let style = "{wide_bar} {pos} of {len} seeds, {per_sec}, {eta} to go";
        let bar = ProgressBar::new(seeds);
        bar.set_style(ProgressStyle::with_template(style).expect("a template of ours"));
        let log = (!io::stderr().is_terminal()).then(|| Mutex::new(Log::new(seeds, sweep::wall_ns())));
        Progress { bar, log }
    }

    /// Counts a run.
    pub fn add(&self, case: &Case) {
        if case.verdict != "valid" {
            self.bar.println(format!("seed {} {}  {}", case.seed, case.verdict, case.command));
        }
        self.bar.inc(1);
        if let Some(log) = &self.log {
            let line = log.lock().expect("counting does not panic").add(&case.verdict, sweep::wall_ns());
            line.iter().for_each(|line| exit::say(line));
        }
    }

    /// Shows no more.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Lines of a log.
struct Log {
    seeds: u64,
    started: u64,
    said: u64,
    done: u64,
    failed: u64,
}

impl Log {
    fn new(seeds: u64, now: u64) -> Log {
        Log { seeds, started: now, said: now, done: 0, failed: 0 }
    }

    /// Counts a run that ended now; a line if none was said for long.
    fn add(&mut self, verdict: &str, now: u64) -> Option<String> {
        self.done += 1;
        self.failed += u64::from(verdict != "valid");
        if now.saturating_sub(self.said) < QUIET_NS {
            return None;
        }
        self.said = now;
        Some(format!(
            "{} of {} after {} s, {} not valid\n",
            words::thousands(self.done),
            words::count(self.seeds, "seed"),
            (now - self.started) / 1_000_000_000,
            words::thousands(self.failed)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_something_every_ten_seconds() {
        let mut log = Log::new(1_000, 0);
        let second = 1_000_000_000;
        assert_eq!(log.add("valid", 9 * second), None);
        let line = log.add("invalid", 11 * second);
        assert_eq!(line.as_deref(), Some("2 of 1,000 seeds after 11 s, 1 not valid\n"));
        assert_eq!(log.add("valid", 20 * second), None);
        assert!(log.add("valid", 21 * second).is_some());
    }
}
