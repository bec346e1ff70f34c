//! An operation of unknown outcome that nobody can have seen is left out.
//!
//! ```text
//! 0  ├─ write 7 ─ info          nothing returned 7 or expected it: whether it happened makes no difference
//! 1      ├─ write 1 ─┤ ├─ read 1 ─┤
//! ```
//!
//! Proof, for models in which no result depends on a value being absent, as the model declares. Let `w` bring
//! a value that no operation needs. An order without `w` needs nothing more: `w` may never have happened. In
//! an order with `w`, between `w` and the next operation that needs no value at all nothing could be
//! possible that is not possible without the value of `w`; and since no result depends on the absence of
//! a value, the order without `w` is as good. Leaving out `w` may leave the value that it needed without
//! anyone who needs it, so this is repeated until nothing changes.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use super::super::problem::Problem;
use crate::model::Model;

/// By operation, whether it may matter.
pub fn seen<M: Model>(model: &M, problem: &Problem<'_>) -> Vec<bool> {
    let mut is_seen = vec![true; problem.ops.len()];
    if model.observes_absence() || !problem.ops.iter().any(|op| op.is_indeterminate()) {
        return is_seen;
    }
    let needs: Vec<Vec<&Value>> = problem.calls.iter().map(|call| model.needs(call)).collect();
    let brings: Vec<Option<&Value>> = problem.calls.iter().map(|call| model.brings(call)).collect();
    let mut needed: FxHashMap<&Value, usize> = FxHashMap::default();
    for value in problem.ops.iter().flat_map(|op| &needs[op.call as usize]) {
        *needed.entry(value).or_default() += 1;
    }
    loop {
        let mut is_done = true;
        for (op, is_seen) in problem.ops.iter().zip(&mut is_seen) {
            let unseen = brings[op.call as usize].is_some_and(|value| !needed.contains_key(value));
            if *is_seen && op.is_indeterminate() && unseen {
                (*is_seen, is_done) = (false, false);
                for value in &needs[op.call as usize] {
                    needed.entry(value).and_modify(|count| *count -= 1);
                }
            }
        }
        needed.retain(|_, count| *count > 0);
        if is_done {
            return is_seen;
        }
    }
}
