//! How many clients thought that they held a lock.

use perjury_histories::{Fate, History, KeyId};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::sweep::Sweep;

/// How many acquires were ok while another session had not yet released the lock that it had acquired.
pub(super) fn count_overlaps(history: &History) -> usize {
    let mut holders: FxHashMap<Option<KeyId>, FxHashSet<u64>> = FxHashMap::default();
    let mut overlaps = 0;
    for step in Sweep::of(history).steps().filter(|step| step.is_end) {
        let operation = step.operation;
        let (Fate::Ok, Some(session)) = (operation.fate(), operation.session()) else { continue };
        let holders = holders.entry(operation.key_id()).or_default();
        match operation.function() {
            "acquire" => {
                overlaps += usize::from(holders.iter().any(|other| *other != session));
                holders.insert(session);
            }
            "release" => drop(holders.remove(&session)),
            _ => {}
        }
    }
    overlaps
}
