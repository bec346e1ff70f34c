//! The scoreboard of planted bugs, as a table of the terminal and of Markdown.

use std::fmt::Write as _;

use comfy_table::{ColumnConstraint, Width};

use super::{summary, table, words};
use crate::scoreboard::{self, Score, Shrunk};
use crate::shrink::Size;

const COLUMNS: [&str; 10] =
    ["no.", "bug", "found", "seeds", "simulated s", "wall s", "seen by", "beside it", "reached", "shrunk to"];

/// Columns that a terminal has room for: Markdown and JSON have all.
const SHOWN: [usize; 6] = [0, 1, 2, 3, 5, 9];
/// Columns of the longest name of a bug, with its margins.
const NAME: u16 = 32;

/// The table, and what it comes to.
pub fn text(scores: &[Score], width: usize) -> String {
    let mut table = table::plain(SHOWN.map(|column| COLUMNS[column]), width);
    for score in scores {
        let cells = cells(score);
        table.add_row(SHOWN.map(|column| &cells[column]));
    }
    if let Some(names) = table.column_mut(1) {
        names.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(NAME)));
    }
    let mut text = format!("{table}\n\n");
    for (name, words) in facts(scores) {
        text.push_str(&summary::named(name, &words, width));
    }
    text
}

/// The same as Markdown.
pub fn markdown(scores: &[Score]) -> String {
    let mut text = format!("| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    for score in scores {
        // A string takes everything.
        let _ = writeln!(text, "| {} |", cells(score).join(" | "));
    }
    text.push('\n');
    for (name, words) in facts(scores) {
        let _ = writeln!(text, "- {name}: {words}");
    }
    text
}

/// Of seeds and times: the median, and what 95 of 100 starts did not pass.
fn cells(score: &Score) -> [String; 10] {
    let seeds = |percent| score.percentile(percent, |start| start.seeds);
    let beyond = || format!("> {}", score.seeds_max);
    let of_seeds = |percent| seeds(percent).map_or_else(beyond, words::thousands);
    let seconds = |percent, of: fn(&scoreboard::Start) -> u64| {
        score.percentile(percent, of).map_or_else(|| "–".to_owned(), tenths)
    };
    let pair = |of: fn(&scoreboard::Start) -> u64| format!("{} / {}", seconds(50, of), seconds(95, of));
    let others = score.others();
    let reached: u64 = score.starts.iter().map(|start| start.reached).sum();
    let runs: u64 = score.starts.iter().map(|start| start.seeds).sum();
    [
        score.number.to_string(),
        score.bug.to_owned(),
        format!("{} of {}", score.found().count(), score.starts.len()),
        format!("{} / {}", of_seeds(50), of_seeds(95)),
        pair(|start| start.simulated_ns),
        pair(|start| start.wall_ns),
        score.seen_by().join(", "),
        if others.is_empty() { "nothing".to_owned() } else { others.join(", ") },
        format!("{} of {} runs", words::thousands(reached), words::thousands(runs)),
        score.shrunk.as_ref().map_or_else(|| "–".to_owned(), shrunk_to),
    ]
}

/// `1 fault, 3 operations`.
fn shrunk_to(shrunk: &Shrunk) -> String {
    let Size { faults, operations, .. } = shrunk.after;
    format!("{}, {}", words::count(faults, "fault"), words::count(operations, "operation"))
}

fn tenths(ns: u64) -> String {
    format!("{:.1}", ns as f64 / 1e9)
}

fn facts(scores: &[Score]) -> Vec<(&'static str, String)> {
    let found = scores.iter().filter(|score| score.is_found()).count();
    let shown: u64 = scores.iter().map(|score| score.found().count() as u64).sum();
    let alarms: u64 = scores.iter().map(Score::false_alarms).sum();
    let missed: Vec<&str> = scores.iter().filter(|score| !score.is_found()).map(|score| score.bug).collect();
    let mut facts = vec![
        (
            "found",
            format!(
                "{found} of {}, from half of all starts or more",
                words::count(scores.len() as u64, "bug")
            ),
        ),
        (
            "clean store",
            format!(
                "in the same {}: {} broke a promise",
                words::count(shown, "run"),
                words::thousands(alarms)
            ),
        ),
    ];
    if !missed.is_empty() {
        facts.push(("not found", missed.join(", ")));
    }
    let errors = scoreboard::errors(scores);
    if !errors.is_empty() {
        facts.push(("our failures", errors.join("; ")));
    }
    facts
}
