//! The command line of the store: run a node, or ask one.

mod args;
mod commands;

use std::process::ExitCode;

use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors; where they cannot be printed, nothing can.
            let _ = error.print();
            return if error.use_stderr() { commands::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("perjury-store: cannot start: {error}");
            return commands::OURS.into();
        }
    };
    let ended = tokio::task::LocalSet::new().block_on(&runtime, commands::run(args));
    ended.unwrap_or_else(|error| {
        eprintln!("perjury-store: {}", commands::explain(&error));
        commands::exit_code(&error)
    })
}
