//! The definition of linearizability, for small histories and any model: every order of every choice of
//! operations is tried. It shares nothing with the searches.

use perjury_histories::Value;

use super::Model;
use crate::linearizable::{Op, Problem};

/// Whether some order of everything that is ok, and of some of what is unknown, respects real time and is
/// possible from this initial value.
pub(crate) fn is_linearizable(model: &impl Model, problem: &Problem<'_>, initial: &Value) -> bool {
    let initial = model.initial(initial).expect("an initial value of the model");
    for call in &problem.calls {
        model.check(call).expect("a call of the model");
    }
    can_go_on(model, problem, &initial, &problem.ops)
}

/// Whether these operations can follow this state.
fn can_go_on<M: Model>(model: &M, problem: &Problem<'_>, state: &M::State, to_come: &[Op]) -> bool {
    if to_come.iter().all(Op::is_indeterminate) {
        return true;
    }
    to_come.iter().enumerate().any(|(place, op)| {
        let is_first = to_come.iter().all(|other| op.invoked <= other.returned);
        let rest = || [&to_come[..place], &to_come[place + 1..]].concat();
        let mut next = Vec::new();
        if is_first {
            model.step(state, problem.call(op), &mut next);
        }
        next.iter().any(|state| can_go_on(model, problem, state, &rest()))
    })
}
