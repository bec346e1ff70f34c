//! The search problem: operations in chains, and registers whose values are numbers.

use perjury_histories::{Fate, Key, Value};
use rustc_hash::FxHashMap;

use crate::access::{Access, Act};
use crate::threads::Threads;

/// Operations to be put in order.
pub(super) struct Problem {
    pub ops: Vec<Op>,
    /// Chains in session order.
    pub chains: Vec<Vec<u32>>,
    /// The value of each register before the first operation.
    pub initial: Vec<u32>,
    /// How many operations may observe each value, and how many may write it.
    pub values: Vec<Uses>,
}

/// What an operation does to its register.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub key: u32,
    pub observes: Option<u32>,
    pub writes: Option<u32>,
    /// Whether it may never take effect.
    pub is_optional: bool,
    /// What else must come before it, besides the one before it in its chain.
    pub after: Vec<u32>,
    /// When it returned, as a hint.
    pub returned_at: usize,
}

/// How many operations observe a value of a key, and write it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    pub observers: u32,
    pub writers: u32,
}

impl Problem {
    /// The problem of these accesses, none of which failed. What can make no difference is left out: reads
    /// that are not ok, and writes of unknown outcome of what nobody may have seen, for without them
    /// every order still explains the rest.
    pub fn of<'a>(accesses: &[Access<'a>], initial: &'a Value) -> Problem {
        let mut values = Values::default();
        let ops: Vec<(Access<'a>, Op)> = accesses.iter().map(|access| (*access, values.op(access))).collect();
        let uses = count(&values, ops.iter().map(|(_, op)| op));
        let matters = |op: &Op| match (op.is_optional, op.writes) {
            (true, Some(written)) => uses[written as usize].observers > 0,
            (is_optional, _) => !is_optional,
        };
        let (kept, ops): (Vec<Access<'a>>, Vec<Op>) = ops.into_iter().filter(|(_, op)| matters(op)).unzip();
        let threads = Threads::of(&kept.iter().map(|access| access.operation).collect::<Vec<_>>());
        let mut problem = Problem { values: Vec::new(), chains: threads.chains, initial: Vec::new(), ops };
        for edge in threads.edges {
            problem.ops[edge.to as usize].after.push(edge.from);
        }
        problem.initial = values.initial(initial);
        problem.values = count(&values, problem.ops.iter());
        problem
    }

    /// An operation that observes what nobody writes and what was not there.
    pub fn has_garbage(&self) -> bool {
        let mut observed = self.ops.iter().filter(|op| !op.is_optional).filter_map(|op| op.observes);
        observed.any(|value| self.values[value as usize].writers == 0 && !self.initial.contains(&value))
    }
}

fn count<'o>(values: &Values<'_>, ops: impl Iterator<Item = &'o Op>) -> Vec<Uses> {
    let mut uses = vec![Uses::default(); values.numbers.len() + values.keys.len()];
    for op in ops {
        op.observes.inspect(|&value| uses[value as usize].observers += 1);
        op.writes.inspect(|&value| uses[value as usize].writers += 1);
    }
    uses
}

/// Numbers for keys, and for the values of each key.
#[derive(Default)]
struct Values<'a> {
    keys: FxHashMap<Option<&'a Key>, u32>,
    numbers: FxHashMap<(u32, &'a Value), u32>,
}

impl<'a> Values<'a> {
    fn op(&mut self, access: &Access<'a>) -> Op {
        let next = self.keys.len() as u32;
        let key = *self.keys.entry(access.key).or_insert(next);
        let mut number = |value: &'a Value| {
            let next = self.numbers.len() as u32;
            *self.numbers.entry((key, value)).or_insert(next)
        };
        let observes = match access.act {
            Act::Cas(old, _) => Some(number(old)),
            _ => access.observed().map(&mut number),
        };
        Op {
            key,
            observes,
            writes: access.written().map(&mut number),
            is_optional: access.operation.fate() != Fate::Ok,
            after: Vec::new(),
            returned_at: access.operation.returned_at().unwrap_or(usize::MAX),
        }
    }

    /// The number of the initial value of each key; of those where nobody mentions it, one of its own.
    fn initial(&self, initial: &Value) -> Vec<u32> {
        let mut next = self.numbers.len() as u32;
        let keys = 0..self.keys.len() as u32;
        let number = keys.map(|key| {
            self.numbers.get(&(key, initial)).copied().unwrap_or_else(|| {
                next += 1;
                next - 1
            })
        });
        number.collect()
    }
}
