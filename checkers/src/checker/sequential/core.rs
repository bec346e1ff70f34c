//! The fewest operations found that still have no order.
//!
//! Parts are left out, smaller and smaller (delta debugging), as long as the rest has no order either. A write
//! is left out together with everything that may have observed its value, and with what that wrote in turn: an
//! order of the whole is then an order of the rest, so that a rest without an order is proof against the whole.

use perjury_histories::{Key, Value};
use rustc_hash::FxHashSet;

use super::problem::Problem;
use super::search::{Outcome, search};
use crate::access::{Access, Act};
use crate::stop::Stop;

/// How many parts are tried, and how many configurations each of them may take.
const TRIES_MAX: u32 = 2_000;
const CONFIGURATIONS_PER_TRY_MAX: u64 = 20_000;

/// The smallest part found of these accesses, which have no order, that has none either.
pub(super) fn minimize<'a>(accesses: &[Access<'a>], initial: &'a Value, stop: &Stop) -> Vec<Access<'a>> {
    let mut core = accesses.to_vec();
    let (mut length, mut tries) = (core.len().div_ceil(2), 0);
    while length > 0 && tries < TRIES_MAX && stop.reason().is_none() {
        let mut is_smaller = false;
        let mut end = core.len();
        while end > 0 && tries < TRIES_MAX {
            let begin = end.saturating_sub(length);
            let rest = without(&core, begin, end);
            let mut configurations = CONFIGURATIONS_PER_TRY_MAX;
            tries += 1;
            if search(&Problem::of(&rest, initial), &mut configurations, stop) == Outcome::Impossible {
                core = rest;
                is_smaller = true;
            }
            end = begin.min(core.len());
        }
        if !is_smaller || length > 1 {
            length /= 2;
        }
    }
    core
}

/// All but those from `begin` to `end`, and but what depends on them.
fn without<'a>(core: &[Access<'a>], begin: usize, end: usize) -> Vec<Access<'a>> {
    let mut gone: FxHashSet<(Option<&Key>, &Value)> = FxHashSet::default();
    let mut is_kept: Vec<bool> = (0..core.len()).map(|place| !(begin..end).contains(&place)).collect();
    let left_out = core[begin..end].iter();
    gone.extend(left_out.filter_map(|access| access.written().map(|value| (access.key, value))));
    let mut is_growing = true;
    while is_growing {
        is_growing = false;
        for (access, is_kept) in core.iter().zip(&mut is_kept).filter(|(_, is_kept)| **is_kept) {
            let observed = match access.act {
                Act::Cas(old, _) => Some(old),
                _ => access.observed(),
            };
            if observed.is_some_and(|value| gone.contains(&(access.key, value))) {
                *is_kept = false;
                is_growing |= access.written().is_some_and(|value| gone.insert((access.key, value)));
            }
        }
    }
    core.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept).map(|(access, _)| *access).collect()
}
