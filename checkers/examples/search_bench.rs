//! How long the search takes, apart from reading: `search_bench FILE… [--none|--no-PRUNING|--only-PRUNING]`.

use std::fs::File;
use std::io::BufReader;

use perjury_checkers::Limits;
use perjury_checkers::linearizable::pruning::Prunings;
use perjury_checkers::linearizable::search::search_with;
use perjury_checkers::linearizable::{Outcome, Problem};
use perjury_checkers::model::Model;
use perjury_checkers::model::cas_register::CasRegister;
use perjury_histories::Value;
use perjury_histories::format::jsonl;

/// The seconds of user time that this process has used.
fn user_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(") ").next().expect("a name in parentheses");
    let ticks: f64 = after_name.split(' ').nth(11).expect("utime").parse().expect("a number");
    ticks / 100.0
}

/// The most memory that this process has had, in MB.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") / 1024
}

fn main() {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let mut prunings = Prunings::ALL;
    for flag in &flags {
        match flag.as_str() {
            "--none" => prunings = Prunings::NONE,
            "--no-pure" => prunings.pure = false,
            "--no-deadline" => prunings.deadline = false,
            "--no-optional" => prunings.optional = false,
            "--no-idle" => prunings.idle = false,
            "--no-unseen" => prunings.unseen = false,
            "--no-dominance" => prunings.dominance = false,
            "--no-rehearsal" => prunings.rehearsal = false,
            "--only-pure" => prunings = Prunings { pure: true, ..Prunings::NONE },
            "--only-deadline" => prunings = Prunings { deadline: true, ..Prunings::NONE },
            "--only-optional" => prunings = Prunings { optional: true, ..Prunings::NONE },
            "--only-dominance" => prunings = Prunings { dominance: true, ..Prunings::NONE },
            "--only-rehearsal" => prunings = Prunings { rehearsal: true, ..Prunings::NONE },
            _ => panic!("{flag}?"),
        }
    }
    for file in files {
        let begin = user_seconds();
        let history = jsonl::read(BufReader::new(File::open(&file).expect("a file"))).expect("a history");
        let (read, read_peak) = (user_seconds(), peak_megabytes());
        let problem = Problem::of(history.operations());
        let built = user_seconds();
        let limits = Limits { configurations_max: 500_000_000, ..Limits::default() };
        let initial = CasRegister.initial(&Value::Null).expect("null");
        let answer = search_with(&CasRegister, &problem, &initial, &limits, &prunings);
        let searched = user_seconds();
        let found = match &answer.outcome {
            Outcome::Order(order) => format!("order of {}", order.len()),
            Outcome::Impossible(stuck) => format!("impossible at {} in {:?}", stuck.position, stuck.states),
            Outcome::GaveUp(gave_up) => format!("{gave_up:?}"),
        };
        println!(
            "{file}: read {:.2} s, problem {:.2} s, search {:.2} s, {} configurations, {read_peak} to {} MB: {found}",
            read - begin,
            built - read,
            searched - built,
            answer.configurations,
            peak_megabytes()
        );
    }
}
