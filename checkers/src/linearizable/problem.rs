//! One object's operations as a search needs them: places in time, and calls as numbers.
//!
//! ```text
//! position  0        1        2       3            ops   invoked  returned  call
//! 0:write   invoke ─────────────────── ok                0        3         0: write 1 = 1
//! 1:write            invoke ── info                      1        NEVER     1: write 1, outcome unknown
//! ```
//!
//! Operations that failed had no effect and are left out.

use perjury_histories::{Fate, FunctionId, Operation, ValueId};
use rustc_hash::FxHashMap;

use crate::model::Call;

/// One object's operations.
#[derive(Clone, Debug, Default)]
pub struct Problem<'a> {
    /// In the order of their invocations.
    pub ops: Vec<Op>,
    /// The distinct calls: same function, argument and result, same number.
    pub calls: Vec<Call<'a>>,
}

/// An operation that happened or may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// The position of its invocation among the events of the history: this names the operation.
    pub invoked: u32,
    /// The position of its return, [`NEVER`] when its outcome is unknown: then it may also never have
    /// happened, and its call has no result.
    pub returned: u32,
    /// Its place in [`Problem::calls`].
    pub call: u32,
}

/// Where an operation of unknown outcome returns.
pub const NEVER: u32 = u32::MAX;

impl Op {
    /// Whether it may never have happened.
    pub fn is_indeterminate(&self) -> bool {
        self.returned == NEVER
    }
}

impl<'a> Problem<'a> {
    /// The problem of these operations of one object, in the order of their invocations.
    pub fn of(operations: impl IntoIterator<Item = Operation<'a>>) -> Problem<'a> {
        let mut problem = Problem::default();
        let mut numbers = Numbers::default();
        for operation in operations {
            if operation.fate() == Fate::Fail {
                continue;
            }
            let call = numbers.of(&operation, &mut problem.calls);
            let returned = operation.returned_at().map_or(NEVER, position);
            problem.ops.push(Op { invoked: position(operation.invoked_at()), returned, call });
        }
        problem
    }

    /// The problem of the operations that `keep` accepts.
    pub fn restrict(&self, mut keep: impl FnMut(usize, &Op) -> bool) -> Problem<'a> {
        let mut part = Problem::default();
        let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
        for (_, op) in self.ops.iter().enumerate().filter(|(place, op)| keep(*place, op)) {
            let call = *numbers.entry(op.call).or_insert_with(|| {
                part.calls.push(*self.call(op));
                part.calls.len() as u32 - 1
            });
            part.ops.push(Op { call, ..*op });
        }
        part
    }

    /// What this operation asked for and was answered.
    pub fn call(&self, op: &Op) -> &Call<'a> {
        &self.calls[op.call as usize]
    }
}

/// A position in 32 bits; that many events do not fit into memory.
fn position(place: usize) -> u32 {
    u32::try_from(place).ok().filter(|place| *place < NEVER).expect("fewer events than 2^32")
}

/// The numbers of the calls met so far. Equal values have equal ids within one history.
#[derive(Default)]
struct Numbers(FxHashMap<(FunctionId, ValueId, Option<ValueId>), u32>);

impl Numbers {
    /// The number of an operation's call, which is added to the calls if it is new.
    fn of<'a>(&mut self, operation: &Operation<'a>, calls: &mut Vec<Call<'a>>) -> u32 {
        let ids = (operation.function_id(), operation.argument_id(), operation.result_id());
        *self.0.entry(ids).or_insert_with(|| {
            calls.push(Call {
                function: operation.function(),
                argument: operation.argument(),
                result: operation.result(),
            });
            calls.len() as u32 - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::history;

    #[test]
    fn names_places_and_calls() {
        let history = history("0:write(x,1)? 1:write(x,1)? 2:read(x):fail 0:ok=1 1:info 3:write(x,1)=1");
        let problem = Problem::of(history.operations());
        let places: Vec<(u32, u32, u32)> =
            problem.ops.iter().map(|op| (op.invoked, op.returned, op.call)).collect();
        assert_eq!(places, [(0, 4, 0), (1, NEVER, 1), (6, 7, 0)]);
        assert!(problem.ops[1].is_indeterminate());
        assert_eq!(problem.call(&problem.ops[1]).result, None);
    }

    #[test]
    fn keeps_only_the_calls_of_a_part() {
        let history = history("0:write(x,1) 0:read(x)=1 0:write(x,2) 0:read(x)=1");
        let problem = Problem::of(history.operations());
        let part = problem.restrict(|place, _| place > 1);
        assert_eq!(part.ops.iter().map(|op| op.invoked).collect::<Vec<_>>(), [4, 6]);
        let functions = part.ops.iter().map(|op| part.call(op).function);
        assert_eq!((functions.collect::<Vec<_>>(), part.calls.len()), (vec!["write", "read"], 2));
    }
}
