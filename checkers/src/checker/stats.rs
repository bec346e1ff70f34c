//! Stats: whether the run tried what it meant to try, so that a pass means something.
//!
//! ```text
//! nemesis    announces {"kinds": ["partition"]}      ...no partition ever starts: unknown
//! process 0  ├─ write ─┤ ok   ├─ cas ─┤ fail         ...no cas was ever ok: unknown, unless it is refused
//! ```
//!
//! Every function that clients invoked was ok at least once; and every kind of fault that the run announced,
//! by a note `nemesis` with the value `{"kinds": […]}`, started at least once. Otherwise the verdict is
//! unknown: nothing is wrong, but little was shown. A function that the system promised to refuse must
//! never be ok; that is invalid.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{EventRef, Fate, History, Operation};

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct Stats;

impl Checker for Stats {
    fn name(&self) -> &'static str {
        "stats"
    }

    fn about(&self) -> &'static str {
        "Every function was ok at least once, every announced fault started, and what must be refused was."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || {
            let accepted = history.operations().filter(|operation| {
                operation.fate() == Fate::Ok && is_refused(context, operation.function())
            });
            let mut findings = Findings::default();
            findings.extend(accepted.map(not_refused));
            let missing = missing_functions(history, context).chain(missing_faults(history)?);
            let missing: Vec<String> = missing.collect();
            let otherwise = match missing.is_empty() {
                true => Verdict::Valid(None),
                false => Verdict::Unknown(missing.join("; ")),
            };
            Ok(findings.or(otherwise))
        })
    }
}

fn is_refused(context: &Context, function: &str) -> bool {
    context.refused.iter().any(|refused| refused == function)
}

fn not_refused(operation: Operation<'_>) -> Anomaly {
    let explanation =
        format!("{}, although the store promises to refuse {}", words::deed(operation), operation.function());
    Anomaly::new(AnomalyKind::NotRefused, operation.key(), [operation.index()], explanation)
}

/// The functions that were invoked, and never ok.
fn missing_functions(history: &History, context: &Context) -> impl Iterator<Item = String> {
    let mut outcomes: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for operation in history.operations() {
        let [ok, fail, unknown] = outcomes.entry(operation.function()).or_default();
        match operation.fate() {
            Fate::Ok => *ok += 1,
            Fate::Fail => *fail += 1,
            Fate::Unknown => *unknown += 1,
        }
    }
    outcomes.retain(|function, [ok, ..]| *ok == 0 && !is_refused(context, function));
    let say = |(function, [_, fail, unknown]): (&str, [usize; 3])| {
        format!("no {function} was ever ok: {fail} failed, and {unknown} have an unknown outcome")
    };
    outcomes.into_iter().map(say).collect::<Vec<String>>().into_iter()
}

/// The kinds of fault that were announced, and never started.
fn missing_faults(history: &History) -> Result<impl Iterator<Item = String>, Undecided> {
    let mut announced = BTreeSet::new();
    for note in history.notes().filter(|note| note.function == "nemesis") {
        announced.extend(kinds(note)?);
    }
    for note in history.notes().filter(|note| note.value["state"] == "start") {
        announced.remove(note.function);
    }
    Ok(announced.into_iter().map(|kind| format!("no fault of the announced kind {kind} ever started")))
}

fn kinds(note: EventRef<'_>) -> Result<Vec<&str>, Undecided> {
    let kinds = note.value["kinds"].as_array().into_iter().flatten();
    let kinds: Option<Vec<&str>> = kinds.map(|kind| kind.as_str()).collect();
    kinds.ok_or_else(|| format!("event {}: the announced kinds of fault must be strings", note.index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    const ANNOUNCED: &str = r#"nemesis:nemesis(_,{"kinds":["crash"]}) 0:write(x,1) "#;

    #[test]
    fn accepts_run_in_which_everything_happened() {
        accepts(&Stats, "0:write(x,1) 1:read(x)=1 1:read(x):fail");
        accepts(&Stats, &format!(r#"{ANNOUNCED} nemesis:crash(_,{{"state":"start"}})"#));
    }

    #[test]
    fn is_unsure_when_a_function_was_never_ok() {
        let reason = is_unsure(&Stats, "0:write(x,1) 1:read(x):fail 1:read(x):info");
        assert_eq!(reason, "no read was ever ok: 1 failed, and 1 have an unknown outcome");
    }

    #[test]
    fn is_unsure_when_an_announced_fault_never_started() {
        assert!(is_unsure(&Stats, ANNOUNCED).contains("kind crash"));
        is_unsure(&Stats, &format!(r#"{ANNOUNCED} nemesis:crash(_,{{"state":"end"}})"#));
        is_unsure(&Stats, &format!(r#"{ANNOUNCED} nemesis:clock(_,{{"state":"start"}})"#));
    }

    #[test]
    fn rejects_what_had_to_be_refused() {
        let context = Context { refused: vec!["cas".to_owned()], ..Context::default() };
        let check = |text| Stats.check(&history(text), &context);
        assert_eq!(check("0:write(x,1) 1:cas(x,[1,2]):fail"), Verdict::Valid(None));
        let verdict = check("0:write(x,1) 1:cas(x,[1,2])");
        assert_eq!(
            (verdict.anomalies()[0].kind, &verdict.anomalies()[0].operations[..]),
            (AnomalyKind::NotRefused, &[2][..])
        );
    }
}
