//! Unique ids: no id is given out twice.
//!
//! ```text
//! process 0  ├─ generate ─┤ ok, 7
//! process 1                       ├─ generate ─┤ ok, 7        a duplicate
//! ```
//!
//! Whatever an ok `generate` returned is an id. One of unknown outcome gave out nothing that anybody saw.

use perjury_histories::{Fate, History, Operation};
use serde::Serialize;

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct UniqueIds;

impl Checker for UniqueIds {
    fn name(&self) -> &'static str {
        "unique-ids"
    }

    fn about(&self) -> &'static str {
        "No id is given out twice."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let mut findings = Findings::default();
            let measures = judge(history, |first, again| findings.push(duplicate(first, again)))?;
            let none = Verdict::Unknown("no id was given out: no generate is ok".to_owned());
            Ok(findings.or(if measures.acknowledged > 0 { Verdict::Valid(None) } else { none }))
        })
    }
}

/// How many ids there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// How often an id was asked for.
    pub attempted: usize,
    /// How often one was given out.
    pub acknowledged: usize,
    /// How many ids were given out more than once.
    pub duplicated: usize,
}

/// How many ids there were; or why the history has none.
pub fn measure(history: &History, _: &Context) -> Result<Measures, String> {
    judge(history, |_, _| {})
}

/// How often an id was given out so far.
#[derive(Clone, Copy)]
enum Given<'a> {
    Never,
    Once(Operation<'a>),
    Often,
}

/// Visits the first two operations that gave out each duplicate.
fn judge<'a>(
    history: &'a History,
    mut visit: impl FnMut(Operation<'a>, Operation<'a>),
) -> Result<Measures, Undecided> {
    let mut measures = Measures::default();
    let mut given: Vec<Given<'a>> = vec![Given::Never; history.values().len()];
    for operation in history.operations() {
        if operation.function() != "generate" {
            if operation.fate() == Fate::Fail {
                continue;
            }
            let (event, other) = (operation.index(), operation.function());
            return Err(format!("event {event}: {other} gives out no id"));
        }
        measures.attempted += 1;
        let Some(id) = operation.result_id() else { continue };
        measures.acknowledged += 1;
        let given = &mut given[id.0 as usize];
        *given = match *given {
            Given::Never => Given::Once(operation),
            Given::Once(first) => {
                measures.duplicated += 1;
                visit(first, operation);
                Given::Often
            }
            Given::Often => Given::Often,
        };
    }
    Ok(measures)
}

fn duplicate(first: Operation<'_>, again: Operation<'_>) -> Anomaly {
    let at =
        |operation: Operation<'_>| words::moment(operation.completion().unwrap_or(operation.invocation()));
    let id = again.result().map(words::value).unwrap_or_default();
    let explanation = format!(
        "{} was given the id {id} at {}, and {} was given it too at {}",
        words::who(first),
        at(first),
        words::who(again),
        at(again)
    );
    let shown = [first.index(), again.index()];
    Anomaly::new(AnomalyKind::DuplicateId, None, shown, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn rejects_id_given_out_twice() {
        accepts(&UniqueIds, "0:generate()=7 1:generate()=8");
        let why = rejects(&UniqueIds, "0:generate()=7 1:generate()=7", AnomalyKind::DuplicateId, &[0, 2]);
        assert_eq!(why, "process 0 was given the id 7 at event 1, and process 1 was given it too at event 3");
    }

    #[test]
    fn tells_ids_of_different_types_apart() {
        accepts(&UniqueIds, r#"0:generate()=7 1:generate()="7""#);
        rejects(&UniqueIds, "0:generate()=[1,2] 1:generate()=[1,2]", AnomalyKind::DuplicateId, &[0, 2]);
    }

    #[test]
    fn reports_each_duplicate_once() {
        let history =
            history("0:generate()=0 1:generate()=1 2:generate()=0 3:generate()=0 4:generate():info");
        let anomalies = UniqueIds.check(&history, &Context::default());
        assert_eq!(anomalies.anomalies().len(), 1);
        let measures = measure(&history, &Context::default()).expect("ids");
        assert_eq!(measures, Measures { attempted: 5, acknowledged: 4, duplicated: 1 });
    }

    #[test]
    fn ignores_ids_that_nobody_was_given() {
        accepts(&UniqueIds, "0:generate()=7 1:generate(_,7):info 2:generate(_,7):fail");
    }

    #[test]
    fn is_unsure_without_ids() {
        is_unsure(&UniqueIds, "0:generate():info");
        assert!(is_unsure(&UniqueIds, "0:generate()=7 0:read()=7").starts_with("event 2"));
    }
}
