//! Sequential consistency: the operations of all sessions have one order in which everything that was read is
//! right, and which keeps the order of each session (Lamport 1979). Time between sessions means nothing.
//!
//! ```text
//! session 0   ├─ write x = 1 ─┤ ├─ read y: nothing ─┤
//! session 1   ├─ write y = 1 ─┤ ├─ read x: nothing ─┤      broken: whichever write was first, somebody saw
//!                                                          the initial value after it
//! session 0   ├─ write x = 1 ─┤
//! session 1                       ├─ read x: nothing ─┤    holds: the read comes first
//! ```
//!
//! All keys are judged together: each of them may be consistent and all of them not, as above. Four ways
//! lead to the verdict, the first that applies:
//!
//! - Where the place of every write is known by its `version`, the order must put the writes of each key in
//!   the order of their versions, and it is a question of cycles, in linear time (`versions`).
//! - What is linearizable is sequentially consistent, and where no search is needed that is soon found out.
//! - Where each value is written once, what must come before what (`causality.rs`) may already have a cycle.
//! - Else orders are searched (`search`), which takes exponential time in bad cases, because the question is
//!   NP-complete (Gibbons and Korach 1997); at the limit of configurations the verdict is unknown.
//!
//! An operation of unknown outcome takes effect at any time after what its session had done before, or never.
//!
//! Lists and counters are judged along their versions as well, where all are known (`totals`), and where it is clear or
//! makes no difference which changes of unknown outcome took effect. What is left, and other objects than registers, by
//! the model that is named or fits, is left to a plain search (`general`).

use perjury_histories::{History, Operation, Value};

use super::{Checker, Context, Limits, Undecided, decide_on_other_evidence, linearizability};
use crate::access::{Access, Accesses};
use crate::causality::Explainer;
use crate::causality::saturation::{Budget, Contradiction, Ground};
use crate::counted;
use crate::differentiated::Differentiated;
use crate::linearizable::{AnyModel, model_for};
use crate::model::Shape;
use crate::observation;
use crate::stop::Stop;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

mod core;
mod general;
#[cfg(test)]
mod oracle;
mod problem;
mod search;
mod shares;
mod totals;
mod versions;

use problem::Problem;
use search::Outcome;

/// See the [module](self).
pub struct Sequential;

impl Checker for Sequential {
    fn name(&self) -> &'static str {
        "sequential"
    }

    fn about(&self) -> &'static str {
        "One order of all operations, which keeps that of each session, explains everything that was read."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(history, context))
    }
}

/// The verdict when there is an order: valid if anything was told, and versions tell of writes too.
fn explained(history: &History, context: &Context) -> Verdict {
    let has_versions = || history.operations().any(|operation| operation.version().is_some());
    match observation::why_nothing(history).filter(|_| !context.may_be_unread && !has_versions()) {
        Some(why) => Verdict::Unknown(why),
        None => Verdict::Valid(None),
    }
}

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    if let Some(verdict) = changed(history, context) {
        return verdict;
    }
    let is_other = |model: &&dyn AnyModel| model.shape() != Shape::Register;
    if let Some(model) = context.model.filter(is_other) {
        return general::judge(history, model, context);
    }
    let accesses = match (Accesses::of(history, &context.initial), context.model) {
        (Err(problem), None) => {
            let model = model_for(history).ok().filter(is_other);
            return model.map_or(Err(problem), |model| general::judge(history, model, context));
        }
        (accesses, _) => accesses?,
    };
    if let Some(findings) = versions::judge(&accesses, &context.initial) {
        return Ok(findings.or(explained(history, context)));
    }
    if linearizability::is_plain(history, context) {
        return Ok(explained(history, context));
    }
    if let Some(anomaly) = contradiction(history, context) {
        return Ok(Verdict::Invalid(vec![anomaly].into()));
    }
    let accesses: Vec<Access<'_>> = accesses.iter().filter(|access| access.is_possible()).copied().collect();
    let limits = &context.limits;
    let (mut configurations, stop) = (limits.configurations_max, &limits.stop);
    match search::search(&Problem::of(&accesses, &context.initial), &mut configurations, stop) {
        Outcome::Order => Ok(explained(history, context)),
        Outcome::Impossible => Ok(Verdict::Invalid(vec![anomaly(&accesses, &context.initial, stop)].into())),
        Outcome::GaveUp => Err(gave_up(accesses.len(), limits)),
    }
}

/// The verdict on lists and counters: along versions where all are known, else by search. None for others.
fn changed(history: &History, context: &Context) -> Option<Result<Verdict, Undecided>> {
    let is_list = |operation: Operation<'_>| operation.function() == "append";
    if !history.operations().any(is_list) && counted::counters(history).is_empty() {
        return None;
    }
    let is_changed = |model: &dyn AnyModel| matches!(model.shape(), Shape::List | Shape::Counter);
    if context.model.is_none_or(is_changed)
        && let Ok(accesses) = Accesses::placed(history, &context.initial)
        && let Some(findings) = versions::judge(&accesses, &context.initial)
    {
        return Some(Ok(findings.or(explained(history, context))));
    }
    let model = context.model.map_or_else(|| model_for(history), Ok);
    Some(model.and_then(|model| general::judge(history, model, context)))
}

/// Why the search for an order of so many operations gave up.
fn gave_up(operations: usize, limits: &Limits) -> Undecided {
    match limits.stop.reason() {
        Some(reason) => {
            format!("{reason} was reached while an order of {operations} operations was searched")
        }
        None => {
            format!("{operations} operations need more than {} configurations", limits.configurations_max)
        }
    }
}

/// What no order can have, as far as it follows without a search where each value is written once.
fn contradiction(history: &History, context: &Context) -> Option<Anomaly> {
    let history = Differentiated::of(history, &context.initial).ok()?;
    let everybody: Vec<u32> = (0..history.len() as u32).collect();
    let found = match Ground::of(&history) {
        Ok(mut ground) => {
            let clash = ground.clash(&everybody, &mut Budget::of(context)).ok()??;
            ground.explain(clash)
        }
        Err(circle) => circle.map(|way| Contradiction { inferred: Vec::new(), way, is_cycle: true }),
    };
    Some(Explainer::new(&history).contradiction(AnomalyKind::NotSequential, &found?))
}

fn anomaly(accesses: &[Access<'_>], initial: &Value, stop: &Stop) -> Anomaly {
    let core = core::minimize(accesses, initial, stop);
    let operations: Vec<Operation<'_>> = core.iter().map(|access| access.operation).collect();
    let key = core.first().and_then(|first| first.key);
    let key = key.filter(|_| core.iter().all(|access| access.key == key));
    let explanation = explain(&operations);
    Anomaly::new(AnomalyKind::NotSequential, key, core.iter().map(Access::index), explanation)
}

/// That these operations have no order.
fn explain(core: &[Operation<'_>]) -> String {
    const TOLD_MAX: usize = 12;
    let mut told: Vec<String> =
        core.iter().take(TOLD_MAX).map(|operation| words::deed_and_event(*operation)).collect();
    if core.len() > TOLD_MAX {
        told.push(format!("{} more", core.len() - TOLD_MAX));
    }
    let told = told.join("; ");
    match core.len() {
        1 => format!("no order explains this operation: {told}"),
        many => format!(
            "no order of these {many} operations that keeps the order of each session explains what was \
             answered: {told}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::NotSequential;

    #[test]
    fn rejects_initial_values_on_both_sides() {
        let text = |last| format!("0:write(x,1) 0:read(y)=null 1:write(y,1) 1:read(x)={last}");
        accepts(&Sequential, &text("1"));
        let explanation = rejects(&Sequential, &text("null"), NotSequential, &[0, 2, 4, 6]);
        assert!(explanation.contains("event 0"), "{explanation}");
    }

    #[test]
    fn goes_by_versions() {
        let text = |last| format!("0:write(x,1)@1 0:read(y)=null 1:write(y,1)@1 1:read(x)={last}");
        accepts(&Sequential, &text("1@1"));
        let explanation = rejects(&Sequential, &text("null"), NotSequential, &[0, 2, 4, 6]);
        assert_eq!(
            explanation,
            "a circle: process 0 wrote 1 to key x (version 1) (event 0); which its session had finished before \
             process 0 read nothing of key y (event 2); which must come before what overwrote the version that it \
             returned, process 1 wrote 1 to key y (version 1) (event 4); which its session had finished before \
             process 1 read nothing of key x (event 6); which must come before what overwrote the version that it \
             returned, process 0 wrote 1 to key x (version 1) (event 0)"
        );
    }

    /// Without the versions the two writes could be put the other way round.
    #[test]
    fn does_not_leave_the_order_of_versions() {
        let text = |version: [u8; 2]| {
            let [one, two] = version;
            format!("0:write(x,1)@{one} 1:write(x,2)@{two} 2:read(x)=2@{two} 2:read(x)=1@{one}")
        };
        accepts(&Sequential, &text([2, 1]));
        rejects(&Sequential, &text([1, 2]), NotSequential, &[0, 2, 4, 6]);
    }

    #[test]
    fn rejects_another_value_than_was_written_at_that_version() {
        accepts(&Sequential, "0:write(x,1)@1 1:read(x)=1@1");
        rejects(&Sequential, "0:write(x,1)@1 0:write(x,2)@2 1:read(x)=2@1", NotSequential, &[0, 4]);
    }

    #[test]
    fn knows_the_version_of_an_unacknowledged_write_by_its_reader() {
        let text = |last| format!("0:write(x,1)@1 1:write(x,2):info 2:read(x)=2@2 2:read(x)={last}");
        accepts(&Sequential, &text("2@2"));
        rejects(&Sequential, &text("1@1"), NotSequential, &[0, 2, 4, 6]);
    }

    #[test]
    fn accepts_stale_reads_of_another_session() {
        accepts(&Sequential, "0:write(x,1) 0:write(x,2) 1:read(x)=null 1:read(x)=1 1:read(x)=2");
        rejects(
            &Sequential,
            "0:write(x,1) 0:write(x,2) 1:read(x)=2 1:read(x)=1",
            NotSequential,
            &[0, 2, 4, 6],
        );
    }

    #[test]
    fn searches_where_a_value_is_written_twice() {
        let text = |last| format!("0:write(x,1) 0:write(x,2) 1:write(x,1) 2:read(x)=2 2:read(x)={last}");
        accepts(&Sequential, &text("1"));
        rejects(&Sequential, &text("null"), NotSequential, &[2, 6, 8]);
    }

    /// What returned first is tried first, and must be taken back: nobody can read nothing and then 1 any more. Nor
    /// may what was tried in vain leave anything behind: after 3 nobody writes 1 again.
    #[test]
    fn takes_back_what_was_tried_in_vain() {
        let text = |first| {
            format!(
                "0:write(x,1) 2:read(x)=1 2:write(x,null) 2:write(x,3) 1:write(y,1) 1:read(x)={first} 1:read(x)=1"
            )
        };
        accepts(&Sequential, &text("null"));
        assert!(Sequential.check(&history(&text("3")), &Context::default()).is_invalid());
    }

    #[test]
    fn accepts_what_is_linearizable_without_a_search() {
        let mut context = Context::default();
        context.limits.configurations_max = 0;
        accepts_in(&context, &Sequential, "0:write(x,1)? 1:write(x,2) 0:ok 1:read(x)=2 1:write(y,1)");
        let late = "0:write(x,1) 0:write(x,2) 1:read(x)=1";
        assert!(Sequential.check(&history(late), &context).is_unknown());
    }

    /// Where registers held something, linearizability takes reads of nothing for reads that were not recorded.
    #[test]
    fn rejects_reads_of_nothing_where_something_was() {
        let context = Context { initial: Value::from(0), ..Context::default() };
        let text = |first| format!("0:write(x,1) 1:read(x)={first} 1:read(x)=1");
        accepts_in(&context, &Sequential, &text("0"));
        rejects_in(&context, &Sequential, &text("null"), NotSequential, &[2]);
    }

    #[test]
    fn rejects_two_cas_of_one_value() {
        let text = |fate| format!("0:write(x,1) 1:cas(x,[1,2]) 2:cas(x,[1,3]){fate}");
        accepts(&Sequential, &text(":fail"));
        accepts(&Sequential, &text(":info"));
        rejects(&Sequential, &text(""), NotSequential, &[0, 2, 4]);
    }

    #[test]
    fn rejects_what_nobody_wrote_alone() {
        rejects(&Sequential, "0:write(x,1) 0:write(x,1) 1:read(x)=7 1:read(x)=1", NotSequential, &[4]);
    }

    #[test]
    fn gives_up_at_the_limit() {
        let text = "0:write(x,1) 0:write(x,1) 1:write(x,2) 1:read(x)=1";
        let mut context = Context::default();
        context.limits.configurations_max = 1;
        let Verdict::Unknown(reason) = Sequential.check(&history(text), &context) else { panic!("no limit") };
        assert_eq!(reason, "4 operations need more than 1 configurations");
        accepts(&Sequential, text);
    }
}
