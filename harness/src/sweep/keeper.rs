//! Which run folders a sweep leaves behind: those of the lowest seeds that failed, and not too many.
//!
//! A thousand failed seeds are mostly one fault, and each folder takes megabytes. Threads finish in any order,
//! so a folder may have to make room for that of a lower seed; what is left in the end depends on the seeds
//! alone. A folder that an earlier run had left is never removed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::folder::Kept;

/// The folders kept so far.
pub(super) struct Keeper {
    max: usize,
    kept: Mutex<BTreeMap<u64, Kept>>,
}

impl Keeper {
    /// Keeps at most so many.
    pub(super) fn new(max: usize) -> Keeper {
        Keeper { max, kept: Mutex::new(BTreeMap::new()) }
    }

    /// Whether the folder of this seed is worth writing: there is room for it now.
    pub(super) fn wants(&self, seed: u64) -> bool {
        let kept = self.kept.lock().expect("nobody panics with it");
        kept.len() < self.max || kept.last_key_value().is_some_and(|(last, _)| self.max > 0 && seed < *last)
    }

    /// Takes in the folder of this seed, and removes that of the highest one if it is one too many.
    ///
    /// # Errors
    /// When a folder cannot be removed.
    pub(super) fn add(&self, seed: u64, folder: Kept) -> std::io::Result<()> {
        let mut kept = self.kept.lock().expect("nobody panics with it");
        kept.insert(seed, folder);
        match kept.len() > self.max {
            true => kept.pop_last().filter(|(_, folder)| !folder.is_repeat),
            false => None,
        }
        .map_or(Ok(()), |(_, folder)| std::fs::remove_dir_all(folder.path))
    }

    /// The folders, by seed.
    pub(super) fn folders(self) -> BTreeMap<u64, PathBuf> {
        let kept = self.kept.into_inner().expect("nobody panics with it");
        kept.into_iter().map(|(seed, folder)| (seed, folder.path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keeps_the_lowest_seeds_in_whatever_order_they_come() {
        let out = tempfile::tempdir().expect("a folder");
        let keeper = Keeper::new(2);
        for (seed, is_repeat) in [(5, false), (9, true), (3, false), (7, false), (4, false)] {
            let path = out.path().join(seed.to_string());
            fs::create_dir(&path).expect("made");
            if keeper.wants(seed) {
                keeper.add(seed, Kept { path, is_repeat }).expect("removed");
            } else {
                assert_eq!(seed, 7, "no room, and higher than those that are kept");
                fs::remove_dir(path).expect("removed");
            }
        }
        let exists = |seed: u64| out.path().join(seed.to_string()).exists();
        assert_eq!(keeper.folders().into_keys().collect::<Vec<_>>(), [3, 4]);
        assert_eq!([3, 4, 5].map(exists), [true, true, false]);
        assert!(exists(9), "what was there before the sweep stays");
    }

    #[test]
    fn keeps_nothing_where_nothing_is_wanted() {
        assert!(!Keeper::new(0).wants(1));
    }
}
