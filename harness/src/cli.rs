//! The command line: what was asked for, who does it, and with which code the process ends.

mod catalog;
mod check;
mod convert;
mod exit;
mod input;
mod inspect;
mod list;
mod options;
mod parse;
mod replay;
mod run;
mod sweep;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;

/// Finds out whether a replicated store keeps its promises.
///
/// It runs the store under a simulated network, injects faults, records every operation, and says for
/// each promise of the store whether it was kept, with evidence. The same seed gives the same run, byte
/// for byte.
///
/// Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong usage, 255 the program's own failure.
#[derive(Parser)]
#[command(name = "perjury", version, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cargo perjury run                                  a store, partitions, crashes, skewed clocks
  cargo perjury run --level one/all --nemesis crash  write at one replica, read from all
  cargo perjury list bugs                            what can be planted in the store
  cargo perjury sweep --seeds 0..1000                a thousand runs, as many at a time as there are cores
  cargo perjury inspect runs/…/4711 --key k3         what happened to one key
  cargo perjury check history.edn                    a verdict on a history of anyone's
  cargo perjury convert history.jsonl history.edn    the same history for Knossos or Elle";

#[derive(Subcommand)]
enum Command {
    /// Runs a scenario once, and says which promises were kept.
    Run(run::Run),
    /// Runs a scenario with many seeds, and keeps the folders of those that fail.
    Sweep(sweep::Sweep),
    /// Repeats a run from its folder, and compares it byte for byte.
    Replay(replay::Replay),
    /// Judges histories: a run's folder by the promises in its report, a file by checkers.
    Check(check::Check),
    /// Writes a history in another format, so that other tools can read it.
    Convert(convert::Convert),
    /// Shows what happened in a run: summary, faults over time, one lane a client.
    Inspect(inspect::Inspect),
    /// Lists what can be chosen: stores, workloads, nemeses, checkers, models, formats, bugs.
    List(list::List),
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output and is no error; where neither can be written, all is said.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Valid }.into();
        }
    };
    let done = match cli.command {
        Command::Run(run) => run.execute(),
        Command::Sweep(sweep) => sweep.execute(),
        Command::Replay(replay) => replay.execute(),
        Command::Check(check) => check.execute(),
        Command::Convert(convert) => convert.execute(),
        Command::Inspect(inspect) => inspect.execute(),
        Command::List(list) => list.execute(),
    };
    done.unwrap_or_else(|error| exit::explain(&error)).into()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn is_a_well_formed_command_line() {
        Cli::command().debug_assert();
    }

    #[test]
    fn suggests_the_name_that_was_meant() {
        let error =
            Cli::try_parse_from(["perjury", "run", "--nemesis", "partiton"]).err().expect("no such fault");
        assert!(error.use_stderr());
        assert!(error.to_string().contains("'partition'"), "{error}");
    }
}
