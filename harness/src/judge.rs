//! Holds a recording to the promises of its system: kept, broken, or not owed.
//!
//! ```text
//! history ── keys of one level ── keys still owed under the recorded faults ── checker ──► row
//! ```

mod damage;
mod information;
mod project;

use std::collections::BTreeSet;

use perjury_checkers::{Anomaly, Context, Verdict, checker};
use perjury_histories::{History, Key};

use crate::promise::Promise;
use crate::report::{Row, RowOutcome};
use crate::run::{CONVERGENCE_MAX, PROGRESS_MAX};
use crate::scenario::Scenario;
use crate::workload::{self, Workload};
use damage::Damage;
use project::only_keys;

/// What is needed beside a history to judge it: all of it stands in the report.
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
}

/// The rows of the verdict: one a guarantee and level, promised ones first, and information: what
/// is worth knowing but neither kept nor broken.
///
/// # Errors
/// When the charge names a workload that this version does not have.
pub fn judge(history: &History, charge: &Charge<'_>) -> anyhow::Result<(Vec<Row>, Vec<String>)> {
    let workload = workload::named(charge.workload)
        .ok_or_else(|| anyhow::anyhow!("this version has no workload {:?}", charge.workload))?;
    let damage = Damage::of(history);
    let mut rows = Vec::new();
    for &(level, ref keys) in &by_level(charge.levels) {
        let part = only_keys(history, |key| keys.contains(&key));
        rows.extend(
            workload.checkers().iter().map(|name| judge_level(name, level, keys, &part, charge, &damage)),
        );
    }
    rows.extend(workload.checkers_of_all().iter().map(|name| judge_all(name, history, charge, &damage)));
    rows.sort_by_key(|row| !row.promised);
    Ok((rows, information::facts(history)))
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
    let promise = charge.promises.iter().find(|promise| promise.guarantee == name && promise.level == level);
    let excused = promise.map(|promise| damage.excuses(promise, keys)).unwrap_or_default();
    let row = |outcome, evidence: String, anomalies| Row {
        guarantee: name.to_owned(),
        level: level.to_owned(),
        promised: promise.is_some(),
        outcome,
        evidence,
        anomalies,
    };
    if excused.keys.len() == keys.len() {
        return row(RowOutcome::NotOwed, excused.why, Vec::new());
    }
    let owed;
    let part = if excused.keys.is_empty() {
        part
    } else {
        owed = only_keys(part, |key| !excused.keys.contains(key));
        &owed
    };
    let (outcome, mut evidence, anomalies) = ask(name, part, &context(promise, charge));
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

/// A guarantee of the whole run. Stats and progress are asked of every system, promised or not.
fn judge_all(name: &str, history: &History, charge: &Charge<'_>, damage: &Damage) -> Row {
    let promise = charge.promises.iter().find(|promise| promise.guarantee == name);
    let always = matches!(name, "stats" | "progress");
    let keys = charge.levels.iter().map(|(key, _)| key).collect();
    let excused = promise.map(|promise| damage.excuses(promise, &keys)).unwrap_or_default();
    let (outcome, evidence, anomalies) = match excused.keys.is_empty() {
        true => ask(name, history, &context(promise, charge)),
        false => (RowOutcome::NotOwed, excused.why, Vec::new()),
    };
    let promised = always || promise.is_some();
    Row { guarantee: name.to_owned(), level: String::new(), promised, outcome, evidence, anomalies }
}

fn context(promise: Option<&Promise>, charge: &Charge<'_>) -> Context {
    Context {
        refused: charge.refuses.to_vec(),
        convergence_ns_max: u64::try_from(CONVERGENCE_MAX.as_nanos()).ok(),
        progress_ns_max: u64::try_from(PROGRESS_MAX.as_nanos()).ok(),
        acknowledgements_min: promise.and_then(|promise| promise.acknowledgements_min),
        ..Context::default()
    }
}

/// Asks one checker; its verdict as a row has it.
fn ask(name: &str, history: &History, context: &Context) -> (RowOutcome, String, Vec<Anomaly>) {
    let Some(checker) = checker::named(name) else {
        return (RowOutcome::Unknown, format!("there is no checker {name:?}"), Vec::new());
    };
    match checker.check(history, context) {
        Verdict::Valid(_) => (RowOutcome::Held, looked_at(history), Vec::new()),
        Verdict::Unknown(why) => (RowOutcome::Unknown, why, Vec::new()),
        Verdict::Invalid(anomalies) => {
            let first = anomalies.first().map(|anomaly| anomaly.explanation.clone()).unwrap_or_default();
            (RowOutcome::Broken, first, anomalies)
        }
    }
}

/// How much a verdict rests on.
fn looked_at(history: &History) -> String {
    let keys: BTreeSet<_> = history.operations().filter_map(|operation| operation.key()).collect();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{} on {}", plural(history.operations().len(), "operation"), plural(keys.len(), "key"))
}

#[cfg(test)]
mod tests;
