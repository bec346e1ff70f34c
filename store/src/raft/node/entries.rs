//! The log in memory.
//!
//! ```text
//! index      …  17 │ 18  19  20  21  22
//!            start ┘         ↑       ↑
//!                         durable   last
//! ```

use std::collections::VecDeque;

use crate::protocol::RecordNumber;
use crate::raft::log::{Entry, Index, Position, Record, Term};

/// What an entry takes beside its payload, in bytes, about.
const EXTRA_BYTES: usize = 16;

/// An entry with what is looked at often.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) entry: Entry,
    pub(super) digest: u64,
    bytes: usize,
    /// The bytes of all entries that were ever added to this log, up to this one.
    bytes_through: u64,
}

impl From<Entry> for Stored {
    fn from(entry: Entry) -> Stored {
        let (digest, bytes) = entry.digest_and_bytes();
        Stored { entry, digest, bytes: bytes + EXTRA_BYTES, bytes_through: 0 }
    }
}

/// The entries that a node holds, one after the other.
///
/// - Positions follow each other without a gap from the one after `start`.
/// - All entries up to `durable` are durable, those after it perhaps not.
#[derive(Debug, Default)]
pub(super) struct Entries {
    start: Position,
    /// As [`Stored::bytes_through`], of the entry at `start`.
    bytes_before: u64,
    stored: VecDeque<Stored>,
    durable: Index,
    /// Entries that are not durable yet, with their records.
    unsynced: VecDeque<(RecordNumber, Index)>,
}

impl Entries {
    /// A log without entries: the first will come after `start`.
    pub(super) fn after(start: Position) -> Entries {
        Entries { start, durable: start.index, ..Entries::default() }
    }

    /// The position before the first entry held.
    pub(super) fn start(&self) -> Position {
        self.start
    }

    /// The position of the last entry, or `start`.
    pub(super) fn last(&self) -> Position {
        self.stored.back().map_or(self.start, |stored| stored.entry.at)
    }

    /// The last index up to which everything is durable.
    pub(super) fn durable(&self) -> Index {
        self.durable
    }

    /// The term of the entry at an index, if it is known.
    pub(super) fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.start.index {
            return Some(self.start.term);
        }
        self.get(index).map(|stored| stored.entry.at.term)
    }

    /// Whether this very entry is held, or is the one before the first.
    pub(super) fn has(&self, at: Position) -> bool {
        self.term_at(at.index) == Some(at.term)
    }

    /// The entry at an index.
    pub(super) fn get(&self, index: Index) -> Option<&Stored> {
        let offset = index.checked_sub(self.start.index + 1)?;
        self.stored.get(usize::try_from(offset).ok()?)
    }

    /// All entries, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Stored> {
        self.stored.iter()
    }

    /// Adds an entry right after the last one, held by this record. Record 0 is durable already.
    pub(super) fn push(&mut self, mut stored: Stored, record: RecordNumber) {
        let index = stored.entry.at.index;
        debug_assert_eq!(index, self.last().index + 1, "entries follow each other");
        stored.bytes_through = self.bytes_through(index - 1) + stored.bytes as u64;
        self.stored.push_back(stored);
        if record == 0 && self.unsynced.is_empty() {
            self.durable = index;
        } else {
            self.unsynced.push_back((record, index));
        }
    }

    /// Removes the entries from this index on.
    pub(super) fn truncate(&mut self, from: Index) {
        let keep = from.saturating_sub(self.start.index + 1);
        self.stored.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        while self.unsynced.back().is_some_and(|&(_, index)| index >= from) {
            self.unsynced.pop_back();
        }
        self.durable = self.durable.min(self.last().index);
    }

    /// All records up to this one are durable.
    pub(super) fn synced(&mut self, through: RecordNumber) {
        while let Some(&(record, index)) = self.unsynced.front()
            && record <= through
        {
            self.unsynced.pop_front();
            self.durable = index;
        }
    }

    /// A durable snapshot covers everything up to here; entries up to `until` are forgotten.
    pub(super) fn compact(&mut self, covered: Index, until: Index) {
        while let Some(first) = self.stored.front()
            && first.entry.at.index <= until
        {
            self.start = first.entry.at;
            self.bytes_before = first.bytes_through;
            self.stored.pop_front();
        }
        while self.unsynced.front().is_some_and(|&(_, index)| index <= covered) {
            self.unsynced.pop_front();
        }
        self.durable = self.durable.max(covered);
    }

    /// The bytes of the entries after the first index up to the second, as far as they are held.
    pub(super) fn bytes_between(&self, after: Index, through: Index) -> u64 {
        self.bytes_through(through).saturating_sub(self.bytes_through(after))
    }

    /// The index after which the entries up to this one are so many bytes at most.
    pub(super) fn within_bytes(&self, through: Index, bytes_max: u64) -> Index {
        let least = self.bytes_through(through).saturating_sub(bytes_max);
        let early = self.stored.partition_point(|stored| stored.bytes_through < least);
        let is_all = self.bytes_before >= least;
        self.start.index + if is_all { 0 } else { early as Index + 1 }
    }

    fn bytes_through(&self, index: Index) -> u64 {
        let held = index.saturating_sub(self.start.index).min(self.stored.len() as Index) as usize;
        held.checked_sub(1).map_or(self.bytes_before, |last| self.stored[last].bytes_through)
    }

    /// Entries from this index on, as many as fit so many bytes, at least one if there is any.
    pub(super) fn batch(&self, from: Index, bytes_max: usize) -> Vec<Entry> {
        let offset = from.saturating_sub(self.start.index + 1) as usize;
        let mut bytes = 0;
        let fits = |stored: &&Stored| {
            let is_first = bytes == 0;
            bytes += stored.bytes;
            is_first || bytes <= bytes_max
        };
        let rest = self.stored.range(offset.min(self.stored.len())..);
        rest.take_while(fits).map(|stored| stored.entry.clone()).collect()
    }

    /// The records of the entries from this index on.
    pub(super) fn records(&self, from: Index) -> impl Iterator<Item = Record> {
        let offset = from.saturating_sub(self.start.index + 1) as usize;
        let rest = self.stored.range(offset.min(self.stored.len())..);
        rest.map(|stored| Record::Entry(stored.entry.clone()))
    }

    /// The last position at or before `limit` whose term is not above the term of `limit`; no position is
    /// before the start.
    ///
    /// Two logs that do not agree at some point agree nowhere between this position of the one, asked for that
    /// point, and the point itself: so a leader finds the place where they part in as many steps as there are
    /// terms between, not entries (Ongaro 2014, section 3.5).
    pub(super) fn last_not_after(&self, limit: Position) -> Position {
        let held = limit.index.min(self.last().index).saturating_sub(self.start.index) as usize;
        let early = self.stored.partition_point(|stored| stored.entry.at.term <= limit.term);
        let found = early.min(held);
        found.checked_sub(1).map_or(self.start, |last| self.stored[last].entry.at)
    }
}

#[cfg(test)]
mod tests;
