//! One register's operations as the search needs them: values as numbers, and only what matters.
//!
//! What is left out or narrowed, and why no history changes its verdict by it:
//!
//! - Operations that failed did not happen; reads without a result say nothing.
//! - A write or cas of unknown fate whose value nobody observes (no ok read returned it, no cas that may
//!   have happened expects it) is dropped. In an order that holds it, it is followed at once by a blind write,
//!   or by nothing, since anything else would observe its value; so the order without it is as good. And
//!   an order without it needs nothing more: unknown operations may be absent. Dropping a cas may leave a
//!   further value unobserved, so this is repeated until nothing changes.
//! - One of unknown fate that is the only writer of its value, where an ok operation observed that value and
//!   it is not the initial one, did happen, and before the first such observer returned: it gets that as
//!   its return.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use crate::access::{Access, Act};

/// The operations of one register that matter, in the order of their invocations.
pub(super) struct Problem {
    pub ops: Vec<Op>,
    /// How many values there are: the numbers below this. The initial value is number 0.
    pub values: usize,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Op {
    /// Its place in the list of accesses that the problem was made from.
    pub source: usize,
    pub invoked_at: usize,
    /// None: it may also never have happened.
    pub returned_at: Option<usize>,
    pub act: Step,
}

/// What an operation does, in values as numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Read(usize),
    Write(usize),
    Cas(usize, usize),
}

/// The number of the initial value.
pub(super) const INITIAL: usize = 0;

impl Step {
    /// The value that must be there.
    pub fn observes(self) -> Option<usize> {
        match self {
            Step::Read(value) | Step::Cas(value, _) => Some(value),
            Step::Write(_) => None,
        }
    }

    /// The value that is there afterwards, if it is changed.
    pub fn writes(self) -> Option<usize> {
        match self {
            Step::Write(value) | Step::Cas(_, value) => Some(value),
            Step::Read(_) => None,
        }
    }
}

impl Problem {
    /// The problem of these accesses of one register.
    pub fn of(accesses: &[Access<'_>], initial: &Value) -> Problem {
        let mut numbers = FxHashMap::from_iter([(initial, INITIAL)]);
        let mut ops = Vec::new();
        for (source, access) in accesses.iter().enumerate().filter(|(_, access)| access.is_possible()) {
            let mut number = |value| {
                let fresh = numbers.len();
                *numbers.entry(value).or_insert(fresh)
            };
            let act = match access.act {
                Act::Read(None) => continue,
                Act::Read(Some(value)) => Step::Read(number(value)),
                Act::Write(value) => Step::Write(number(value)),
                Act::Cas(old, new) => Step::Cas(number(old), number(new)),
            };
            let (invoked_at, returned_at) = (access.operation.invoked_at(), access.operation.returned_at());
            ops.push(Op { source, invoked_at, returned_at, act });
        }
        let mut problem = Problem { ops, values: numbers.len() };
        problem.drop_unobserved();
        problem.bound_observed();
        problem
    }

    /// Drops what is of unknown fate and has no observer.
    fn drop_unobserved(&mut self) {
        loop {
            let mut is_observed = vec![false; self.values];
            for value in self.ops.iter().filter_map(|op| op.act.observes()) {
                is_observed[value] = true;
            }
            let before = self.ops.len();
            self.ops.retain(|op| {
                op.returned_at.is_some() || op.act.writes().is_none_or(|value| is_observed[value])
            });
            if self.ops.len() == before {
                return;
            }
        }
    }

    /// Gives a return to what is of unknown fate and must have happened.
    fn bound_observed(&mut self) {
        let mut writers = vec![0_usize; self.values];
        let mut first_return: Vec<Option<usize>> = vec![None; self.values];
        for op in &self.ops {
            if let Some(value) = op.act.writes() {
                writers[value] += 1;
            }
            if let (Some(value), Some(returned_at)) = (op.act.observes(), op.returned_at) {
                let first = first_return[value].get_or_insert(returned_at);
                *first = returned_at.min(*first);
            }
        }
        for op in self.ops.iter_mut().filter(|op| op.returned_at.is_none()) {
            let value = op.act.writes().filter(|value| *value != INITIAL && writers[*value] == 1);
            op.returned_at = value.and_then(|value| first_return[value]);
        }
    }
}
