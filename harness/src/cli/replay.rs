//! `perjury replay`: a run again, compared byte for byte.

use std::path::PathBuf;

use clap::Args;
use perjury::folder;
use perjury::{run, trial};
use perjury_histories::format::jsonl;

use super::exit::{self, Exit};
use super::{input, options};

/// Repeats a run from its folder, and compares it byte for byte.
///
/// The same scenario, the same seed. Says whether the history and the log are the same, byte for byte, or where
/// they first differ. Exits with 0 when they are the same, else with 1.
#[derive(Args)]
pub struct Replay {
    /// The run's folder: the one that run names after 'kept in'
    #[arg(value_name = "RUN")]
    run: PathBuf,
}

impl Replay {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let folder = input::run(&self.run)?;
        let report = &folder.report;
        let ours = trial::program();
        if ours != report.program {
            exit::print(&format!(
                "another program made this run: {} with binary {}; this is {} with binary {}\n",
                report.program.version, report.program.binary, ours.version, ours.binary
            ))?;
        }
        exit::print(&format!("seed {}\n", report.seed))?;
        let system = options::system(&report.scenario.store)?;
        let recording = run::execute(system, &report.scenario, report.seed, &mut |_| {})?;
        let mut history = Vec::new();
        jsonl::write(&recording.history, &mut history)?;

        let events = recording.history.events().len();
        let differences: Vec<String> = [
            difference("history", &folder.bytes(folder::HISTORY)?, &history),
            difference("log", &folder.bytes(folder::TRACE)?, recording.trace.as_bytes()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if differences.is_empty() {
            exit::print(&format!("same history, byte for byte ({events} events), and the same log\n"))?;
            return Ok(Exit::Valid);
        }
        exit::print(&differences.concat())?;
        Ok(Exit::Invalid)
    }
}

/// Where two files first differ: both lines, or that one of them ends there. `None` when they do not.
fn difference(name: &str, kept: &[u8], now: &[u8]) -> Option<String> {
    if kept == now {
        return None;
    }
    let lines =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).split('\n').map(str::to_owned).collect::<Vec<_>>();
    let (kept, now) = (lines(kept), lines(now));
    let same = kept.iter().zip(&now).take_while(|(kept, now)| kept == now).count();
    let line = |lines: &[String]| match lines.get(same) {
        None => "(nothing: it ends here)".to_owned(),
        Some(line) if line.is_empty() && same + 1 == lines.len() => "(nothing: it ends here)".to_owned(),
        Some(line) => line.clone(),
    };
    // The first line of a history is its header, and event 0 the one after.
    let place = match (name, same.checked_sub(1)) {
        ("history", Some(event)) => format!("event {event}"),
        _ => format!("line {}", same + 1),
    };
    Some(format!("the {name} differs from {place} on\n  kept  {}\n  now   {}\n", line(&kept), line(&now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_event_that_differs() {
        assert_eq!(difference("history", b"header\na\nb\n", b"header\na\nb\n"), None);
        assert_eq!(
            difference("history", b"header\na\nb\n", b"header\na\nc\n").as_deref(),
            Some("the history differs from event 1 on\n  kept  b\n  now   c\n")
        );
    }

    #[test]
    fn says_which_one_ends_early() {
        assert_eq!(
            difference("log", b"a\n", b"a\nb\n").as_deref(),
            Some("the log differs from line 2 on\n  kept  (nothing: it ends here)\n  now   b\n")
        );
    }
}
