//! Holds a recording to the promises of its system: kept, broken, or not owed.
//!
//! ```text
//! history ── keys of one level ── keys still owed under the recorded faults ── checker ──► row
//! ```

mod damage;
mod information;
mod project;

use std::collections::BTreeSet;

use perjury_checkers::checker::bounded_loss::{self, Measures};
use perjury_checkers::checker::{self, availability, convergence};
use perjury_checkers::verdict::Anomalies;
use perjury_checkers::{Anomaly, Context, Limits, Verdict};
use perjury_histories::{History, Key};

use crate::promise::Promise;
use crate::render::words;
use crate::report::{Row, RowOutcome};
use crate::run::{CONVERGENCE_MAX, PROGRESS_MAX};
use crate::scenario::Scenario;
use crate::workload::{self, Workload};
use damage::Damage;
use project::only_keys;

/// What is needed beside a history to judge it: all of it but the limits stands in the report.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The workload: it names the checkers.
    pub workload: &'a str,
    /// What the system owes.
    pub promises: &'a [Promise],
    /// The level of each key.
    pub levels: &'a [(Key, String)],
    /// Functions that the system promised to refuse.
    pub refuses: &'a [String],
    /// What judging may cost each checker (none: what suits a run).
    pub limits: Option<&'a Limits>,
}

/// How many configurations `sequential` searches in a run unless the charge says otherwise. It searches where versions do
/// not decide, as when two writes have one: some other checker has more to say about that than a minute of search.
const SEQUENTIAL_CONFIGURATIONS_MAX: u64 = 1_000_000;

/// Checkers of what every system owes without saying so. What they see makes no pass by itself.
const OWED_BY_ALL: &[&str] = &["progress", "stats"];

/// The rows of the verdict: one a guarantee and level, promised ones first, and information: what
/// is worth knowing but neither kept nor broken.
///
/// # Errors
/// When the charge names a workload that this version does not have.
pub fn judge(history: &History, charge: &Charge<'_>) -> anyhow::Result<(Vec<Row>, Vec<String>)> {
    let workload = workload::named(charge.workload)
        .ok_or_else(|| anyhow::anyhow!("this version has no workload {:?}", charge.workload))?;
    let damage = Damage::of(history);
    let mut rows = unknown_guarantees(charge);
    for &(level, ref keys) in &by_level(charge.levels) {
        let part = only_keys(history, |key| keys.contains(&key));
        let asked = workload.checkers().iter().filter(|name| is_asked(name, Some(level), charge));
        rows.extend(asked.map(|name| judge_level(name, level, keys, &part, charge, &damage)));
    }
    let asked = workload.checkers_of_all().iter().filter(|name| is_asked(name, None, charge));
    rows.extend(asked.map(|name| judge_all(name, history, charge, &damage)));
    rows.sort_by_key(|row| !row.promised);
    // Where siblings are kept, the later of two versions takes nothing away.
    let keeps_siblings =
        charge.promises.iter().any(|promise| promise.guarantee == "acknowledged-or-dominated");
    let mut facts = if keeps_siblings { Vec::new() } else { information::facts(history) };
    facts.extend(not_shown(workload, charge));
    Ok((rows, facts))
}

/// Whether this checker is asked for keys of this level: some are only where the system promises what they judge.
fn is_asked(name: &str, level: Option<&str>, charge: &Charge<'_>) -> bool {
    let is_of =
        |promise: &Promise| promise.guarantee == name && level.is_none_or(|level| promise.is_for(level));
    !workload::ONLY_WHERE_PROMISED.contains(&name) || charge.promises.iter().any(is_of)
}

/// Promises that the workload cannot put to the test.
fn not_shown(workload: &dyn Workload, charge: &Charge<'_>) -> Option<String> {
    let shown = [workload.checkers(), workload.checkers_of_all()].concat();
    let promised = charge.promises.iter().map(|promise| promise.guarantee.as_str());
    let not_shown: BTreeSet<&str> =
        promised.filter(|name| checker::named(name).is_some() && !shown.contains(name)).collect();
    let names = not_shown.iter().copied().collect::<Vec<_>>().join(", ");
    (!names.is_empty())
        .then(|| format!("promised, but not to be seen in the workload {}: {names}", workload.name()))
}

/// Promises that nobody can judge, such as one with a slip of the pen in its name: they must not pass
/// for kept.
fn unknown_guarantees(charge: &Charge<'_>) -> Vec<Row> {
    let unknown = charge.promises.iter().filter(|promise| checker::named(&promise.guarantee).is_none());
    let row = |promise: &Promise| Row {
        guarantee: promise.guarantee.clone(),
        level: promise.level.clone(),
        promised: true,
        outcome: RowOutcome::Unknown,
        evidence: format!("there is no checker {:?}", promise.guarantee),
        anomalies: Vec::new(),
        found: Default::default(),
    };
    unknown.map(row).collect()
}

/// The rows of the system's own promises: without what every system owes.
pub fn own_promises(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| row.promised && !OWED_BY_ALL.contains(&row.guarantee.as_str()))
}

/// The level of every key that the history's operations name, as the workload deals them out.
pub fn levels(history: &History, workload: &dyn Workload, scenario: &Scenario) -> Vec<(Key, String)> {
    let keys: BTreeSet<&Key> = history.operations().filter_map(|operation| operation.key()).collect();
    keys.into_iter().map(|key| (key.clone(), workload.level_of(key, scenario))).collect()
}

/// Keys grouped by level, in the order in which levels first appear.
fn by_level(levels: &[(Key, String)]) -> Vec<(&str, BTreeSet<&Key>)> {
    let mut groups: Vec<(&str, BTreeSet<&Key>)> = Vec::new();
    for (key, level) in levels {
        match groups.iter_mut().find(|(name, _)| name == level) {
            Some((_, keys)) => drop(keys.insert(key)),
            None => groups.push((level, [key].into())),
        }
    }
    groups
}

fn judge_level(
    name: &str,
    level: &str,
    keys: &BTreeSet<&Key>,
    part: &History,
    charge: &Charge<'_>,
    damage: &Damage,
) -> Row {
    let is_of = |promise: &&Promise| promise.guarantee == name && promise.is_for(level);
    let promise = charge.promises.iter().find(is_of);
    let excused = promise.map(|promise| damage.excuses(promise, keys)).unwrap_or_default();
    let row = |outcome, evidence: String, anomalies: Anomalies| Row {
        guarantee: name.to_owned(),
        level: level.to_owned(),
        promised: promise.is_some(),
        outcome,
        evidence,
        found: anomalies.count(),
        anomalies: anomalies.to_vec(),
    };
    if excused.keys.len() == keys.len() {
        return row(RowOutcome::NotOwed, excused.why, Anomalies::default());
    }
    let owed;
    let part = if excused.keys.is_empty() {
        part
    } else {
        owed = only_keys(part, |key| !excused.keys.contains(key));
        &owed
    };
    let (outcome, mut evidence, anomalies) = ask(name, part, &context(name, promise, charge));
    if !excused.keys.is_empty() {
        evidence = format!(
            "{evidence}; not owed for {} of {} keys: {}",
            excused.keys.len(),
            keys.len(),
            excused.why
        );
    }
    row(outcome, evidence, anomalies)
}

/// A guarantee of the whole run.
fn judge_all(name: &str, history: &History, charge: &Charge<'_>, damage: &Damage) -> Row {
    let promise = charge.promises.iter().find(|promise| promise.guarantee == name);
    let keys = charge.levels.iter().map(|(key, _)| key).collect();
    let excused = promise.and_then(|promise| damage.excuses_run(promise, &keys));
    let context = context(name, promise, charge);
    let idle = (name == "availability" && !availability::has_window(history, &context))
        .then(|| "no node was cut off alone for as long as work may take".to_owned());
    let not_owed = excused.or(idle);
    let (outcome, evidence, anomalies) = match not_owed {
        None => ask(name, history, &context),
        Some(why) => (RowOutcome::NotOwed, why, Anomalies::default()),
    };
    let promised = promise.is_some() || OWED_BY_ALL.contains(&name);
    let (found, anomalies) = (anomalies.count(), anomalies.to_vec());
    Row { guarantee: name.to_owned(), level: String::new(), promised, outcome, evidence, anomalies, found }
}

/// What judging a run may cost this checker.
fn limits(name: &str) -> Limits {
    let limits = Limits::default();
    match name {
        "sequential" => Limits { configurations_max: SEQUENTIAL_CONFIGURATIONS_MAX, ..limits },
        _ => limits,
    }
}

fn context(name: &str, promise: Option<&Promise>, charge: &Charge<'_>) -> Context {
    Context {
        refused: charge.refuses.to_vec(),
        limits: charge.limits.cloned().unwrap_or_else(|| limits(name)),
        convergence_ns_max: u64::try_from(CONVERGENCE_MAX.as_nanos()).ok(),
        progress_ns_max: u64::try_from(PROGRESS_MAX.as_nanos()).ok(),
        acknowledgements_min: promise.and_then(|promise| promise.acknowledgements_min),
        loss_max: promise.and_then(|promise| promise.loss_max),
        detection_ns_max: promise.and_then(|promise| promise.detection_ms_max).map(|ms| ms * 1_000_000),
        ..Context::default()
    }
}

/// Asks one checker; its verdict as a row has it.
fn ask(name: &str, history: &History, context: &Context) -> (RowOutcome, String, Anomalies) {
    let Some(checker) = checker::named(name) else {
        return (RowOutcome::Unknown, format!("there is no checker {name:?}"), Anomalies::default());
    };
    match checker.check(history, context) {
        Verdict::Valid(_) => (RowOutcome::Held, looked_at(name, history, context), Anomalies::default()),
        Verdict::Unknown(why) => (RowOutcome::Unknown, why, Anomalies::default()),
        Verdict::Invalid(anomalies) => {
            // The one that is drawn: the smallest.
            let evidence =
                Anomaly::smallest(&anomalies).map(|anomaly| anomaly.explanation.clone()).unwrap_or_default();
            (RowOutcome::Broken, evidence, anomalies)
        }
    }
}

/// How much a verdict rests on; of convergence, also how long it took, and of loss within its bound, how much.
fn looked_at(name: &str, history: &History, context: &Context) -> String {
    let keys: BTreeSet<_> = history.operations().filter_map(|operation| operation.key()).collect();
    let operations = words::count(history.operations().len() as u64, "operation");
    let looked_at = format!("{operations} on {}", words::count(keys.len() as u64, "key"));
    let first = match name {
        "convergence" => {
            convergence::took_ns(history).map(|took| format!("equal {} after healing", words::seconds(took)))
        }
        "bounded-loss" => {
            let loss = bounded_loss::measure(history, context.loss_max.unwrap_or_default());
            loss.ok().map(|Measures { acknowledged, lost, most, chances }| {
                format!(
                    "{lost} of {acknowledged} acknowledged elements lost, at most {most} in {chances} may be"
                )
            })
        }
        _ => None,
    };
    first.into_iter().chain([looked_at]).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
