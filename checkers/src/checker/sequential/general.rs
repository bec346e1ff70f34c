//! Sequential consistency of other objects than registers, by search: small histories of any model.

use perjury_histories::{Fate, History, Operation, Value};

use super::super::linearizability::objects;
use super::gave_up;
use crate::chained::{Chained, Found, Link};
use crate::checker::{Context, Limits, Undecided};
use crate::linearizable::AnyModel;
use crate::model::{Call, Mentions};
use crate::threads::Threads;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};

/// How many parts are tried when the fewest operations are looked for, and the configurations of each.
const TRIES_MAX: u32 = 1_000;
const CONFIGURATIONS_PER_TRY_MAX: u64 = 20_000;

/// An operation and its object.
#[derive(Clone, Copy)]
struct Act<'a> {
    operation: Operation<'a>,
    object: usize,
}

/// Judges the operations of all keys together, each of which is an object of this model.
pub(super) fn judge(
    history: &History,
    model: &dyn AnyModel,
    context: &Context,
) -> Result<Verdict, Undecided> {
    model.check_initial(&context.initial)?;
    let objects = objects::of(history, model, &context.initial)?;
    let mut acts: Vec<Act<'_>> = Vec::new();
    for (object, of) in objects.iter().enumerate() {
        acts.extend(of.operations.iter().map(|&operation| Act { operation, object }));
    }
    acts.sort_by_key(|act| act.operation.invoked_at());
    for act in &acts {
        let refused = |reason| format!("event {}: {reason}", act.operation.index());
        model.check(&Call::of(&act.operation)).map_err(refused)?;
    }
    match search(&acts, model, &context.initial, &context.limits)? {
        Found::Order => Ok(super::explained(history, context)),
        Found::GaveUp => Err(gave_up(acts.len(), &context.limits)),
        Found::Nothing => {
            let core = minimize(acts, model, context)?;
            let operations: Vec<Operation<'_>> = core.iter().map(|act| act.operation).collect();
            let key = core.first().and_then(|act| act.operation.key());
            let key = key.filter(|_| core.iter().all(|act| act.object == core[0].object));
            let explanation = super::explain(&operations);
            let indices = operations.iter().map(Operation::index);
            let anomaly = Anomaly::new(AnomalyKind::NotSequential, key, indices, explanation);
            Ok(Verdict::Invalid(vec![anomaly].into()))
        }
    }
}

fn search<'a>(
    acts: &[Act<'a>],
    model: &dyn AnyModel,
    initial: &Value,
    limits: &Limits,
) -> Result<Found, Undecided> {
    // What changes nothing and returned nothing says nothing.
    let says = |act: &&Act<'_>| act.operation.fate() == Fate::Ok || !model.is_pure(&Call::of(&act.operation));
    let acts: Vec<Act<'a>> = acts.iter().filter(says).copied().collect();
    let operations: Vec<Operation<'_>> = acts.iter().map(|act| act.operation).collect();
    let threads = Threads::of(&operations);
    let link = |act: &Act<'a>| Link {
        object: act.object,
        call: Call::of(&act.operation),
        is_optional: act.operation.fate() != Fate::Ok,
        after: Vec::new(),
    };
    let mut ops: Vec<Link<'_>> = acts.iter().map(link).collect();
    for edge in threads.edges {
        ops[edge.to as usize].after.push(edge.from);
    }
    let objects = acts.iter().map(|act| act.object + 1).max().unwrap_or(0);
    model.chained(&Chained { ops, chains: threads.chains, objects }, initial, limits)
}

/// Leaves out, as long as the rest has no order: whole objects, then of an object all that mentions a value, then
/// single operations that change nothing. An order of the whole would be an order of such a rest, too.
fn minimize<'a>(
    mut core: Vec<Act<'a>>,
    model: &dyn AnyModel,
    context: &Context,
) -> Result<Vec<Act<'a>>, Undecided> {
    let limits = Limits {
        configurations_max: CONFIGURATIONS_PER_TRY_MAX.min(context.limits.configurations_max),
        stop: context.limits.stop.clone(),
    };
    let mut tries = 0;
    loop {
        let before = core.len();
        for rest in [without_object, without_value, without_pure] {
            let mut place = 0;
            while let Some(&act) = core.get(place) {
                place += 1;
                let Some(part) = rest(&core, act, model, &context.initial) else { continue };
                tries += 1;
                if tries > TRIES_MAX || limits.stop.reason().is_some() {
                    return Ok(core);
                }
                if !part.is_empty() && search(&part, model, &context.initial, &limits)? == Found::Nothing {
                    (core, place) = (part, 0);
                }
            }
        }
        if core.len() == before {
            return Ok(core);
        }
    }
}

fn without_object<'a>(core: &[Act<'a>], act: Act<'a>, _: &dyn AnyModel, _: &Value) -> Option<Vec<Act<'a>>> {
    let rest: Vec<Act<'a>> = core.iter().filter(|other| other.object != act.object).copied().collect();
    Some(rest).filter(|rest| rest.len() < core.len())
}

fn without_value<'a>(
    core: &[Act<'a>],
    act: Act<'a>,
    model: &dyn AnyModel,
    initial: &Value,
) -> Option<Vec<Act<'a>>> {
    let Mentions::Values(values) = model.mentions(&Call::of(&act.operation)) else { return None };
    let held =
        |value: &Value| value == initial || initial.as_array().is_some_and(|held| held.contains(value));
    if values.is_empty() || values.iter().any(|value| held(value)) {
        return None;
    }
    let stays = |other: &&Act<'a>| {
        other.object != act.object
            || match model.mentions(&Call::of(&other.operation)) {
                Mentions::Everything => false,
                Mentions::Values(others) => !others.iter().any(|value| values.contains(value)),
            }
    };
    Some(core.iter().filter(stays).copied().collect())
}

fn without_pure<'a>(core: &[Act<'a>], act: Act<'a>, model: &dyn AnyModel, _: &Value) -> Option<Vec<Act<'a>>> {
    let index = act.operation.index();
    let rest = || core.iter().filter(|other| other.operation.index() != index).copied().collect();
    (model.is_pure(&Call::of(&act.operation)) || act.operation.fate() != Fate::Ok).then(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::sequential::Sequential;
    use crate::linearizable::named;
    use crate::testing::{accepts, rejects};
    use AnomalyKind::NotSequential;

    #[test]
    fn judges_stacks_and_queues_and_locks() {
        let text = |last| format!("0:push(_,1) 1:push(_,2) 1:pop()={last}");
        accepts(&Sequential, &text(1));
        accepts(&Sequential, &text(2));
        rejects(&Sequential, &text(3), NotSequential, &[4]);
        let text = |last| format!("0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()={last} 1:dequeue()=2");
        accepts(&Sequential, &text("1"));
        accepts(&Sequential, &format!("{} 2:dequeue()=null", text("1")));
        rejects(&Sequential, &format!("{} 1:dequeue()=1", text("null")), NotSequential, &[0, 2, 6, 8]);
        accepts(&Sequential, "0:acquire() 1:acquire() 0:release()");
        accepts(&Sequential, "0:acquire() 1:acquire() 0:release():info");
        rejects(&Sequential, "0:acquire() 1:acquire() 0:release():fail", NotSequential, &[0, 2]);
    }

    #[test]
    fn judges_all_keys_together() {
        let text =
            |last| format!("0:add(x,1) 0:contains(y,1)=[1,false] 1:add(y,1) 1:contains(x,1)=[1,{last}]");
        let context = Context { model: named("set"), ..Context::default() };
        let check = |text: &str| {
            crate::checker::Checker::check(&Sequential, &crate::testing::history(text), &context)
        };
        assert!(check(&text(true)).is_valid());
        let verdict = check(&text(false));
        assert_eq!(verdict.anomalies()[0].operations, [0, 2, 4, 6]);
    }

    #[test]
    fn gives_up_at_the_limit() {
        let mut context = Context::default();
        context.limits.configurations_max = 2;
        let history = crate::testing::history("0:push(_,1) 1:push(_,2) 1:pop()=1 0:pop()=2");
        let verdict = crate::checker::Checker::check(&Sequential, &history, &context);
        let expected = "4 operations need more than 2 configurations";
        assert_eq!(verdict, Verdict::Unknown(expected.to_owned()));
    }
}
