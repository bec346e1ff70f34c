//! `perjury check`: verdicts on histories, a run's or anyone's.

mod fit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use perjury::render::{anomaly, summary, table, words};
use perjury::report::{Report, RowOutcome};
use perjury::{folder, judge, sweep, tally, trial};
use perjury_checkers::{Anomaly, Checker, Context, Verdict, checker};
use perjury_histories::History;
use serde::Serialize;

use super::catalog;
use super::exit::{self, Exit, usage};
use super::replay;

/// At most this many counterexamples a checker are drawn; `--json` has all of them.
const DRAWN_MAX: usize = 3;

/// Judges histories.
///
/// A run's folder is judged by the promises in its report, from its files alone. A history of anyone's, as
/// JSON Lines, is judged by the chosen checkers, or by all that fit its functions, and is invalid if any
/// of them says so.
#[derive(Args)]
pub struct Check {
    /// Histories, or folders of runs
    #[arg(value_name = "FILE|RUN", required = true)]
    paths: Vec<PathBuf>,
    /// Checkers to judge by, with commas between them [default: those that fit]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = catalog::parser(catalog::checkers()))]
    checker: Vec<String>,
    /// Prints one JSON object a history, each on one line
    #[arg(long)]
    json: bool,
}

/// The verdict on one history.
#[derive(Serialize)]
struct Judged {
    file: String,
    verdict: &'static str,
    operations: usize,
    events: usize,
    parse_millis: f64,
    check_millis: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
    checks: Vec<Judgement>,
}

/// The verdict of one checker; of a run, on one promise.
#[derive(Serialize)]
struct Judgement {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    millis: Option<f64>,
    reason: String,
    anomalies: Vec<Anomaly>,
}

impl Check {
    pub fn execute(self) -> anyhow::Result<Exit> {
        let mut worst = Exit::Valid;
        for path in &self.paths {
            let (history, judged) = self.judge(path)?;
            let text =
                if self.json { serde_json::to_string(&judged)? + "\n" } else { text(&history, &judged) };
            exit::print(&text)?;
            worst = worst.worst(Exit::of(judged.verdict));
        }
        Ok(worst)
    }

    fn judge(&self, path: &Path) -> anyhow::Result<(History, Judged)> {
        let started = sweep::wall_ns();
        let folder = path.is_dir().then(|| replay::open(path)).transpose()?;
        let file = folder.as_ref().map_or(path.to_owned(), |folder| folder.path.join(folder::HISTORY));
        let history = folder::read_history(&file).or_else(|error| usage(format!("{error:#}")))?;
        let parsed = sweep::wall_ns();
        let (verdict, checks) = match &folder {
            Some(folder) if self.checker.is_empty() => by_promises(&history, &folder.report)?,
            _ => self.by_checkers(&history),
        };
        let judged = Judged {
            file: path.display().to_string(),
            verdict,
            operations: history.operations().len(),
            events: history.events().len(),
            parse_millis: millis(parsed - started),
            check_millis: millis(sweep::wall_ns() - parsed),
            peak_memory_bytes: sweep::memory_bytes_max(),
            checks,
        };
        Ok((history, judged))
    }

    fn by_checkers(&self, history: &History) -> (&'static str, Vec<Judgement>) {
        let chosen: Vec<&dyn Checker> = match self.checker.as_slice() {
            [] => fit::checkers(history),
            names => names.iter().filter_map(|name| checker::named(name)).collect(),
        };
        let checks: Vec<Judgement> = chosen.into_iter().map(|checker| by_checker(history, checker)).collect();
        let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
        let verdict = match () {
            () if any("invalid") => "invalid",
            () if any("unknown") || checks.is_empty() => "unknown",
            () => "valid",
        };
        (verdict, checks)
    }
}

fn by_checker(history: &History, checker: &dyn Checker) -> Judgement {
    let started = sweep::wall_ns();
    let verdict = checker.check(history, &Context::default());
    let spent = sweep::wall_ns() - started;
    let reason = match &verdict {
        Verdict::Valid(_) => String::new(),
        Verdict::Unknown(reason) => reason.clone(),
        Verdict::Invalid(anomalies) => {
            words::count(anomalies.len() as u64, "anomaly").replace("anomalys", "anomalies")
        }
    };
    Judgement {
        name: checker.name().to_owned(),
        level: None,
        verdict: verdict.name(),
        millis: Some(millis(spent)),
        reason,
        anomalies: verdict.anomalies().to_vec(),
    }
}

/// Judges a run again, by what its report says was owed; a panic that the report tells of stays.
fn by_promises(history: &History, report: &Report) -> anyhow::Result<(&'static str, Vec<Judgement>)> {
    let charge = judge::Charge {
        workload: &report.scenario.workload,
        promises: &report.promises,
        levels: &report.levels,
        refuses: &report.refuses,
    };
    let (mut rows, _) = judge::judge(history, &charge)?;
    rows.splice(0..0, report.rows.iter().filter(|row| row.guarantee == trial::NO_PANIC).cloned());
    let verdict = trial::verdict(&rows);
    let promised = rows.into_iter().filter(|row| row.promised);
    let checks = promised.map(|row| Judgement {
        name: row.guarantee,
        level: Some(row.level),
        verdict: match row.outcome {
            RowOutcome::Held => "valid",
            RowOutcome::Broken => "invalid",
            RowOutcome::NotOwed => "not-owed",
            RowOutcome::Unknown => "unknown",
        },
        millis: None,
        reason: row.evidence,
        anomalies: row.anomalies,
    });
    Ok((verdict, checks.collect()))
}

fn millis(ns: u64) -> f64 {
    (ns / 1_000) as f64 / 1_000.0
}

fn text(history: &History, judged: &Judged) -> String {
    let mut text = format!("{}\n", judged.file);
    let has_levels = judged.checks.iter().any(|check| check.level.is_some());
    let mut rows = match has_levels {
        true => table::plain(["guarantee", "level", "verdict", "evidence"]),
        false => table::plain(["checker", "verdict", "ms", "reason"]),
    };
    for check in &judged.checks {
        let verdict = check.verdict.replace('-', " ");
        let level = check.level.clone().unwrap_or_default();
        let millis = check.millis.map(|millis| format!("{millis:.1}")).unwrap_or_default();
        let (name, reason) = (check.name.clone(), check.reason.clone());
        rows.add_row(if has_levels {
            [name, level, verdict, reason]
        } else {
            [name, verdict, millis, reason]
        });
    }
    if judged.checks.is_empty() {
        text.push_str(&words::indented(&fit::none(history), 0));
    } else {
        text.push_str(&table::painted(&rows.to_string()));
    }
    let faults = tally::faults(history);
    for check in judged.checks.iter().filter(|check| !check.anomalies.is_empty()) {
        for anomaly in check.anomalies.iter().take(DRAWN_MAX) {
            text.push('\n');
            text.push_str(&anomaly::draw(history, &faults, anomaly));
        }
        let hidden = check.anomalies.len().saturating_sub(DRAWN_MAX);
        if hidden > 0 {
            text.push_str(&format!("  … and {hidden} more of {}; --json has them all\n", check.name));
        }
    }
    let style = table::style(judged.verdict).unwrap_or_default();
    let counts: BTreeMap<_, _> = tally::operations(history);
    text.push_str(&summary::named("operations", &summary::operations(&counts)));
    text.push_str(&format!("{:<13}  {style}{}{style:#}\n\n", "verdict", judged.verdict));
    text
}
