//! The fewest operations that still fail.
//!
//! Parts of a history that cannot be linearized are tried, smaller and smaller (delta debugging), until
//! leaving out any single operation leaves something that can be. A write is left out together with
//! everything that observed its value, and with what that wrote in turn, so that no read turns into garbage
//! by it. A part is then proof against the whole: from an order of the whole, leaving the same operations out
//! gives an order of the part, because between a write and the next one only observers of its value stand.

use perjury_histories::Value;
use rustc_hash::FxHashSet;

use super::problem::Problem;
use super::search::{Outcome, search};
use crate::access::{Access, Act};

/// How many parts are tried. When they are used up the smallest so far is the answer: it fails as well,
/// though it may not be the smallest.
const TRIES_MAX: u32 = 4_000;

/// How many configurations each try may visit.
const CONFIGURATIONS_MAX: u64 = 100_000;

/// The smallest part found of these accesses, which cannot be linearized; it cannot be either.
pub(super) fn minimize<'a>(accesses: &[Access<'a>], initial: &Value) -> Vec<Access<'a>> {
    let mut core: Vec<Access<'a>> = accesses.iter().filter(|access| access.is_possible()).copied().collect();
    let mut tries = TRIES_MAX;
    let mut length = core.len().div_ceil(2);
    while length > 0 {
        let mut is_smaller = false;
        let mut end = core.len();
        while end > 0 && tries > 0 {
            tries -= 1;
            let begin = end.saturating_sub(length);
            let part = without(&core, begin..end);
            if !part.is_empty() && fails(&part, initial) {
                core = part;
                is_smaller = true;
            }
            end = begin.min(core.len());
        }
        let is_done = tries == 0 || (length == 1 && !is_smaller);
        length = if is_done { 0 } else { length.div_ceil(2).min(core.len().div_ceil(2)) };
    }
    core
}

/// Whether this can certainly not be linearized.
pub(super) fn fails(accesses: &[Access<'_>], initial: &Value) -> bool {
    let mut configurations = CONFIGURATIONS_MAX;
    search(&Problem::of(accesses, initial), &mut configurations) == Outcome::Impossible
}

/// Leaves out this range, and all that observed what it wrote.
fn without<'a>(accesses: &[Access<'a>], range: std::ops::Range<usize>) -> Vec<Access<'a>> {
    let mut is_out: Vec<bool> = (0..accesses.len()).map(|place| range.contains(&place)).collect();
    let mut gone: FxHashSet<&Value> = FxHashSet::default();
    loop {
        for (access, _) in accesses.iter().zip(&is_out).filter(|(_, is_out)| **is_out) {
            gone.extend(access.written());
        }
        let mut is_settled = true;
        for (access, is_out) in accesses.iter().zip(&mut is_out).filter(|(_, is_out)| !**is_out) {
            let observed = match access.act {
                Act::Read(value) => value,
                Act::Write(_) => None,
                Act::Cas(old, _) => Some(old),
            };
            if observed.is_some_and(|value| gone.contains(value)) {
                *is_out = true;
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    accesses.iter().zip(is_out).filter(|(_, is_out)| !is_out).map(|(access, _)| *access).collect()
}
