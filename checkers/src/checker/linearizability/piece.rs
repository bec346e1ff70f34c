//! One object, or one part of it that is independent of the others, and what was found of it.

use perjury_histories::{Operation, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::objects::Object;
use crate::checker::{Context, Limits, Undecided};
use crate::linearizable::core::Broken;
use crate::linearizable::search::Why;
use crate::linearizable::shortcut;
use crate::linearizable::special::Answer;
use crate::linearizable::{AnyModel, GaveUp, Outcome, Problem, Stuck};

/// Operations that are judged together, in the order of their invocations.
pub(super) struct Piece<'a> {
    operations: Vec<Operation<'a>>,
    finding: Finding,
}

/// What was found of a piece; operations are named by their places in it.
pub(super) enum Finding {
    /// They have this order.
    Order(Vec<u32>),
    /// They have none: the search was stuck there.
    Stuck(Stuck<String>),
    /// They have none: these alone have none, whatever came of all others of unknown outcome (no operations:
    /// all of them).
    Impossible(Vec<u32>),
    /// Whether they have one is not known.
    GaveUp(GaveUp),
}

/// Judges an object: at once, if a special case decides it, else part by part, if it has parts, else by the
/// search. Errs on an operation that the model does not know.
pub(super) fn judge<'a>(
    object: &Object<'a>,
    model: &dyn AnyModel,
    context: &Context,
    configurations_max: u64,
) -> Result<Vec<Piece<'a>>, Undecided> {
    if let Some(reason) = context.limits.stop.reason() {
        let position = object.operations.first().map_or(0, |first| first.invoked_at() as u32);
        let finding = Finding::GaveUp(GaveUp { why: Why::Stopped(reason), position });
        return Ok(vec![Piece { operations: object.operations.clone(), finding }]);
    }
    let problem = &object.problem;
    check(model, problem, object)?;
    let shortcut = shortcut::linearize(model.shape(), problem, &context.initial);
    let parts = match shortcut {
        Answer::NotApplicable(_) => parts(model, problem, &object.operations),
        _ => None,
    };
    let finding = match shortcut {
        Answer::Order(order) => Finding::Order(order),
        Answer::Impossible(places) => Finding::Impossible(places),
        Answer::NotApplicable(_) => match parts {
            Some(parts) => {
                let judged = parts.into_par_iter().map(|part| {
                    let problem = Problem::of(part.iter().copied());
                    let finding = search(model, &problem, context, configurations_max)?;
                    let piece = Piece { operations: part, finding };
                    piece.prove(&problem, model, &context.initial);
                    Ok(piece)
                });
                return judged.collect();
            }
            None => search(model, problem, context, configurations_max)?,
        },
    };
    let piece = Piece { operations: object.operations.clone(), finding };
    piece.prove(problem, model, &context.initial);
    Ok(vec![piece])
}

/// Every call must have a shape that the model understands.
fn check(model: &dyn AnyModel, problem: &Problem<'_>, object: &Object<'_>) -> Result<(), Undecided> {
    for (number, call) in (0..).zip(&problem.calls) {
        if let Err(reason) = model.check(call) {
            let place = problem.ops.iter().position(|op| op.call == number).unwrap_or_default();
            return Err(format!("event {}: {reason}", object.operations[place].index()));
        }
    }
    Ok(())
}

/// The operations by the part of the object that they are about, if all are about one.
fn parts<'a>(
    model: &dyn AnyModel,
    problem: &Problem<'a>,
    operations: &[Operation<'a>],
) -> Option<Vec<Vec<Operation<'a>>>> {
    let mut numbers: FxHashMap<&Value, usize> = FxHashMap::default();
    let mut parts: Vec<Vec<Operation<'a>>> = Vec::new();
    let number = |call| {
        let next = numbers.len();
        Some(*numbers.entry(model.part(call)?).or_insert(next))
    };
    let numbers: Vec<usize> = problem.calls.iter().map(number).collect::<Option<_>>()?;
    parts.resize_with(numbers.iter().max()? + 1, Vec::new);
    for (op, operation) in problem.ops.iter().zip(operations) {
        parts[numbers[op.call as usize]].push(*operation);
    }
    Some(parts)
}

fn search(
    model: &dyn AnyModel,
    problem: &Problem<'_>,
    context: &Context,
    configurations_max: u64,
) -> Result<Finding, Undecided> {
    let limits = Limits { configurations_max, ..context.limits.clone() };
    Ok(match model.search(problem, &context.initial, &limits)?.outcome {
        Outcome::Order(order) => Finding::Order(order),
        Outcome::Impossible(stuck) => Finding::Stuck(stuck),
        Outcome::GaveUp(gave_up) => Finding::GaveUp(gave_up),
    })
}

/// The indices of the invocations in the order in which the operations took effect, if all pieces of an object
/// have one.
///
/// Each operation takes effect as early as the order of its piece allows: when it was invoked, or with the one
/// before it. That is no later than its return, since no later one of the order was invoked after it.
pub(super) fn order(pieces: &[Piece<'_>]) -> Option<Vec<u64>> {
    if let [Piece { operations, finding: Finding::Order(order) }] = pieces {
        return Some(order.iter().map(|&place| operations[place as usize].index()).collect());
    }
    let mut moments = Vec::new();
    for piece in pieces {
        let Finding::Order(order) = &piece.finding else { return None };
        let mut moment = 0;
        for operation in order.iter().map(|&place| piece.operations[place as usize]) {
            moment = moment.max(operation.invoked_at());
            moments.push((moment, operation));
        }
    }
    // Stable: within a piece, what takes effect at the same moment keeps its order.
    moments.sort_by_key(|(moment, _)| *moment);
    Some(moments.into_iter().map(|(_, operation)| operation.index()).collect())
}

impl<'a> Piece<'a> {
    /// An order must be one.
    fn prove(&self, problem: &Problem<'_>, model: &dyn AnyModel, initial: &Value) {
        if let Finding::Order(order) = &self.finding {
            let is_proof = model.proves(problem, initial, order);
            assert!(is_proof, "the order that was found must explain the history");
        }
    }

    /// Searches with all configurations that are allowed, where fewer were not enough.
    pub(super) fn judge_again(&mut self, model: &dyn AnyModel, context: &Context) -> Result<(), Undecided> {
        if self.gave_up().is_some_and(|gave_up| gave_up.why == Why::WorkLimit) {
            let problem = Problem::of(self.operations.iter().copied());
            self.finding = search(model, &problem, context, context.limits.configurations_max)?;
            self.prove(&problem, model, &context.initial);
        }
        Ok(())
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self.finding, Finding::Stuck(_) | Finding::Impossible(_))
    }

    pub(super) fn gave_up(&self) -> Option<GaveUp> {
        match self.finding {
            Finding::GaveUp(gave_up) => Some(gave_up),
            _ => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.operations.len()
    }

    /// Roughly where it broke: the position of the stuck return, or of the last invocation that matters.
    pub(super) fn broke_at(&self) -> usize {
        match &self.finding {
            Finding::Stuck(stuck) => stuck.position as usize,
            Finding::Impossible(places) => {
                places.iter().map(|&place| self.operations[place as usize].invoked_at()).max().unwrap_or(0)
            }
            Finding::Order(_) | Finding::GaveUp(_) => 0,
        }
    }

    /// All operations, and what is known to have no order.
    pub(super) fn broken(&self) -> Option<(Problem<'a>, Broken<'_>)> {
        let broken = match &self.finding {
            Finding::Stuck(stuck) => Broken::Stuck(stuck),
            Finding::Impossible(places) => Broken::Places(places),
            Finding::Order(_) | Finding::GaveUp(_) => return None,
        };
        Some((Problem::of(self.operations.iter().copied()), broken))
    }

    /// The operation that was invoked at this position.
    pub(super) fn operation(&self, invoked: u32) -> Operation<'a> {
        let place = self.operations.partition_point(|operation| operation.invoked_at() < invoked as usize);
        self.operations[place]
    }
}
