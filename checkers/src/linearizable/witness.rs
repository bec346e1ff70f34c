//! Whether an order really explains a history: the check that needs no trust in any search.
//!
//! ```text
//! 0  ├─ write 1 ─┤              the order write 1, read 1, write 2 is a proof: everything that is ok is in
//! 1     ├──── read 1 ────┤      it, write 1 is not after write 2 (which was invoked only when it had
//! 2                 ├ write 2 ┤ returned), and each call is possible where it stands
//! ```

use super::problem::Problem;
use crate::model::Model;

/// Whether the operations of this problem in this order (places in it) prove that they are linearizable:
/// everything that is ok is in it, nothing twice; no operation comes after one that was invoked only when it had
/// returned; and the model allows every call where it stands.
pub fn proves<M: Model>(model: &M, problem: &Problem<'_>, initial: M::State, order: &[u32]) -> bool {
    is_complete(problem, order)
        && is_in_real_time(problem, order)
        && is_possible(model, problem, initial, order)
}

fn is_complete(problem: &Problem<'_>, order: &[u32]) -> bool {
    let mut is_in = vec![false; problem.ops.len()];
    for &place in order {
        match is_in.get_mut(place as usize) {
            Some(is_in) if !*is_in => *is_in = true,
            _ => return false,
        }
    }
    problem.ops.iter().zip(is_in).all(|(op, is_in)| is_in || op.is_indeterminate())
}

fn is_in_real_time(problem: &Problem<'_>, order: &[u32]) -> bool {
    let mut latest_invocation = 0;
    order.iter().all(|&place| {
        let op = problem.ops[place as usize];
        latest_invocation = latest_invocation.max(op.invoked);
        op.returned >= latest_invocation
    })
}

/// Where the model leaves a choice, every state is followed.
fn is_possible<M: Model>(model: &M, problem: &Problem<'_>, initial: M::State, order: &[u32]) -> bool {
    let (mut states, mut next) = (vec![initial], Vec::new());
    order.iter().all(|&place| {
        let call = problem.call(&problem.ops[place as usize]);
        for state in states.drain(..) {
            model.step_from(state, call, &mut next);
        }
        std::mem::swap(&mut states, &mut next);
        if states.len() > 1 {
            states = distinct(std::mem::take(&mut states));
        }
        !states.is_empty()
    })
}

/// These states, each once.
fn distinct<S: Clone + Eq + std::hash::Hash>(states: Vec<S>) -> Vec<S> {
    let mut seen = rustc_hash::FxHashSet::default();
    states.into_iter().filter(|state| seen.insert(state.clone())).collect()
}

#[cfg(test)]
mod tests {
    use perjury_histories::Value;
    use serde_json::json;

    use super::*;
    use crate::model::cas_register::CasRegister;
    use crate::model::nondeterministic_register::NondeterministicRegister;
    use crate::testing::history;

    fn is_proof(model: &impl Model, text: &str, order: &[u32]) -> bool {
        let history = history(text);
        let problem = Problem::of(history.operations());
        proves(model, &problem, model.initial(&Value::Null).expect("a state"), order)
    }

    #[test]
    fn wants_all_that_is_ok_once_and_nothing_else() {
        let text = "0:write(_,1)? 1:write(_,2):fail 2:write(_,3):info 0:ok";
        assert!(is_proof(&CasRegister, text, &[0]));
        assert!(is_proof(&CasRegister, text, &[1, 0]));
        for order in [&[][..], &[0, 0], &[1], &[1, 0, 1], &[0, 2]] {
            assert!(!is_proof(&CasRegister, text, order), "{order:?}");
        }
    }

    #[test]
    fn wants_real_time() {
        assert!(is_proof(&CasRegister, "0:write(_,1)? 1:write(_,2)? 0:ok 1:ok", &[1, 0]));
        assert!(!is_proof(&CasRegister, "0:write(_,1) 1:write(_,2)", &[1, 0]));
        // Also across an operation that is open all the time.
        let text = "2:write(_,3)? 0:write(_,1) 1:write(_,2) 2:ok";
        assert!(is_proof(&CasRegister, text, &[1, 0, 2]));
        assert!(!is_proof(&CasRegister, text, &[2, 0, 1]));
    }

    #[test]
    fn wants_every_call_to_be_possible() {
        let text = "0:write(_,1)? 1:cas(_,[1,2])? 2:read()? 0:ok 1:ok 2:ok=1";
        assert!(is_proof(&CasRegister, text, &[0, 2, 1]));
        assert!(!is_proof(&CasRegister, text, &[0, 1, 2]));
        assert!(!is_proof(&CasRegister, text, &[1, 0, 2]));
    }

    #[test]
    fn follows_every_choice() {
        let text = |all: Value| format!("0:put-any(_,[1,2,3]) 1:get-any()=[2] 1:get-all()={all}");
        assert!(is_proof(&NondeterministicRegister, &text(json!([2, 3])), &[0, 1, 2]));
        assert!(!is_proof(&NondeterministicRegister, &text(json!([1, 3])), &[0, 1, 2]));
    }
}
