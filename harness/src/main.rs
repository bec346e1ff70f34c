//! `perjury`: run, sweep, replay, check, inspect, list.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
