//! The command line: what was asked for, who does it, and with which code the process ends.

mod bugs;
mod catalog;
mod chaos;
mod check;
mod convert;
mod exit;
mod given;
mod input;
mod inspect;
mod interrupt;
mod list;
mod merge;
mod options;
mod parse;
mod replay;
mod run;
mod seed;
mod shrink;
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
/// Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong usage or input that cannot be read, 255 the program's
/// own failure.
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
  cargo perjury sweep --seeds 0..1000                a thousand runs, one at a time on each core
  cargo perjury chaos --duration 8h                  scenarios drawn by their seeds, all night
  cargo perjury shrink runs/…/4711                   the same failure in a few operations
  cargo perjury inspect runs/…/4711 --key k3         what happened to one key
  cargo perjury check history.edn                    a verdict on a history of anyone's
  cargo perjury convert history.jsonl history.edn    the same history for Knossos or Elle";

/// What each does, it says itself: a sentence here would hide all that its help has to say.
#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Sweep(sweep::Sweep),
    Chaos(chaos::Chaos),
    Merge(merge::Merge),
    Bugs(bugs::Bugs),
    Replay(replay::Replay),
    Shrink(shrink::Shrink),
    Check(check::Check),
    Convert(convert::Convert),
    Inspect(inspect::Inspect),
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
        Command::Chaos(chaos) => chaos.execute(),
        Command::Merge(merge) => merge.execute(),
        Command::Bugs(bugs) => bugs.execute(),
        Command::Replay(replay) => replay.execute(),
        Command::Shrink(shrink) => shrink.execute(),
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

    /// No line of ours is broken again by who prints it, and no heading has swallowed an option of ours.
    #[test]
    fn shows_all_that_is_said_of_each_command() {
        for command in Cli::command().get_subcommands() {
            let long = command.clone().term_width(100).render_long_help().to_string();
            assert!(command.get_long_about().is_some() || command.get_name() == "list", "{long}");
            let options =
                long.split("\n\n").skip_while(|part| !part.contains("Options:")).collect::<String>();
            assert!(options.contains("--help"), "{long}");
            let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.lines().all(|line| line.chars().count() <= 98), "{after}");
        }
    }

    #[test]
    fn suggests_the_name_that_was_meant() {
        let error =
            Cli::try_parse_from(["perjury", "run", "--nemesis", "partiton"]).err().expect("no such fault");
        assert!(error.use_stderr());
        assert!(error.to_string().contains("'partition'"), "{error}");
    }
}
