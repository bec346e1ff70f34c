//! `perjury check`: verdicts on histories, a run's or anyone's.

mod fit;

use std::path::{Path, PathBuf};

use clap::Args;
use perjury::render::{anomaly, summary, table, words};
use perjury::report::{Report, Row, RowOutcome};
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
    /// Of a run: the promises, as its report shows them.
    #[serde(skip)]
    rows: Vec<Row>,
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
        let (verdict, checks, rows) = match &folder {
            Some(folder) if self.checker.is_empty() => by_promises(&history, &folder.report)?,
            _ => {
                let (verdict, checks) = self.by_checkers(&history);
                (verdict, checks, Vec::new())
            }
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
            rows,
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
        Verdict::Invalid(anomalies) if anomalies.len() == 1 => "1 anomaly".to_owned(),
        Verdict::Invalid(anomalies) => format!("{} anomalies", anomalies.len()),
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
fn by_promises(
    history: &History,
    report: &Report,
) -> anyhow::Result<(&'static str, Vec<Judgement>, Vec<Row>)> {
    let charge = judge::Charge {
        workload: &report.scenario.workload,
        promises: &report.promises,
        levels: &report.levels,
        refuses: &report.refuses,
    };
    if tally::operations(history) != report.operations {
        return usage(
            "history.jsonl and report.json do not belong together: they count different operations",
        );
    }
    let (mut rows, _) = judge::judge(history, &charge)?;
    rows.splice(0..0, report.rows.iter().filter(|row| row.guarantee == trial::NO_PANIC).cloned());
    let verdict = trial::verdict(&rows);
    let checks = rows.iter().filter(|row| row.promised).map(|row| Judgement {
        name: row.guarantee.clone(),
        level: Some(row.level.clone()),
        verdict: match row.outcome {
            RowOutcome::Held => "valid",
            RowOutcome::Broken => "invalid",
            RowOutcome::NotOwed => "not-owed",
            RowOutcome::Unknown => "unknown",
        },
        millis: None,
        reason: row.evidence.clone(),
        anomalies: row.anomalies.clone(),
    });
    let checks = checks.collect();
    Ok((verdict, checks, rows))
}

fn millis(ns: u64) -> f64 {
    (ns / 1_000) as f64 / 1_000.0
}

fn text(history: &History, judged: &Judged) -> String {
    let mut text = format!("{}\n", judged.file);
    if !judged.rows.is_empty() {
        text.push_str(&table::promised(&judged.rows));
    } else if judged.checks.is_empty() {
        text.push_str(&words::indented(&fit::none(history), 0));
    } else {
        text.push_str(&by_checker_table(&judged.checks));
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
    text.push_str(&summary::named("operations", &summary::operations(&tally::operations(history))));
    text.push_str(&format!("{:<13}  {style}{}{style:#}\n\n", "verdict", judged.verdict));
    text
}

fn by_checker_table(checks: &[Judgement]) -> String {
    let mut table = table::plain(["checker", "verdict", "ms", "reason"]);
    for check in checks {
        let millis = check.millis.map(|millis| format!("{millis:.1}")).unwrap_or_default();
        table.add_row([&check.name, check.verdict, &millis, &check.reason]);
    }
    table::painted(&table.to_string())
}
