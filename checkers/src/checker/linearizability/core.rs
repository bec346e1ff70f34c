//! The fewest operations that still fail.
//!
//! Parts of a history that cannot be linearized are tried, smaller and smaller (delta debugging), until
//! leaving out any single operation leaves something that can be. A write is left out together with
//! everything that may have observed it, and with what that wrote in turn, so that no read turns into garbage
//! by it. A part is then proof against the whole: take an order of the whole, leave out the same operations,
//! and whatever is left still meets the value of the same write as before, which is left too, because what
//! stood between them can only have been observers of its value.
//!
//! An observer cannot have observed a write of its value that began only when it had ended, nor one after
//! which a further write both began and ended before the observer began. It may then stay, as long as any
//! write of its value stays.

use std::ops::Range;

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use super::problem::Problem;
use super::search::{Outcome, search};
use crate::access::{Access, Act};

/// How many parts are tried. When they are used up the smallest so far is the answer: it fails as well,
/// though it may not be the smallest.
const TRIES_MAX: u32 = 4_000;

/// How many configurations all tries together may visit, and each of them.
const CONFIGURATIONS_MAX: u64 = 2_000_000;
const CONFIGURATIONS_PER_TRY_MAX: u64 = 50_000;

/// The smallest part found of these accesses, which cannot be linearized; it cannot be either.
pub(super) fn minimize<'a>(accesses: &[Access<'a>], initial: &Value) -> Vec<Access<'a>> {
    let mut core: Vec<Access<'a>> = accesses.iter().filter(|access| access.is_possible()).copied().collect();
    let mut budget = Budget { tries: TRIES_MAX, configurations: CONFIGURATIONS_MAX };
    let mut length = core.len().div_ceil(2);
    while length > 0 && !budget.is_spent() {
        let mut is_smaller = false;
        let mut end = core.len();
        while end > 0 {
            let begin = end.saturating_sub(length);
            let part = without(&core, begin..end, initial);
            if budget.fails(&part, initial) {
                core = part;
                is_smaller = true;
            }
            end = begin.min(core.len());
        }
        let is_done = length == 1 && !is_smaller;
        length = if is_done { 0 } else { length.div_ceil(2).min(core.len().div_ceil(2)) };
    }
    core
}

/// What is left of the work that may be spent.
struct Budget {
    tries: u32,
    configurations: u64,
}

impl Budget {
    fn is_spent(&self) -> bool {
        self.tries == 0 || self.configurations == 0
    }

    /// Whether this can certainly not be linearized.
    fn fails(&mut self, accesses: &[Access<'_>], initial: &Value) -> bool {
        if accesses.is_empty() || self.is_spent() {
            return false;
        }
        self.tries -= 1;
        let allowed = self.configurations.min(CONFIGURATIONS_PER_TRY_MAX);
        let mut left = allowed;
        let outcome = search(&Problem::of(accesses, initial), &mut left);
        self.configurations -= allowed - left;
        outcome == Outcome::Impossible
    }
}

/// Leaves out this range, and all that may have observed what it wrote.
fn without<'a>(accesses: &[Access<'a>], range: Range<usize>, initial: &Value) -> Vec<Access<'a>> {
    let overwritten = Overwritten::of(accesses);
    let mut writers: FxHashMap<&Value, usize> = FxHashMap::default();
    for value in accesses.iter().filter_map(Access::written) {
        *writers.entry(value).or_default() += 1;
    }
    let mut is_out: Vec<bool> = (0..accesses.len()).map(|place| range.contains(&place)).collect();
    let mut fresh: Vec<usize> = range.collect();
    let mut gone: FxHashMap<&Value, Vec<(usize, usize)>> = FxHashMap::default();
    while !fresh.is_empty() {
        for access in fresh.drain(..).map(|place| &accesses[place]) {
            if let Some(value) = access.written() {
                let visible = (access.operation.invoked_at(), overwritten.before(access));
                gone.entry(value).or_default().push(visible);
                writers.entry(value).and_modify(|writers| *writers -= 1);
            }
        }
        for (place, access) in accesses.iter().enumerate().filter(|(place, _)| !is_out[*place]) {
            let Some(value) = observed(access) else { continue };
            let is_orphan = value != initial && writers.get(value) == Some(&0);
            let (from, until) = (access.operation.invoked_at(), returned_at(access));
            let is_visible = |(begin, end): &(usize, usize)| from < *end && *begin < until;
            if is_orphan || gone.get(value).is_some_and(|gone| gone.iter().any(is_visible)) {
                fresh.push(place);
            }
        }
        fresh.iter().for_each(|&place| is_out[place] = true);
    }
    accesses.iter().zip(is_out).filter(|(_, is_out)| !is_out).map(|(access, _)| *access).collect()
}

/// What it observes if it takes effect, be that certain or not.
fn observed<'a>(access: &Access<'a>) -> Option<&'a Value> {
    match access.act {
        Act::Read(value) => value,
        Act::Write(_) => None,
        Act::Cas(old, _) => Some(old),
    }
}

/// Where it returned, if ever.
fn returned_at(access: &Access<'_>) -> usize {
    access.operation.returned_at().unwrap_or(usize::MAX)
}

/// Of all writes that began at a position or later, in the order of their beginnings, the first return.
struct Overwritten(Vec<(usize, usize)>);

impl Overwritten {
    fn of(accesses: &[Access<'_>]) -> Overwritten {
        let writes = accesses.iter().filter(|access| access.is_write() && access.is_ok());
        let mut first: Vec<(usize, usize)> =
            writes.map(|write| (write.operation.invoked_at(), returned_at(write))).collect();
        for later in (1..first.len()).rev() {
            first[later - 1].1 = first[later - 1].1.min(first[later].1);
        }
        Overwritten(first)
    }

    /// From where on this write has certainly been overwritten.
    fn before(&self, write: &Access<'_>) -> usize {
        let returned_at = returned_at(write);
        let later = self.0.partition_point(|(invoked_at, _)| *invoked_at <= returned_at);
        self.0.get(later).map_or(usize::MAX, |(_, returned_at)| *returned_at)
    }
}
