//! One run of a chaos sweep: drawn, run, judged, perhaps run again and compared, perhaps kept.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::Plan;
use super::entry::{Entry, Shrunk};
use super::state::Task;
use crate::report::Report;
use crate::run::{self, Recording};
use crate::scenario::{Scenario, ScenarioFile};
use crate::shrink::{self, Budget};
use crate::sweep::Case;
use crate::worker::caught;
use crate::{command, folder, render, store, swarm};

/// As wide as a page in a browser or a mail shows without wrapping.
const COUNTEREXAMPLE_COLUMNS: usize = 100;

/// A run that is over.
pub(super) struct Tried {
    pub entry: Entry,
    /// What it left behind; none, where it could not be executed.
    found: Option<(Recording, Report)>,
}

/// Draws and runs one seed on this thread.
pub(super) fn try_one(plan: &Plan<'_>, task: &Task) -> Tried {
    let drawn = caught(|| swarm::draw(&plan.profile, task.seed, task.parent.as_deref()));
    let scenario = match drawn {
        Ok(scenario) => scenario,
        Err(error) => return failed(&Scenario::default(), task.seed, &error),
    };
    match caught(|| run_and_judge(plan, &scenario, task)) {
        Ok(tried) => tried,
        Err(error) => failed(&scenario, task.seed, &error),
    }
}

fn failed(scenario: &Scenario, seed: u64, error: &anyhow::Error) -> Tried {
    let case = Case::failed(scenario, seed, format!("{error:#}"));
    Tried { entry: Entry::failed(case, scenario), found: None }
}

fn run_and_judge(plan: &Plan<'_>, scenario: &Scenario, task: &Task) -> anyhow::Result<Tried> {
    let system = store::named(&scenario.store).context("the draw checks that there is such a store")?;
    let (mut case, recording, report) = Case::run(system, scenario, task.seed)?;
    let one_in = plan.header.compares_one_in;
    let compared = one_in > 0 && task.k.is_multiple_of(one_in);
    let again = || compare(&recording, &run::execute(system, scenario, task.seed, &mut |_| {})?);
    if let Some(error) = compared.then(again).and_then(Result::err) {
        // What it broke is worth all the more to keep.
        case.error = Some(format!("{error:#}"));
        case.verdict = if case.verdict == "invalid" { case.verdict } else { "error".to_owned() };
    }
    let entry = Entry { compared, ..Entry::new(&report, case) };
    Ok(Tried { entry, found: Some((recording, report)) })
}

/// The same seed must give the same bytes.
fn compare(first: &Recording, second: &Recording) -> anyhow::Result<()> {
    if first.trace != second.trace {
        let lines = first.trace.lines().zip(second.trace.lines());
        let same = lines.take_while(|(one, other)| one == other).count();
        bail!("not deterministic: two runs of one seed have two logs, which differ from line {}", same + 1);
    }
    let bytes = |recording: &Recording| {
        let mut bytes = Vec::new();
        perjury_histories::format::jsonl::write(&recording.history, &mut bytes).map(|()| bytes)
    };
    match bytes(first)? == bytes(second)? {
        true => Ok(()),
        false => bail!("not deterministic: two runs of one seed have two histories"),
    }
}

/// Keeps the folder of a run that is the first of its group, and makes it small until it is over.
pub(super) fn keep(plan: &Plan<'_>, tried: &mut Tried, is_over: &dyn Fn() -> bool) {
    let Some((recording, report)) = tried.found.take() else { return };
    let kept = caught(|| {
        let anomaly = render::anomalies(&report, &recording.history);
        folder::keep(&plan.out, &recording, &report, anomaly.as_deref())
    });
    let entry = &mut tried.entry;
    match kept {
        Ok(kept) => {
            let shrunk = caught(|| shrink(plan, entry, (recording, report), &kept.path, is_over));
            match shrunk.context("cannot shrink it") {
                Ok(shrunk) => entry.shrunk = shrunk,
                Err(error) => add_error(entry, &error),
            }
            entry.case.folder = Some(kept.path);
        }
        Err(error) => add_error(entry, &error.context("cannot keep it")),
    }
}

/// One failure of ours does not hide another.
fn add_error(entry: &mut Entry, error: &anyhow::Error) {
    let before = entry.case.error.take().map(|before| before + "; ").unwrap_or_default();
    entry.case.error = Some(format!("{before}{error:#}"));
}

/// The smallest scenario that shows the same, in a file beside the run; none, where no promise was broken.
fn shrink(
    plan: &Plan<'_>,
    entry: &Entry,
    found: (Recording, Report),
    folder: &Path,
    is_over: &dyn Fn() -> bool,
) -> anyhow::Result<Option<Shrunk>> {
    let Some(signature) = entry.signature.as_ref().filter(|_| plan.shrink_runs > 0) else { return Ok(None) };
    let system = store::named(&entry.scenario.store).context("its run had a store")?;
    let budget = Budget { runs: plan.shrink_runs, is_over };
    let shrunk = shrink::shrink_run(system, found, signature, &budget, &mut |_| {})?;
    let counterexample = render::shrunk::counterexamples(&shrunk, COUNTEREXAMPLE_COLUMNS).into_iter().next();
    let file = folder.join(ScenarioFile::NAME);
    ScenarioFile::new(shrunk.scenario, shrunk.seed, Some(shrunk.signature)).write(&file)?;
    Ok(Some(Shrunk {
        command: format!("cargo perjury run --scenario {}", command::quoted(&file.display().to_string())),
        before: shrunk.before.to_string(),
        after: shrunk.after.to_string(),
        counterexample: counterexample.unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(trace: &str) -> Recording {
        crate::folder::tests::recording(trace)
    }

    #[test]
    fn says_where_two_runs_of_a_seed_differ() {
        assert!(compare(&recording("a\nb\n"), &recording("a\nb\n")).is_ok());
        let error = compare(&recording("a\nb\n"), &recording("a\nc\n")).expect_err("another line");
        assert!(error.to_string().contains("differ from line 2"), "{error}");
    }
}
