//! The general search, for any model: exact, and as fast as the history allows.
//!
//! One [sweep](super::sweep) over the history decides. Where operations of unknown outcome abound, it can
//! have very many configurations, one for each choice of those that have happened. So cheaper sweeps are
//! rehearsed first, each of which can only give one of the two answers:
//!
//! - One that uses such operations only where no configuration is left without them, and one that keeps,
//!   of configurations that differ in which of them they used, the one that used the fewest. An
//!   order that they find is an order.
//! - One in which such an operation, once invoked, can happen any number of times. If even so there is no
//!   order, there is none: every order of the history is one of these.
//!
//! Only where none of them answers, the complete sweep does.

use super::facts::Facts;
use super::mask::Mask;
use super::problem::Problem;
use super::pruning::dominance::Counting;
use super::pruning::{Prunings, unseen};
use super::states::States;
use super::sweep::{End, Swept, sweep};
use super::timeline::Timeline;
use crate::checker::Limits;
use crate::model::Model;
use crate::stop::Reason;

/// What a search found, and how much work it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<S> {
    /// What it found.
    pub outcome: Outcome<S>,
    /// The configurations that it visited.
    pub configurations: u64,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<S> {
    /// In this order (places in [`Problem::ops`]) every operation is explained; those of unknown outcome that
    /// are not in it did not happen.
    Order(Vec<u32>),
    /// There is no such order.
    Impossible(Stuck<S>),
    /// It is not known whether there is one.
    GaveUp(GaveUp),
}

/// Where a search for an order came to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Stuck<S> {
    /// The position of the return before which the operation could not take effect, whatever was tried.
    pub position: u32,
    /// The states that the object could be in just before, the first few of them.
    pub states: Vec<S>,
}

/// Why a search ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// What it lacked.
    pub why: Why,
    /// Up to this position the operations have an order, as far as the search went.
    pub position: u32,
}

/// What a search lacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The configurations that it may visit are used up.
    WorkLimit,
    /// It was asked to stop.
    Stopped(Reason),
    /// More operations are open at the same time than [`OPEN_MAX`].
    TooManyOpen,
}

/// How many operations of known outcome may be open at the same time.
pub const OPEN_MAX: usize = Mask::<64>::SLOTS;

/// Searches for an order of these operations that the model explains, starting from this state.
pub fn search<M: Model>(
    model: &M,
    problem: &Problem<'_>,
    initial: &M::State,
    limits: &Limits,
) -> Answer<M::State> {
    search_with(model, problem, initial, limits, &Prunings::ALL)
}

/// The same with these prunings only: slower, and the same verdict.
pub fn search_with<M: Model>(
    model: &M,
    problem: &Problem<'_>,
    initial: &M::State,
    limits: &Limits,
    prunings: &Prunings,
) -> Answer<M::State> {
    let timeline = Timeline::of(&problem.ops);
    let open_max = timeline.open_max();
    let mut states = States::new(model, &problem.calls, initial);
    let facts = Facts::of(model, problem, &mut states, prunings);
    let is_seen = match prunings.unseen {
        true => unseen::seen(model, problem),
        false => vec![true; problem.ops.len()],
    };
    let mut configurations = 0;
    let mut run = |counting| {
        let left = limits.configurations_max.saturating_sub(configurations);
        let allowed = if counting == Counting::Exact { left } else { left / REHEARSAL_SHARE };
        let swept = Swept {
            problem,
            timeline: &timeline,
            facts: &facts,
            is_seen: &is_seen,
            states: &mut states,
            prunings: *prunings,
            counting,
            limits: Limits { configurations_max: allowed, stop: limits.stop.clone() },
        };
        let end = match open_max {
            0..=64 => sweep::<M, 1>(swept),
            65..=256 => sweep::<M, 4>(swept),
            _ => sweep::<M, 64>(swept),
        };
        configurations += end.configurations;
        end
    };
    let has_rehearsal = prunings.rehearsal && !facts.classes.is_empty();
    let outcome = if has_rehearsal { rehearse(&mut run) } else { run(Counting::Exact).outcome };
    Answer { outcome, configurations }
}

/// A rehearsal may use up this part of the configurations that are left.
const REHEARSAL_SHARE: u64 = 4;

/// The cheaper sweeps, then the complete one, as long as there is no answer.
fn rehearse<S>(mut run: impl FnMut(Counting) -> End<S>) -> Outcome<S> {
    for counting in [Counting::Sparing, Counting::Fewest, Counting::Free] {
        let End { outcome, has_losses, .. } = run(counting);
        let is_answer = match &outcome {
            Outcome::Order(_) => counting != Counting::Free,
            Outcome::Impossible(_) => !has_losses,
            Outcome::GaveUp(gave_up) => gave_up.why != Why::WorkLimit,
        };
        if is_answer {
            return outcome;
        }
    }
    run(Counting::Exact).outcome
}
