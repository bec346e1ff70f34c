//! How far a chaos sweep is: one line with rate and findings, which a terminal redraws.

use std::io::{self, IsTerminal as _};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use perjury::chaos::{Entry, Totals};
use perjury::render::words;
use perjury::sweep::wall_ns;

use crate::cli::exit;

/// How long nothing may be said where there is no terminal.
const QUIET_NS: u64 = 60_000_000_000;

/// How far a chaos sweep is.
pub struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    clock: Mutex<Clock>,
}

struct Clock {
    begun_ns: u64,
    said_ns: u64,
    /// Runs of earlier processes.
    before: u64,
    findings: usize,
}

impl Progress {
    /// Of so many seeds, or without end.
    pub fn new(seeds: Option<u64>) -> Progress {
        let bar = seeds.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style = if seeds.is_some() { "{wide_bar} {pos} of {len}: {msg}" } else { "{spinner} {msg}" };
        bar.set_style(ProgressStyle::with_template(style).expect("a template of ours"));
        let now = wall_ns();
        let clock = Mutex::new(Clock { begun_ns: now, said_ns: now, before: 0, findings: 0 });
        Progress { bar, is_terminal: io::stderr().is_terminal(), clock }
    }

    /// What earlier processes have done.
    pub fn begin(&self, totals: &Totals) {
        let mut clock = self.clock.lock().expect("counting does not panic");
        (clock.before, clock.findings) = (totals.runs(), totals.findings.len());
        if clock.before > 0 {
            exit::say(&format!("going on after {}\n", words::count(clock.before, "run")));
        }
        self.bar.set_position(clock.before);
    }

    /// A run is over.
    pub fn add(&self, entry: &Entry, totals: &Totals) {
        let mut clock = self.clock.lock().expect("counting does not panic");
        if totals.findings.len() > clock.findings {
            clock.findings = totals.findings.len();
            let name = entry.signature.as_ref().map(ToString::to_string).unwrap_or_default();
            self.say(&format!("found: {name}  {}", entry.case.command));
        }
        let now = wall_ns();
        let line = line(totals, clock.before, now - clock.begun_ns);
        self.bar.set_position(totals.runs());
        self.bar.set_message(line.clone());
        if !self.is_terminal && now - clock.said_ns >= QUIET_NS {
            clock.said_ns = now;
            self.say(&line);
        }
    }

    /// Shows no more.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, line: &str) {
        if self.is_terminal { self.bar.println(line) } else { exit::say(&format!("{line}\n")) }
    }
}

/// `1,234 runs, 3.91 a second; 2 findings in 5 runs, 1 not decided, 0 failures of ours`.
fn line(totals: &Totals, before: u64, elapsed_ns: u64) -> String {
    let a_second = (totals.runs() - before) as f64 * 1e9 / elapsed_ns.max(1) as f64;
    format!(
        "{}, {a_second:.2} a second; {} in {}, {} not decided, {} of ours",
        words::count(totals.runs(), "run"),
        words::count(totals.findings.len() as u64, "finding"),
        words::count(totals.count_of("invalid"), "run"),
        words::thousands(totals.count_of("unknown")),
        words::count(totals.count_of("error"), "failure"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_rate_and_findings_in_a_line() {
        let verdicts = [("valid", 1_230), ("invalid", 3), ("unknown", 1)]
            .map(|(verdict, runs)| (verdict.to_owned(), runs))
            .into();
        let totals = Totals { verdicts, ..Totals::default() };
        assert_eq!(
            line(&totals, 1_000, 60_000_000_000),
            "1,234 runs, 3.90 a second; 0 findings in 3 runs, 1 not decided, 0 failures of ours"
        );
    }
}
