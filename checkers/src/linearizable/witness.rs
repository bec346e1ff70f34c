//! Whether an order really explains a history: the check that needs no trust in any search.
//!
//! ```text
//! 0  ├─ write 1 ─┤              the order write 1, read 1, write 2 is a proof: everything that is ok is in
//! 1     ├──── read 1 ────┤      it, write 1 is not after write 2 (which was invoked only when it had
//! 2                 ├ write 2 ┤ returned), and each call is possible where it stands
//! ```

use perjury_histories::{Fate, Operation};

use crate::model::{Call, Model};

/// Whether these operations in this order (places in the list) prove that they are linearizable: everything
/// that is ok is in it, nothing twice, nothing that failed; no operation comes after one that was invoked only
/// when it had returned; and the model allows every call where it stands.
pub fn proves<M: Model>(model: &M, operations: &[Operation<'_>], initial: M::State, order: &[u32]) -> bool {
    is_complete(operations, order)
        && is_in_real_time(operations, order)
        && is_possible(model, operations, initial, order)
}

fn is_complete(operations: &[Operation<'_>], order: &[u32]) -> bool {
    let mut times = vec![0_u32; operations.len()];
    for &place in order {
        match times.get_mut(place as usize) {
            Some(times) => *times += 1,
            None => return false,
        }
    }
    let fits = |(operation, times): (&Operation<'_>, u32)| match operation.fate() {
        Fate::Ok => times == 1,
        Fate::Fail => times == 0,
        Fate::Unknown => times <= 1,
    };
    operations.iter().zip(times).all(fits)
}

fn is_in_real_time(operations: &[Operation<'_>], order: &[u32]) -> bool {
    let mut latest_invocation = 0;
    order.iter().all(|&place| {
        let operation = operations[place as usize];
        latest_invocation = latest_invocation.max(operation.invoked_at());
        operation.returned_at().is_none_or(|returned_at| returned_at >= latest_invocation)
    })
}

/// Where the model leaves a choice, every state is followed.
fn is_possible<M: Model>(model: &M, operations: &[Operation<'_>], initial: M::State, order: &[u32]) -> bool {
    let (mut states, mut next) = (vec![initial], Vec::new());
    order.iter().all(|&place| {
        let call = Call::of(&operations[place as usize]);
        for state in states.drain(..) {
            model.step_from(state, &call, &mut next);
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
        let operations: Vec<Operation<'_>> = history.operations().collect();
        proves(model, &operations, model.initial(&Value::Null).expect("a state"), order)
    }

    #[test]
    fn wants_all_that_is_ok_once_and_nothing_that_failed() {
        let text = "0:write(_,1)? 1:write(_,2):fail 2:write(_,3):info 0:ok";
        assert!(is_proof(&CasRegister, text, &[0]));
        assert!(is_proof(&CasRegister, text, &[2, 0]));
        for order in [&[][..], &[0, 0], &[0, 1], &[2, 0, 2], &[0, 3]] {
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
