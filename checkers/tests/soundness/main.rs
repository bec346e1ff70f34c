//! That no pruning loses an order: the hard part of a fast search.
//!
//! A wrong pruning can pass every small history, and fail at the millionth event of a long one. So there are
//! both, small histories by the million and long ones that are valid by construction, and each
//! pruning is tried alone, and each is left out. The long runs, some minutes on two cores:
//!
//! ```text
//! cargo test --release -p perjury-checkers --test soundness -- --ignored
//! ```

mod generator;
mod long;
mod small;

use perjury_checkers::linearizable::Problem;
use perjury_checkers::model::Model;
use perjury_checkers::model::cas_register::CasRegister;
use perjury_histories::Value;

/// Whether this order explains the problem, starting from null.
fn proves(problem: &Problem<'_>, order: &[u32]) -> bool {
    let mut times = vec![0_u32; problem.ops.len()];
    let (mut state, mut next, mut latest) = (Value::Null, Vec::new(), 0);
    for &place in order {
        let op = &problem.ops[place as usize];
        times[place as usize] += 1;
        latest = latest.max(op.invoked);
        CasRegister.step(&state, problem.call(op), &mut next);
        match next.pop() {
            Some(after) if op.returned >= latest => state = after,
            _ => return false,
        }
    }
    let fits = |(op, times): (_, u32)| {
        times == 1 || times == 0 && perjury_checkers::linearizable::Op::is_indeterminate(op)
    };
    problem.ops.iter().zip(times).all(fits)
}
