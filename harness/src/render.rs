//! Reports as people see them: plain text, as wide as whoever asks says.
//!
//! ```text
//! table.rs      guarantee, level, outcome, evidence
//! evidence.rs   an anomaly as marks on a time axis: operations, notes, faults in force
//! anomaly.rs    those marks drawn, with the versions in order
//! faults.rs     bars over time, one a fault
//! lanes.rs      a history event by event, one lane a client
//! measures.rs   what checkers measure beside their verdicts
//! chaos.rs      the page of a chaos sweep
//! scoreboard.rs how fast planted bugs are found
//! shrunk.rs     a run before and after shrinking
//! summary.rs    a whole report
//! sweep.rs      the summary of a sweep
//! words.rs      times, values, operations in words
//! ```

pub mod anomaly;
pub mod chaos;
pub mod evidence;
pub mod faults;
pub mod lanes;
pub mod measures;
pub mod scoreboard;
pub mod shrunk;
pub mod summary;
pub mod sweep;
pub mod table;
pub mod words;

use perjury_checkers::Anomaly;
use perjury_histories::History;

use crate::report::{Report, Row, RowOutcome};

/// Columns of what is kept in files, and of what is printed where there is no terminal to adapt to. No line is
/// wider, unless a single word is.
pub const WIDTH: usize = 100;

/// What `anomaly.txt` holds: the command that repeats the run, then the smallest counterexample to each
/// broken promise. `None` when no promise was broken.
pub fn anomalies(report: &Report, history: &History) -> Option<String> {
    let broken: Vec<&Row> = broken(report).collect();
    if broken.is_empty() {
        return None;
    }
    let mut text = format!("{}\n", report.command);
    for row in broken {
        text.push('\n');
        text.push_str(&counterexample(report, history, row, WIDTH));
    }
    Some(text)
}

/// The promises that were broken.
pub fn broken(report: &Report) -> impl Iterator<Item = &Row> {
    report.rows.iter().filter(|row| row.promised && row.outcome == RowOutcome::Broken)
}

/// The smallest counterexample of one row.
pub fn counterexample(report: &Report, history: &History, row: &Row, width: usize) -> String {
    let title = match row.level.as_str() {
        "" => row.guarantee.clone(),
        level => format!("{}, level {level}", row.guarantee),
    };
    let mut text = format!("{title}: broken\n");
    match Anomaly::smallest(&row.anomalies) {
        None => text.push_str(&words::indented(&row.evidence, 2, width)),
        Some(anomaly) => text.push_str(&anomaly::draw(history, &report.faults, anomaly, width)),
    }
    if row.anomalies.len() > 1 {
        text.push_str(&format!("  This is the smallest of {}.\n", row.found.words(row.anomalies.len())));
    }
    text
}
