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
        let operations = operations.into_iter();
        let mut builder = Builder::with_room(operations.size_hint().0);
        operations
            .filter(|operation| operation.fate() != Fate::Fail)
            .for_each(|operation| builder.push(operation));
        builder.problem
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

/// A problem to which operations are added, none of which failed.
#[derive(Default)]
pub(crate) struct Builder<'a> {
    problem: Problem<'a>,
    numbers: Numbers,
}

impl<'a> Builder<'a> {
    /// No operation yet, and room for so many.
    pub fn with_room(operations: usize) -> Builder<'a> {
        let problem = Problem { ops: Vec::with_capacity(operations), calls: Vec::new() };
        Builder { problem, numbers: Numbers::with_room(operations) }
    }

    /// Adds the operation that was invoked next.
    pub fn push(&mut self, operation: Operation<'a>) {
        let ids = (operation.function_id(), operation.argument_id(), operation.result_id());
        let calls = &mut self.problem.calls;
        let call = self.numbers.of(ids);
        if call as usize == calls.len() {
            let (function, argument) = (operation.function(), operation.argument());
            calls.push(Call { function, argument, result: operation.result() });
        }
        let returned = operation.returned_at().map_or(NEVER, position);
        self.problem.ops.push(Op { invoked: position(operation.invoked_at()), returned, call });
    }

    /// The problem, when all operations are in it.
    pub fn finish(self) -> Problem<'a> {
        self.problem
    }
}

/// What tells calls apart: equal values have equal ids within one history.
type Ids = (FunctionId, ValueId, Option<ValueId>);

/// The numbers of the calls met so far.
///
/// Values get their ids as they come, and so the calls of operations that are near in time are near in this
/// table, which is not scattered as by a hash: most of a pass over a history stays in the cache. Where too many
/// calls want the same place, they are hashed.
#[derive(Default)]
struct Numbers {
    calls: Vec<Ids>,
    /// Numbers and one; 0 where it is free.
    table: Vec<u32>,
    crowded: FxHashMap<Ids, u32>,
}

impl Numbers {
    /// No table is larger than this; calls are not more than operations, and mostly fewer.
    const TABLE_MAX: usize = 1 << 24;
    /// How many places are tried.
    const TRIES: usize = 16;
    fn with_room(operations: usize) -> Numbers {
        let table = (4 * operations).next_power_of_two().min(Numbers::TABLE_MAX);
        Numbers { table: vec![0; table], ..Numbers::default() }
    }

    /// The number of this call; if it is new, the next one.
    fn of(&mut self, ids: Ids) -> u32 {
        let (function, argument, result) = ids;
        let result = result.map_or(0, |result| 2 * result.0 as usize + 1);
        let place = 2 * argument.0 as usize + result + function.0 as usize;
        let next = self.calls.len() as u32;
        for place in place..place + Numbers::TRIES {
            let mask = self.table.len().wrapping_sub(1);
            let Some(number) = self.table.get_mut(place & mask) else { break };
            if *number == 0 {
                *number = next + 1;
                self.calls.push(ids);
            }
            if self.calls[*number as usize - 1] == ids {
                return *number - 1;
            }
        }
        let number = *self.crowded.entry(ids).or_insert(next);
        if number == next {
            self.calls.push(ids);
        }
        number
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

    /// Writes without a result, of arguments whose numbers meet those of the reads' results; and a table so small
    /// that nearly all of them are hashed.
    #[test]
    fn numbers_calls_wherever_they_find_room() {
        for room in [0, 4, 1_000] {
            let mut numbers = Numbers::with_room(room);
            let mut known: FxHashMap<Ids, u32> = FxHashMap::default();
            for step in 0..4_000_u32 {
                let (value, function) = (ValueId(step * 7 % 90), FunctionId(step % 3));
                let ids = match step % 2 {
                    0 => (function, value, None),
                    _ => (function, ValueId(step % 5), Some(value)),
                };
                let next = known.len() as u32;
                assert_eq!(numbers.of(ids), *known.entry(ids).or_insert(next), "{room}: {ids:?}");
            }
            assert_eq!(numbers.calls.len(), known.len());
        }
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
