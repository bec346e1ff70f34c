//! Leaving holders out of a lock: each acquire with its release.
//!
//! The model lets anybody release. But where each process acquires before it releases, and releases before it
//! acquires again, it is always the holder who does. *Proof.* Take an order. Its first release comes right after
//! its first acquire, and whoever did that release had acquired before: it is the same process. Without these
//! two, the same holds of what follows. ∎ So an acquire and the release by the same process that follows it
//! stand together in every order, and together they can be missing.

use perjury_histories::{Process, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::linearizable::Problem;

/// Of each place the number of the pair that it belongs to; none from where on this is not so.
pub(super) struct Holders(Vec<usize>);

impl Holders {
    /// None where, before this position, a process releases what it had not acquired, or acquires what it holds;
    /// or where the lock was held from the beginning.
    pub(super) fn of(
        problem: &Problem<'_>,
        processes: &[Process],
        initial: &Value,
        until: u32,
    ) -> Option<Holders> {
        let mut held: FxHashMap<Process, usize> = FxHashMap::default();
        let mut pairs = Vec::new();
        for (place, (op, process)) in problem.ops.iter().zip(processes).enumerate() {
            let is_acquire = problem.call(op).function == "acquire";
            pairs.push(match held.remove(process) {
                None if is_acquire => {
                    held.insert(*process, place);
                    place
                }
                Some(acquired) if !is_acquire => acquired,
                _ if op.invoked < until => return None,
                _ => break,
            });
        }
        (*initial != true).then_some(Holders(pairs))
    }

    /// Leaves out some of the places, and what belongs to them.
    pub(super) fn without(&self, places: &[usize], out: &[bool]) -> Vec<usize> {
        let chosen = places.iter().zip(out).filter(|(_, out)| **out);
        let gone: FxHashSet<usize> = chosen.filter_map(|(place, _)| self.0.get(*place)).copied().collect();
        let stays = |place: &usize| self.0.get(*place).is_none_or(|pair| !gone.contains(pair));
        places.iter().copied().filter(stays).collect()
    }
}
