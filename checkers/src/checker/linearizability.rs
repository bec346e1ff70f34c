//! Linearizability: every operation takes effect at one moment between its invocation and its return, and
//! what it returned is right in that order (Herlihy and Wing 1990).
//!
//! ```text
//! process 0  ├─ write 1 ─┤    ├─ write 2 ─┤
//! process 1                                   ├─ read 1 ─┤       stale: write 2 had returned
//! ```
//!
//! What is right is said by a [`Model`](crate::model::Model): the one that the context names, or else the first
//! that has the functions of the history. Keys are judged one by one, which is enough: a history is
//! linearizable if and only if each object's part is. Each verdict can be checked without trusting the search:
//! a valid one carries its order, which is checked here once more; an invalid one carries a core of
//! operations, few enough to be followed by hand.

use perjury_histories::{History, Key, Operation, Process};
use rayon::prelude::*;

use super::{Checker, Context, Undecided, decide};
use crate::findings::{ANOMALIES_MAX, Findings};
use crate::linearizable::explain::{Evidence, explain};
use crate::linearizable::{AnyModel, core, model_for};
use crate::model::cas_register::CasRegister;
use crate::verdict::{Anomaly, AnomalyKind, Verdict, Witness};

#[cfg(test)]
mod cores;
pub(super) mod objects;
#[cfg(test)]
mod oracle;
mod piece;
mod undecided;

use objects::Object;
use piece::Piece;

/// See the [module](self).
pub struct Linearizability;

impl Checker for Linearizability {
    fn name(&self) -> &'static str {
        "linearizability"
    }

    fn about(&self) -> &'static str {
        "Every operation takes effect at one moment between its invocation and its return."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let model = context.model.map_or_else(|| model_for(history), Ok)?;
            model.check_initial(&context.initial)?;
            let objects = objects::of(history, model, &context.initial)?;
            judge(history, &objects, model, context)
        })
    }
}

/// Whether this is a history of registers that are linearizable, and that is found without a search.
pub(super) fn is_plain(history: &History, context: &Context) -> bool {
    let model = &CasRegister;
    // Where the registers held something, reads of nothing are not judged here.
    let objects = objects::of(history, model, &context.initial).ok().filter(|_| context.initial.is_null());
    objects.is_some_and(|objects| {
        objects.par_iter().all(|object| {
            let pieces = piece::judge(object, model, context, 0);
            pieces.is_ok_and(|pieces| piece::order(&pieces).is_some())
        })
    })
}

/// How many configurations each object may need at first.
const CONFIGURATIONS_AT_FIRST: u64 = 100_000;

/// Judges the objects in parallel; what is found is put together in the order of the objects.
///
/// An object that needs very many configurations is searched only if no other one is broken: it would not
/// change the verdict.
fn judge(
    history: &History,
    objects: &[Object<'_>],
    model: &dyn AnyModel,
    context: &Context,
) -> Result<Verdict, Undecided> {
    let limit = context.limits.configurations_max;
    let judged = objects
        .par_iter()
        .map(|object| piece::judge(object, model, context, limit.min(CONFIGURATIONS_AT_FIRST)));
    let mut judged: Vec<Vec<Piece<'_>>> =
        judged.collect::<Vec<Result<_, _>>>().into_iter().collect::<Result<_, _>>()?;
    let is_broken = judged.iter().flatten().any(Piece::is_broken);
    if !is_broken && limit > CONFIGURATIONS_AT_FIRST {
        judged.par_iter_mut().flatten().try_for_each(|piece| piece.judge_again(model, context))?;
    }
    let mut witness = Witness::default();
    let (mut broken, mut undecided) = (Vec::new(), Vec::new());
    for (object, pieces) in objects.iter().zip(&judged) {
        broken.extend(pieces.iter().filter(|piece| piece.is_broken()).map(|piece| (object.key, piece)));
        undecided.extend(pieces.iter().filter_map(|piece| Some((object.key, piece, piece.gave_up()?))));
        witness.0.extend(piece::order(pieces).map(|order| (object.key.cloned(), order)));
    }
    let mut findings = anomalies(broken, model, context);
    if !undecided.is_empty() {
        findings.stop();
    }
    Ok(findings.or(match undecided.is_empty() {
        true => Verdict::Valid(Some(witness)),
        false => Verdict::Unknown(undecided::reason(history, &undecided, judged.iter().flatten(), context)),
    }))
}

/// The cores of the pieces that broke first. To find a core is much work, and nobody reads them all.
fn anomalies(
    mut broken: Vec<(Option<&Key>, &Piece<'_>)>,
    model: &dyn AnyModel,
    context: &Context,
) -> Findings {
    broken.sort_by_key(|(_, piece)| piece.broke_at());
    let beyond = broken.len().saturating_sub(ANOMALIES_MAX);
    broken.truncate(ANOMALIES_MAX);
    let anomalies = broken.par_iter().filter_map(|(key, piece)| anomaly(*key, piece, model, context));
    let mut findings = Findings::default();
    findings.extend(anomalies.collect::<Vec<Anomaly>>());
    findings.omit(beyond);
    findings
}

fn anomaly(key: Option<&Key>, piece: &Piece<'_>, model: &dyn AnyModel, context: &Context) -> Option<Anomaly> {
    let (problem, broken) = piece.broken()?;
    let Context { initial, limits, .. } = context;
    let processes: Vec<Process> =
        problem.ops.iter().map(|op| piece.operation(op.invoked).process()).collect();
    let core = core::minimize(model, &problem, &processes, initial, &broken, &limits.stop);
    let operations = |places: &[usize]| -> Vec<Operation<'_>> {
        places.iter().map(|&place| piece.operation(problem.ops[place].invoked)).collect()
    };
    let evidence = Evidence {
        shape: model.shape(),
        initial,
        operations: operations(&core.places),
        others: operations(&core.others),
        stuck: core.stuck,
        is_smallest: core.is_smallest,
    };
    let indices = evidence.operations.iter().map(|operation| operation.index());
    Some(Anomaly::new(AnomalyKind::NotLinearizable, key, indices, explain(&evidence)))
}

#[cfg(test)]
mod tests {
    use perjury_histories::Value;

    use super::*;
    use crate::linearizable::named;
    use crate::testing::*;

    use AnomalyKind::NotLinearizable;

    #[test]
    fn rejects_stale_read() {
        accepts(&Linearizability, "0:write(x,1) 0:write(x,2) 1:read(x)=2");
        let explanation =
            rejects(&Linearizability, "0:write(x,1) 0:write(x,2) 1:read(x)=1", NotLinearizable, &[0, 2, 4]);
        let headline = "process 1 read 1 of key x at event 5, although the write of 2 by process 0 had \
                        completed at event 3 and nothing wrote 1 after it; no order explains these 3 operations: ";
        assert!(explanation.starts_with(headline), "{explanation}");
    }

    #[test]
    fn rejects_lone_completions_and_shows_them() {
        accepts(&Linearizability, "..0:enqueue(_,1) ..1:dequeue(_,1)");
        rejects(&Linearizability, "..0:enqueue(_,1) ..1:dequeue(_,2)", NotLinearizable, &[1]);
        rejects(&Linearizability, "..0:write(_,1) ..1:write(_,2) ..2:read(_,1)", NotLinearizable, &[0, 1, 2]);
    }

    #[test]
    fn is_unsure_of_values_that_look_like_keys_with_their_values() {
        accepts(&Linearizability, "0:write(_,[7,1]) 1:read(_,[7,1])=[7,1]");
        let reason =
            is_unsure(&Linearizability, "0:write(_,[7,1]) 0:write(_,[8,2]) 1:read(_,[7,null])=[7,1]");
        assert!(reason.starts_with("event 4: a read of [7,null]"), "{reason}");
    }

    #[test]
    fn rejects_new_old_inversion() {
        let text = |last| format!("0:write(x,1)? 1:read(x)=1 2:read(x)={last} 0:ok");
        accepts(&Linearizability, &text("1"));
        rejects(&Linearizability, &text("null"), NotLinearizable, &[0, 1, 3]);
    }

    #[test]
    fn accepts_write_of_unknown_fate_either_way() {
        accepts(&Linearizability, "0:write(x,1) 2:write(x,2):info 1:read(x)=1 1:read(x)=2");
        accepts(&Linearizability, "0:write(x,1) 2:write(x,2):info 1:read(x)=1 1:read(x)=1");
        let back = "0:write(x,1) 2:write(x,2):info 1:read(x)=2 1:read(x)=1";
        rejects(&Linearizability, back, NotLinearizable, &[0, 2, 4, 6]);
    }

    /// Both orders of the first two writes make the same set, but only one of them leaves 1.
    #[test]
    fn tells_configurations_apart_by_their_value() {
        for ends in ["0:ok 1:ok", "1:ok 0:ok"] {
            let text = |seen| {
                format!(
                    "0:write(x,1)? 1:write(x,2)? {ends} 2:read(x)={seen} 3:write(x,1) 3:write(x,2) 4:read(x)=2"
                )
            };
            accepts(&Linearizability, &text("1"));
            accepts(&Linearizability, &text("2"));
            assert!(Linearizability.check(&history(&text("null")), &Context::default()).is_invalid());
        }
    }

    #[test]
    fn rejects_two_cas_of_one_value() {
        accepts(&Linearizability, "0:write(x,1) 1:cas(x,[1,2])? 2:cas(x,[1,3])? 1:ok 2:fail");
        let both = "0:write(x,1) 1:cas(x,[1,2])? 2:cas(x,[1,3])? 1:ok 2:ok";
        rejects(&Linearizability, both, NotLinearizable, &[0, 2, 3]);
    }

    #[test]
    fn judges_keys_apart() {
        accepts(&Linearizability, "0:write(x,1) 1:read(y)=null");
        rejects(&Linearizability, "0:write(x,1) 1:read(x)=null", NotLinearizable, &[0, 2]);
    }

    #[test]
    fn shows_garbage_alone() {
        let explanation = rejects(&Linearizability, "0:write(x,1) 1:read(x)=7", NotLinearizable, &[2]);
        assert!(explanation.contains("although nobody had written 7"), "{explanation}");
    }

    /// Without the first write of 1, its read would seem to come from the future: no proof of anything.
    #[test]
    fn leaves_a_write_out_of_the_core_only_with_what_observed_it() {
        let text =
            |seen| format!("0:write(x,3) 0:write(x,1) 1:read(x)=1 2:write(x,1)? 3:read(x)={seen} 2:ok");
        accepts(&Linearizability, &text(1));
        rejects(&Linearizability, &text(3), NotLinearizable, &[0, 2, 7]);
    }

    #[test]
    fn deletes_by_writing_null() {
        accepts(&Linearizability, "0:write(x,1) 0:delete(x) 1:read(x)=null");
        rejects(&Linearizability, "0:write(x,1) 0:delete(x) 1:read(x)=1", NotLinearizable, &[0, 2, 4]);
    }

    #[test]
    fn gives_an_order_as_witness() {
        let text = "0:write(x,1)? 1:write(x,2)? 0:ok 1:ok 2:read(x)=1 2:read(y)=null";
        let verdict = Linearizability.check(&history(text), &Context::default());
        let witness = Witness(vec![(Some("x".into()), vec![1, 0, 4]), (Some("y".into()), vec![6])]);
        assert_eq!(verdict, Verdict::Valid(Some(witness)));
    }

    #[test]
    fn gives_up_at_the_limit() {
        let text = "0:write(x,1) 0:write(x,2) 0:write(x,1) 1:read(x)=1 2:write(y,1) 2:read(y)=1";
        let mut context = Context::default();
        let check = |context: &Context| Linearizability.check(&history(text), context);
        context.limits.configurations_max = 0;
        let Verdict::Unknown(reason) = check(&context) else { panic!("no limit") };
        let expected = "4 operations on key x are decided until event 1 only: the limit of 0 configurations; 1 \
                        other objects have an order";
        assert_eq!(reason, expected);
        context.limits.configurations_max = 1_000;
        assert!(check(&context).is_valid());
    }

    #[test]
    fn knows_the_other_models_by_their_functions() {
        let queue = |first| format!("0:enqueue(q,5) 0:enqueue(q,7) 1:dequeue(q)={first}");
        accepts(&Linearizability, &queue(5));
        let explanation = rejects(&Linearizability, &queue(7), NotLinearizable, &[0, 2, 4]);
        let headline =
            "process 1 dequeued 7 of key q at event 5, although 5, enqueued before it, was still in it";
        assert!(explanation.starts_with(headline), "{explanation}");
        let lock = |released| format!("0:acquire() 0:release(){released} 1:acquire()");
        accepts(&Linearizability, &lock(""));
        rejects(&Linearizability, &lock(":fail"), NotLinearizable, &[0, 4]);
    }

    #[test]
    fn takes_the_model_that_is_named() {
        let history = history("0:enqueue(_,5) 0:enqueue(_,7) 1:dequeue()=7");
        let context = Context { model: named("unordered-queue"), ..Context::default() };
        assert!(Linearizability.check(&history, &context).is_valid());
        let context = Context { model: named("stack"), ..context };
        let verdict = Linearizability.check(&history, &context);
        let expected = "event 0: enqueue is no operation on a stack";
        assert_eq!(verdict, Verdict::Unknown(expected.to_owned()));
        let context = Context { initial: Value::from(1), ..Context::default() };
        assert!(Linearizability.check(&history, &context).is_unknown());
    }

    #[test]
    fn splits_a_set_by_element() {
        let text =
            |last| format!("0:add(_,1)? 1:add(_,2) 0:ok 1:contains(_,2)=[2,{last}] 1:contains(_,1)=[1,true]");
        // With an initial element, which no special case takes.
        let context = Context { initial: serde_json::json!([9]), ..Context::default() };
        let verdict = Linearizability.check(&history(&text(true)), &context);
        let Verdict::Valid(Some(witness)) = &verdict else { panic!("{verdict:?}") };
        assert_eq!(witness.0, [(None, vec![0, 1, 4, 6])]);
        rejects_in(&context, &Linearizability, &text(false), NotLinearizable, &[1, 4]);
    }

    #[test]
    fn judges_lists_with_and_without_a_beginning() {
        let text = |seen: &str| format!("0:append(_,1) 1:append(_,2) 2:read()={seen}");
        accepts(&Linearizability, &text("[1,2]"));
        rejects(&Linearizability, &text("[2,1]"), NotLinearizable, &[0, 2, 4]);
        let nine = Context { initial: Value::from(vec![9]), ..Context::default() };
        accepts_in(&nine, &Linearizability, &text("[9,1,2]"));
        rejects_in(&nine, &Linearizability, &text("[9,1]"), NotLinearizable, &[0, 2, 4]);
    }

    /// Nobody can have written null, so nobody can have read it.
    #[test]
    fn overlooks_reads_that_were_not_recorded() {
        let check = |initial: Value, text: &str| {
            Linearizability.check(&history(text), &Context { initial, ..Context::default() })
        };
        assert!(check(Value::from(0), "0:write(x,1) 1:read(x)=null 1:read(x)=1").is_valid());
        assert!(check(Value::from(0), "0:delete(y) 0:write(x,1) 1:read(x)=null 1:read(x)=1").is_valid());
        assert!(check(Value::from(0), "0:write(x,1) 1:read(x)=null 1:delete(x)").is_invalid());
        assert!(check(Value::Null, "0:write(x,1) 1:read(x)=null 1:read(x)=1").is_invalid());
    }

    #[test]
    fn is_unsure_what_lacks_a_key_where_others_have_one() {
        let reason = is_unsure(&Linearizability, "0:add(a,1) 0:add(b,2) 1:read()=[1,2]");
        assert_eq!(reason, "event 4: this read names no key, though other operations do");
    }
}
