//! Shards of one sweep, put together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use super::journal::{self, Header};
use super::shard::Shard;
use super::totals::Totals;

/// What all shards found.
#[derive(Clone, Debug)]
pub struct Merged {
    /// What was swept: the header of the first journal.
    pub header: Header,
    /// The shards that are there.
    pub shards: BTreeSet<Shard>,
    /// Their runs.
    pub totals: Totals,
    /// Real time that all of them took together.
    pub spent_ns: u64,
}

impl Merged {
    /// The shards that are missing, by number.
    pub fn missing(&self) -> Vec<u64> {
        (0..self.header.shard.count)
            .filter(|index| self.shards.iter().all(|shard| shard.index != *index))
            .collect()
    }
}

/// Reads the journals of all these folders, each once.
///
/// # Errors
/// When there is none, one is damaged, two belong to different sweeps, two are of the same shard, or a
/// shard has a seed twice or one of another's.
pub fn merge(folders: &[PathBuf]) -> anyhow::Result<Merged> {
    let (mut merged, mut totals) = (None, Totals::default());
    for folder in folders {
        let paths = journal::journals(folder)?;
        ensure!(!paths.is_empty(), "{} holds no shard of a chaos run", folder.display());
        for path in paths {
            add(&mut merged, &mut totals, &path)?;
        }
    }
    match merged {
        Some(merged) => Ok(Merged { totals, ..merged }),
        None => bail!("there is no shard to merge"),
    }
}

fn add(merged: &mut Option<Merged>, totals: &mut Totals, path: &Path) -> anyhow::Result<()> {
    let (mut spent_ns, mut seeds) = (0, Vec::new());
    let read = journal::read(path, &mut |entry| {
        spent_ns = spent_ns.max(entry.spent_ns);
        seeds.push(entry.case.seed);
        totals.add(&entry);
    })?;
    // A journal whose header was cut short has no runs either.
    let Some((header, _)) = read else { return Ok(()) };
    own_seeds_once(&header, seeds).with_context(|| path.display().to_string())?;
    let all = merged.get_or_insert_with(|| Merged {
        header: header.clone(),
        shards: BTreeSet::new(),
        totals: Totals::default(),
        spent_ns: 0,
    });
    if let Some(what) = all.header.differs_from(&header) {
        bail!("{} is of a sweep with {what} than the journals before it", path.display());
    }
    ensure!(all.shards.insert(header.shard), "{} is shard {} once more", path.display(), header.shard);
    all.spent_ns += spent_ns;
    Ok(())
}

/// A shard runs its own seeds, and each once: else the page would count what was never run.
fn own_seeds_once(header: &Header, mut seeds: Vec<u64>) -> anyhow::Result<()> {
    let foreign = seeds.iter().find(|seed| header.shard.place(header.first, **seed).is_none());
    foreign.map_or(Ok(()), |seed| bail!("seed {seed} is not one of this shard"))?;
    seeds.sort_unstable();
    let twice = seeds.array_windows().find(|[one, next]| one == next);
    twice.map_or(Ok(()), |[seed, _]| bail!("seed {seed} was run twice"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::journal::Journal;
    use crate::chaos::journal::tests::{entry, header};

    fn shard(folder: &Path, index: u64, seeds: &[u64]) {
        let header = Header { shard: Shard { index, count: 3 }, ..header() };
        let mut journal = Journal::open(folder, &header, &mut |_| ()).expect("opened");
        seeds.iter().for_each(|&seed| journal.add(&entry(seed)).expect("written"));
    }

    #[test]
    fn sums_the_shards_of_all_folders_and_says_which_are_missing() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        shard(folders[0].path(), 0, &[0, 3]);
        shard(folders[1].path(), 2, &[2]);
        let paths = folders.each_ref().map(|folder| folder.path().to_owned());
        let merged = merge(&paths).expect("merged");
        assert_eq!((merged.totals.runs(), merged.missing()), (3, vec![1]));
        let error = merge(&[paths[0].clone(), paths[0].clone()]).expect_err("the same twice");
        assert!(error.to_string().contains("is shard 0/3 once more"), "{error}");
    }

    #[test]
    fn refuses_seeds_of_others_and_a_seed_twice() {
        for (seeds, problem) in
            [([0, 1], "seed 1 is not one of this shard"), ([3, 3], "seed 3 was run twice")]
        {
            let folder = tempfile::tempdir().expect("a folder");
            shard(folder.path(), 0, &seeds);
            let error = format!("{:#}", merge(&[folder.path().to_owned()]).expect_err(problem));
            assert!(error.contains("shard-0-of-3.jsonl") && error.contains(problem), "{error}");
        }
    }

    #[test]
    fn refuses_folders_without_shards_and_shards_of_other_sweeps() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = [folder.path().to_owned()];
        assert!(merge(&path).expect_err("empty").to_string().contains("holds no shard"));
        shard(folder.path(), 0, &[0]);
        let other = Header { shard: Shard { index: 1, count: 3 }, first: 7, ..header() };
        drop(Journal::open(folder.path(), &other, &mut |_| ()).expect("opened"));
        let error = merge(&path).expect_err("other seeds");
        assert!(error.to_string().contains("with other seeds than the journals before it"), "{error}");
    }
}
