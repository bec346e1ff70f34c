//! The general search, for any model: exact, and as fast as the history allows.
//!
//! One sweep (`sweep.rs`) over the history decides. Where operations of unknown outcome abound, it can
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

#[cfg(test)]
mod tests {
    use perjury_histories::{History, Value};
    use serde_json::json;

    use super::*;
    use crate::model::cas_register::CasRegister;
    use crate::model::nondeterministic_register::NondeterministicRegister;
    use crate::stop::Stop;
    use crate::testing::history;

    fn search_in(history: &History, limits: &Limits) -> Answer<Value> {
        search(&CasRegister, &Problem::of(history.operations()), &Value::Null, limits)
    }

    fn outcome(text: &str) -> Outcome<Value> {
        search_in(&history(text), &Limits::default()).outcome
    }

    /// The order, as the values that the operations write.
    fn order(text: &str) -> Vec<u32> {
        match outcome(text) {
            Outcome::Order(order) => order,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn leaves_out_what_need_not_have_happened() {
        assert_eq!(order("0:write(x,1) 1:write(x,2):info 0:read(x)=1"), [0, 2]);
        assert_eq!(order("0:write(x,1) 1:write(x,2):info 0:read(x)=2"), [0, 1, 2]);
    }

    #[test]
    fn keeps_a_write_of_the_value_already_there() {
        assert_eq!(order("0:write(x,1) 1:write(x,1)? 2:write(x,2) 2:read(x)=1 1:ok"), [0, 2, 1, 3]);
        let text = "0:write(x,1) 2:write(x,2) 2:read(x)=1";
        assert!(matches!(outcome(text), Outcome::Impossible(_)));
    }

    #[test]
    fn lets_a_write_of_the_value_already_there_cover_others() {
        let text = |last| {
            format!("0:write(x,5) 1:write(x,3)? 2:write(x,5)? 3:cas(x,[5,6]) 1:ok 3:read(x)={last} 2:ok")
        };
        assert_eq!(order(&text(6)), [0, 1, 2, 3, 4]);
        assert_eq!(order(&text(5)), [0, 3, 1, 2, 4]);
        assert!(matches!(outcome(&text(4)), Outcome::Impossible(_)));
    }

    #[test]
    fn does_not_use_a_covered_write_twice() {
        let text = |last| format!("0:write(x,1)? 1:read(x)=1 1:write(x,2) 1:read(x)={last} 0:ok");
        assert!(matches!(outcome(&text(2)), Outcome::Order(_)));
        let Outcome::Impossible(stuck) = outcome(&text(1)) else { panic!("write 1 was read before write 2") };
        assert_eq!(stuck, Stuck { position: 6, states: vec![json!(2)] });
    }

    #[test]
    fn does_not_settle_for_the_wrong_unknown_outcome() {
        // The first read of 3 must be explained by the cas, or nothing is left for the second.
        let text = |cas| {
            format!("0:write(x,1) 8:write(x,3):info 9:cas(x,{cas}):info 0:read(x)=3 0:write(x,2) 0:read(x)=3")
        };
        assert_eq!(order(&text("[1,3]")), [0, 2, 3, 4, 1, 5]);
        assert!(matches!(outcome(&text("[2,1]")), Outcome::Impossible(_)));
    }

    #[test]
    fn uses_an_unknown_outcome_when_its_like_is_used_up() {
        let text =
            |lost| format!("1:write(x,1)? 2:write(x,{lost}):info 0:read(x)=1 0:write(x,2) 0:read(x)=1 1:ok");
        assert_eq!(order(&text(1)), [0, 2, 3, 1, 4]);
        assert!(matches!(outcome(&text(3)), Outcome::Impossible(_)));
    }

    #[test]
    fn follows_every_choice_of_a_model() {
        let problem = history("0:write(x,1) 1:write(x,2):info 0:read(x)=2 0:read(x)=2");
        let problem = Problem::of(problem.operations());
        let model = NondeterministicRegister;
        let initial = model.initial(&Value::Null).expect("null");
        let answer = search(&model, &problem, &initial, &Limits::default());
        assert!(matches!(answer.outcome, Outcome::Order(_)), "{answer:?}");
    }

    #[test]
    fn has_room_for_many_open_operations() {
        for (writes, is_possible) in [(63, true), (64, true), (257, true), (OPEN_MAX as u64 + 1, false)] {
            let invocations: Vec<String> =
                (0..writes).map(|process| format!("{process}:write(x,{})?", process % 20)).collect();
            let returns: Vec<String> = (0..writes).map(|process| format!("{process}:ok")).collect();
            let text = format!("{} 9999:read(x)=7 {}", invocations.join(" "), returns.join(" "));
            match outcome(&text) {
                Outcome::Order(order) => assert!(is_possible && order.len() as u64 == writes + 1),
                Outcome::GaveUp(gave_up) => assert!(!is_possible && gave_up.why == Why::TooManyOpen),
                other => panic!("{writes}: {other:?}"),
            }
        }
    }

    #[test]
    fn gives_up_at_a_limit() {
        let text = "0:write(x,1) 0:write(x,2) 0:write(x,3)";
        let limited = |configurations_max| {
            search_in(&history(text), &Limits { configurations_max, ..Limits::default() }).outcome
        };
        assert_eq!(limited(2), Outcome::GaveUp(GaveUp { why: Why::WorkLimit, position: 3 }));
        assert!(matches!(limited(4), Outcome::Order(_)));
    }

    #[test]
    fn stops_when_asked() {
        let text = "0:write(x,1) ".repeat(1000);
        let stop = Stop::new();
        let limits = Limits { stop: stop.clone(), ..Limits::default() };
        assert!(matches!(search_in(&history(&text), &limits).outcome, Outcome::Order(_)));
        stop.raise(Reason::TimeLimit);
        let Outcome::GaveUp(gave_up) = search_in(&history(&text), &limits).outcome else {
            panic!("not asked")
        };
        assert_eq!(gave_up.why, Why::Stopped(Reason::TimeLimit));
    }
}
