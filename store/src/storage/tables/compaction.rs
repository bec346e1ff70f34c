//! Tables of about the same size, one after the other, become one in their place: size-tiered compaction.
//!
//! ```text
//! oldest                newest    sizes, each tier four times the one before
//! 64  17  16   4   1   1   1      three of the lowest tier: nothing to do
//! 64  17  16   4   1   1   1   1  four: these become one
//! 64  17  16   4   4              and so on: no tier has four for long
//! ```
//!
//! So a key is written again once for each tier, and there are three tables a tier at most to look into. Only tables
//! that follow each other are merged: of two values of a key, the newer one is in the newer table.

use std::ops::{Bound, Range};
use std::rc::Rc;

use super::merge::{Entries, Merge};
use super::table::{Cursor, Table};
use super::{Tables, writer};
use crate::env::LocalFuture;
use crate::storage::Error;
use crate::storage::base::remove;
use crate::storage::identity::Kind;
use crate::{marker, point};

/// So many tables of one tier become one of the next, which is so many times as large.
const FANOUT: usize = 4;

impl Tables {
    /// Begins to merge tables, if there are enough of one size and no merge is under way; reads, writes and a flush go
    /// on meanwhile. After an error the node must stop.
    pub fn compact(self: &Rc<Tables>) -> Option<LocalFuture<'static, Result<(), Error>>> {
        let picked: Vec<Rc<Table>> = {
            let tables = self.tables.borrow();
            let sizes: Vec<u64> = tables.iter().map(|table| table.bytes()).collect();
            let range = pick(&sizes).filter(|_| !self.is_compacting.get())?;
            tables[range].to_vec()
        };
        self.is_compacting.set(true);
        let tables = self.clone();
        Some(Box::pin(async move {
            tables.merge(&picked).await?;
            tables.is_compacting.set(false);
            Ok(())
        }))
    }

    async fn merge(&self, old: &[Rc<Table>]) -> Result<(), Error> {
        let (number, keys) = (self.take_number(), old.iter().map(|table| table.entries()).sum());
        let newest_first = old.iter().rev();
        let sources =
            newest_first.map(|table| Box::new(Cursor::new(table.clone(), Bound::Unbounded)) as Entries);
        let keeps_newest = self.context.options.safeguards.newest_kept;
        let mut merge = Merge::new(sources.collect(), keeps_newest)?;
        writer::write(&self.context, number, keys, &mut merge).await?;
        let observer = &self.context.around.observer;
        if merge.shadowed > 0 {
            observer.reached("shadowed-version-kept");
        }
        self.context.around.points.pass(&point::IN_COMPACTION).await;
        self.change_manifest(|manifest| {
            let range = place(&manifest.tables, |number| *number, old);
            manifest.tables.splice(range, [number]);
        })
        .await?;
        let table = self.reopen(number)?;
        let range = place(&self.tables.borrow(), |table| table.number(), old);
        self.tables.borrow_mut().splice(range, [table]);
        self.context.around.points.pass(&point::COMPACTED).await;
        for table in old {
            remove(&*self.context.around.disk, &Kind::Table.name(table.number()))?;
        }
        observer.reached(marker::TABLES_COMPACTED.name);
        Ok(())
    }
}

/// Where these tables are: one after the other, since only one compaction is under way and a flush adds at the end.
fn place<T>(all: &[T], number: impl Fn(&T) -> u32, tables: &[Rc<Table>]) -> Range<usize> {
    let first = all.iter().position(|table| number(table) == tables[0].number());
    let first = first.expect("a table counts until it is merged");
    first..first + tables.len()
}

/// The tables to be merged, of these sizes, oldest first: of the lowest tier that has enough, all to the newest one
/// that are no larger.
fn pick(sizes: &[u64]) -> Option<Range<usize>> {
    let tiers: Vec<u32> = sizes.iter().map(|size| size.max(&1).ilog(FANOUT as u64)).collect();
    let mut lowest = tiers.clone();
    lowest.sort_unstable();
    lowest.dedup();
    lowest.into_iter().find_map(|tier| {
        let start = tiers.iter().rposition(|larger| *larger > tier).map_or(0, |larger| larger + 1);
        let count = tiers[start..].iter().filter(|found| **found == tier).count();
        (count >= FANOUT).then_some(start..tiers.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_a_tier_are_merged_with_what_is_newer_and_smaller() {
        assert_eq!(pick(&[]), None);
        assert_eq!(pick(&[64, 16, 4, 1, 1, 1]), None);
        assert_eq!(pick(&[64, 16, 4, 1, 1, 1, 1]), Some(3..7));
        assert_eq!(pick(&[64, 5, 4, 6, 7, 1, 1]), Some(1..7));
        assert_eq!(pick(&[1, 1, 64, 1, 1]), None, "a larger one is between them");
    }

    #[test]
    fn tables_stay_few_and_keys_are_seldom_written_again() {
        let (mut sizes, mut written) = (Vec::new(), 0);
        for _ in 0..1000 {
            sizes.push(10);
            while let Some(range) = pick(&sizes) {
                let merged: u64 = sizes[range.clone()].iter().sum();
                written += merged;
                sizes.splice(range, [merged]);
            }
            assert!(sizes.len() <= 3 * 6, "{sizes:?}");
        }
        assert_eq!(sizes.iter().sum::<u64>(), 10_000);
        assert!(written <= 6 * 10_000, "{written}");
    }
}
