//! The disk of a host: a log, the newest snapshot, and one that is being saved.

use crate::protocol::RecordNumber;
use crate::raft::log::{Index, Record};

/// What a data directory holds. Records are numbered as the running node numbers them; those of earlier starts
/// have numbers below 1.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    records: Vec<Record>,
    /// How many of them are durable.
    durable: usize,
    /// The number before that of the first record.
    before: i64,
    snapshot: Option<(Index, Vec<u8>)>,
    saving: Option<Saving>,
}

/// A snapshot on its way to the disk. Its records stand at the end of the log, in a segment of their own.
#[derive(Clone, Debug)]
struct Saving {
    snapshot: (Index, Vec<u8>),
    /// The numbers before its records, and of the last of them.
    begin: i64,
    end: i64,
    is_durable: bool,
}

impl Disk {
    /// Appends a record.
    pub fn append(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Begins to save a snapshot; its records are appended.
    ///
    /// # Panics
    /// If another one is not done.
    pub fn save(&mut self, index: Index, bytes: Vec<u8>, records: Vec<Record>) {
        assert!(self.saving.is_none(), "one snapshot is saved at a time");
        let begin = self.end();
        self.records.extend(records);
        self.saving = Some(Saving { snapshot: (index, bytes), begin, end: self.end(), is_durable: false });
    }

    /// Makes so many more records durable, and returns the number of the last one that is.
    pub fn sync(&mut self, records: usize) -> RecordNumber {
        self.durable = self.records.len().min(self.durable.saturating_add(records));
        (self.before + self.durable as i64).max(0) as RecordNumber
    }

    /// Whether some records are not durable.
    pub fn is_unsynced(&self) -> bool {
        self.durable < self.records.len()
    }

    /// The next step of saving a snapshot whose records are durable: it becomes so, and from then on a start
    /// finds it and what was appended with it and after; then that is told. Returns the index of a snapshot that
    /// is done.
    pub fn keep(&mut self) -> Option<Index> {
        let saving = self.saving.as_mut()?;
        if !saving.is_durable {
            saving.is_durable = saving.end <= self.before + self.durable as i64;
            return None;
        }
        self.take_over()
    }

    /// What is older than a durable snapshot goes.
    fn take_over(&mut self) -> Option<Index> {
        let Saving { snapshot, begin, .. } = self.saving.take()?;
        let old = (begin - self.before) as usize;
        self.records.drain(..old);
        self.durable -= old;
        self.before = begin;
        let index = snapshot.0;
        self.snapshot = Some(snapshot);
        Some(index)
    }

    /// The log as it stands.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Power fails: of the records that are not durable only so many are left.
    pub fn cut_power(&mut self, left: usize) {
        self.records.truncate(self.durable + left);
    }

    /// Loses the last records, durable or not.
    pub fn damage(&mut self, lost: usize) {
        self.records.truncate(self.records.len().saturating_sub(lost));
        self.durable = self.durable.min(self.records.len());
    }

    /// What a node that starts now finds; all of it is durable then.
    pub fn replay(&mut self) -> (Option<(Index, Vec<u8>)>, Vec<Record>) {
        if self.saving.take_if(|saving| !saving.is_durable).is_none() {
            self.take_over();
        }
        self.durable = self.records.len();
        self.before = -(self.records.len() as i64);
        (self.snapshot.clone(), self.records.clone())
    }

    /// The number of the last record.
    fn end(&self) -> i64 {
        self.before + self.records.len() as i64
    }
}
