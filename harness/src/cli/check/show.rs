//! The verdict on one history in words.

use perjury::render::{anomaly, measures, summary, table, words};
use perjury::tally;
use perjury_checkers::Context;

use super::judged::{Judged, Judgement};
use crate::cli::input::SPLIT_BY_KEY;

/// At most this many counterexamples a checker are drawn; `--json` has all that are listed.
const DRAWN_MAX: usize = 3;

/// What was read, by what it was judged, the verdicts, the counterexamples.
pub fn text(judged: &Judged, width: usize) -> String {
    let named = |name, fact: &str| summary::named(name, fact, width);
    let mut text = format!("{}\n", judged.file);
    text.push_str(&named("format", &format!("{}, read in {}", judged.format, seconds(judged.parse_ns))));
    if judged.is_split_by_key {
        text.push_str(&named("keys", SPLIT_BY_KEY));
    }
    text.push_str(&named("judged by", &judged.why));
    if !judged.rows.is_empty() {
        text.push_str(&table::promised(&judged.rows, width));
    } else if !judged.checks.is_empty() {
        text.push_str(&by_checker(&judged.checks, width));
    }
    text.push_str(&counterexamples(judged, width));
    let context = Context { initial: judged.initial.clone(), ..Context::default() };
    for check in &judged.checks {
        let measures = measures::of(&check.name, &judged.history, &context);
        text.push_str(&measures.map_or(String::new(), |measures| named(&check.name, &measures)));
    }
    text.push_str(&named("operations", &summary::operations(&tally::operations(&judged.history))));
    let uninvoked = tally::uninvoked(&judged.history);
    if uninvoked > 0 {
        let all = words::count(judged.history.operations().len() as u64, "operation");
        let of = format!("{} of {all}", words::thousands(uninvoked));
        text.push_str(&named(
            "uninvoked",
            &format!("{of}: each counts as invoked in the moment of its completion"),
        ));
    }
    let verdict = judged.verdict();
    let style = table::style(verdict).unwrap_or_default();
    text.push_str(&format!("{:<13}  {style}{verdict}{style:#}\n\n", "verdict"));
    text
}

/// What is said of a file that was not read.
pub fn unread(file: &str, problem: &str) -> String {
    let style = table::style("unknown").unwrap_or_default();
    format!("{file}\n{problem}\n{:<13}  {style}unknown{style:#}\n\n", "verdict")
}

fn by_checker(checks: &[Judgement], width: usize) -> String {
    let has_models = checks.iter().any(|check| check.model.is_some());
    let mut table = match has_models {
        true => table::plain(["checker", "model", "verdict", "ms", "reason"], width),
        false => table::plain(["checker", "verdict", "ms", "reason"], width),
    };
    for check in checks {
        let millis = check.millis.map(|millis| format!("{millis:.1}")).unwrap_or_default();
        let model = has_models.then_some(check.model.unwrap_or_default());
        let rest = [check.verdict, &millis, &check.reason];
        table.add_row([check.name.as_str()].into_iter().chain(model).chain(rest));
    }
    table::painted(&table.to_string())
}

fn counterexamples(judged: &Judged, width: usize) -> String {
    let mut text = String::new();
    let faults = tally::faults(&judged.history);
    for check in judged.checks.iter().filter(|check| !check.anomalies.is_empty()) {
        for found in check.anomalies.iter().take(DRAWN_MAX) {
            text.push('\n');
            text.push_str(&anomaly::draw(&judged.history, &faults, &found.anomaly(), width));
        }
        let listed = check.anomalies.len();
        if listed > DRAWN_MAX {
            let found = check.found.words(listed);
            let more =
                format!("… only {DRAWN_MAX} are drawn: {} found {found}, which --json prints", check.name);
            text.push_str(&words::indented(&more, 2, width));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn seconds(ns: u64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}
