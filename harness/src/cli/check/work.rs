//! A thread that reads one history and judges it, step by step.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;

use perjury::report::{Report, Row};
use perjury::{judge, sweep, tally, trial};
use perjury_checkers::stop::{Reason, Stop};
use perjury_checkers::{Checker, Limits, Verdict, observation};
use perjury_histories::History;

use super::choice::Asked;
use super::judged::{Judged, Judgement, Outcome};
use super::watch::Watch;
use crate::cli::input::{self, Source};

/// As much as the main thread has.
const STACK_BYTES: usize = 8 << 20;

/// A word of the worker.
enum Step {
    /// What stands in the way of reading it.
    Unusable(String),
    /// It is read.
    Read(Reading),
    /// The verdict of the next checker.
    Judged(Judgement),
    /// The verdict on a run, and its rows.
    Run(&'static str, Vec<Row>),
    /// That was all, and took this long.
    Done(u64),
}

/// A history, and by what it will be judged.
struct Reading {
    history: Arc<History>,
    format: &'static str,
    is_split_by_key: bool,
    checkers: Vec<(&'static dyn Checker, Option<&'static str>)>,
    why: String,
    spent_ns: u64,
}

/// Reads and judges one file on another thread, while this one watches.
pub fn judge(path: &Path, asked: &Arc<Asked>, watch: &mut Watch) -> Outcome {
    let file = path.display().to_string();
    let (sender, steps) = mpsc::channel();
    let worker =
        Worker { path: path.to_owned(), asked: Arc::clone(asked), stop: watch.stop(), steps: sender };
    let spawned = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || worker.work());
    if let Err(error) = spawned {
        return Outcome::Failed { problem: format!("{file}: cannot start a thread: {error}"), file };
    }
    watch.shows("reading".to_owned());
    let mut judged: Option<Box<Judged>> = None;
    let mut pending: Vec<(&'static dyn Checker, Option<&'static str>)> = Vec::new();
    loop {
        let done = judged.as_ref().map_or(0, |judged| judged.checks.len());
        if let Some((checker, _)) = pending.get(done) {
            watch.shows(format!("checker {} of {}, {}", done + 1, pending.len(), checker.name()));
        }
        let step = watch.next(&steps, judged.is_some());
        match (step, &mut judged) {
            (Ok(Some(Step::Unusable(problem))), _) => return Outcome::Unusable { file, problem },
            (Ok(Some(Step::Read(reading))), _) => {
                pending = reading.checkers.clone();
                judged = Some(Box::new(begun(&file, reading, asked)));
            }
            (Ok(Some(Step::Judged(judgement))), Some(judged)) => judged.checks.push(judgement),
            (Ok(Some(Step::Run(verdict, rows))), Some(judged)) => {
                judged.checks = rows.iter().filter(|row| row.promised).map(Judgement::of_promise).collect();
                (judged.verdict_of_run, judged.rows) = (Some(verdict), rows);
            }
            (Ok(Some(Step::Done(spent_ns))), Some(judged)) => {
                judged.check_ns = spent_ns;
                break;
            }
            (Ok(_), _) => {
                let problem = format!("{file}: the program failed; this is a fault of its own");
                return Outcome::Failed { file, problem };
            }
            (Err(reason), None) => {
                return Outcome::Unread { file, problem: format!("{reason} was reached while reading") };
            }
            (Err(reason), Some(judged)) => {
                left_behind(judged, &pending, reason);
                judged.check_ns = watch.elapsed_ns().saturating_sub(judged.parse_ns);
                break;
            }
        }
    }
    // Reading comes first, so there is something to finish.
    let Some(mut judged) = judged else { unreachable!("every way out of the loop has read the history") };
    judged.peak_memory_bytes = sweep::memory_bytes_max();
    Outcome::Judged(judged)
}

/// Nothing judged yet.
fn begun(file: &str, reading: Reading, asked: &Asked) -> Judged {
    Judged {
        file: file.to_owned(),
        format: reading.format,
        is_split_by_key: reading.is_split_by_key,
        history: reading.history,
        initial: asked.initial.clone().unwrap_or_default(),
        why: reading.why,
        checks: Vec::new(),
        rows: Vec::new(),
        verdict_of_run: None,
        parse_ns: reading.spent_ns,
        check_ns: 0,
        peak_memory_bytes: None,
    }
}

/// What the worker had not said when nobody waited for it any longer is unknown.
fn left_behind(
    judged: &mut Judged,
    pending: &[(&'static dyn Checker, Option<&'static str>)],
    reason: Reason,
) {
    if pending.is_empty() {
        judged.verdict_of_run = Some("unknown");
        judged.why = format!("{reason} was reached before the promises were judged");
    }
    let done = judged.checks.len();
    for (place, (checker, model)) in pending.iter().enumerate().skip(done) {
        let when = if place == done { "before it had decided anything" } else { "before it began" };
        let verdict = Verdict::Unknown(format!("{reason} was reached {when}"));
        judged.checks.push(Judgement::new(checker.name(), *model, &verdict, 0));
    }
}

/// The thread.
struct Worker {
    path: PathBuf,
    asked: Arc<Asked>,
    stop: Stop,
    steps: Sender<Step>,
}

impl Worker {
    fn work(self) {
        // Who does not listen any longer has left us behind.
        let _ = self.steps.send(match self.try_work() {
            Ok(spent_ns) => Step::Done(spent_ns),
            Err(problem) => Step::Unusable(problem),
        });
    }

    /// How long judging took, or why the file cannot be used.
    fn try_work(&self) -> Result<u64, String> {
        let started = sweep::wall_ns();
        let source = input::find(&self.path).map_err(|error| error.to_string())?;
        let read = source.read_by_key(self.asked.format).map_err(|error| error.to_string())?;
        let (history, format, is_split_by_key) = read;
        let history = Arc::new(history);
        let reading = |checkers, why| {
            let spent_ns = sweep::wall_ns() - started;
            let history = Arc::clone(&history);
            Step::Read(Reading { history, format, is_split_by_key, checkers, why, spent_ns })
        };
        if let (Source::Run(folder), true) = (&source, self.asked.checkers.is_empty()) {
            let _ = self.steps.send(reading(Vec::new(), "the promises in its report".to_owned()));
            let read = sweep::wall_ns();
            let (verdict, rows) = by_promises(&history, &folder.report, &self.limits())
                .map_err(|error| format!("{error:#}"))?;
            let _ = self.steps.send(Step::Run(verdict, rows));
            return Ok(sweep::wall_ns() - read);
        }
        let read = sweep::wall_ns();
        let choice = self.asked.choose(&history);
        if let Some(misuse) = self.asked.misuse(&history, &choice) {
            return Err(format!("{}: {misuse}", self.path.display()));
        }
        let with_model = |checker| (checker, self.asked.model_of(checker, &history));
        let checkers: Vec<_> = choice.checkers.into_iter().map(with_model).collect();
        let _ = self.steps.send(reading(checkers.clone(), choice.why));
        for (checker, model) in checkers {
            let _ = self.steps.send(Step::Judged(self.by_checker(&history, checker, model)));
        }
        Ok(sweep::wall_ns() - read)
    }

    fn limits(&self) -> Limits {
        Limits { configurations_max: self.asked.configurations_max, stop: self.stop.clone() }
    }

    fn by_checker(&self, history: &History, checker: &dyn Checker, model: Option<&'static str>) -> Judgement {
        let started = sweep::wall_ns();
        let verdict = match self.stop.reason() {
            Some(reason) => Verdict::Unknown(format!("{reason} was reached before it began")),
            None => checker.check(history, &self.asked.context(history, self.limits())),
        };
        let mut judgement = Judgement::new(checker.name(), model, &verdict, sweep::wall_ns() - started);
        if verdict.is_valid() {
            judgement.reason = observation::why_nothing(history).unwrap_or_default();
        }
        judgement
    }
}

/// Judges a run again, by what its report says was owed; a panic that the report tells of stays.
fn by_promises(
    history: &History,
    report: &Report,
    limits: &Limits,
) -> anyhow::Result<(&'static str, Vec<Row>)> {
    let charge = judge::Charge {
        workload: &report.scenario.workload,
        promises: &report.promises,
        levels: &report.levels,
        refuses: &report.refuses,
        limits: Some(limits),
    };
    anyhow::ensure!(
        tally::operations(history) == report.operations,
        "history.jsonl and report.json do not belong together: they count different operations"
    );
    let (mut rows, _) = judge::judge(history, &charge)?;
    rows.splice(0..0, report.rows.iter().filter(|row| trial::is_of_run(&row.guarantee)).cloned());
    Ok((trial::verdict(&rows), rows))
}
