//! Snapshots are taken and kept, and the log before them is dropped.
//!
//! ```text
//! applied 90 ─► save: snapshot of 90, records 71 … 95 again ─► saved: 1 … 70 are forgotten
//!                   the log goes on meanwhile: 96, 97
//! ```
//!
//! One is saved at a time, and counts once it is durable.

use std::sync::Arc;

use super::Node;
use super::install::{Incoming, Received};
use super::snapshot::Snapshot;
use crate::marker;
use crate::raft::log::{Index, Position, Record};

/// Bytes of entries applied since the last snapshot that make the next one due, however few they are.
const DUE_BYTES: u64 = 64 << 20;
/// Bytes of entries before a snapshot that stay in the log at most.
const KEPT_BYTES_MAX: u64 = 16 << 20;

/// The snapshots of one node.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// The newest that is durable, as it is sent to others.
    pub(super) kept: Option<(Position, Arc<Vec<u8>>)>,
    pub(super) saving: Option<Saving>,
    /// Parts of one from the leader.
    pub(super) incoming: Option<Incoming>,
}

/// A snapshot that is not durable yet.
#[derive(Debug)]
pub(super) struct Saving {
    pub(super) at: Position,
    pub(super) bytes: Arc<Vec<u8>>,
    /// What takes the place of this node's own state then, if it came from the leader.
    pub(super) install: Option<Box<Received>>,
    /// The leader has readmitted this node: what replay had found damaged goes with the log before.
    pub(super) readmits: bool,
}

impl Snapshots {
    /// With the snapshot that the data directory holds.
    pub(super) fn new(kept: Option<(Position, Arc<Vec<u8>>)>) -> Snapshots {
        Snapshots { kept, ..Snapshots::default() }
    }

    /// Whether a snapshot of the leader's is about to replace the state: until then nothing is added.
    pub(super) fn is_installing(&self) -> bool {
        self.saving.as_ref().is_some_and(|saving| saving.install.is_some())
    }

    /// The last index that it covers.
    pub(super) fn covered(&self) -> Index {
        self.kept.as_ref().map_or(0, |(at, _)| at.index)
    }
}

impl Node {
    /// Takes a snapshot, if enough was applied since the last.
    pub(super) fn save_if_due(&mut self) {
        let covered = self.snapshots.covered();
        let is_due = self.applied.index >= covered.saturating_add(self.config.snapshot_every)
            || self.log.bytes_between(covered, self.applied.index) >= DUE_BYTES;
        if is_due && self.may_save() {
            self.save(false);
        }
    }

    /// The last entry that a snapshot of this index makes superfluous.
    fn superfluous(&self, index: Index) -> Index {
        let by_count = index.saturating_sub(self.config.snapshot_keeps);
        by_count.max(self.log.within_bytes(index, KEPT_BYTES_MAX))
    }

    /// Takes a snapshot, unless one is being saved.
    pub(super) fn save(&mut self, readmits: bool) {
        if self.snapshots.saving.is_some() {
            return;
        }
        let at = self.applied;
        let (members_at, members) = self.members.at(at.index);
        let bytes = Snapshot::new(at, members_at, members.clone(), &self.machine).encode();
        let from = self.superfluous(at.index) + 1;
        let is_damaged = self.is_damaged && !readmits;
        let records = self.records_beside(is_damaged, from);
        self.journal.save_snapshot(at.index, bytes.clone(), records);
        self.snapshots.saving = Some(Saving { at, bytes: Arc::new(bytes), install: None, readmits });
    }

    /// What the log must hold beside a snapshot: the state of this node, and its entries from here on.
    pub(super) fn records_beside(&self, is_damaged: bool, from: Index) -> Vec<Record> {
        let mut records = vec![self.journal.vote_record()];
        if is_damaged {
            records.push(Record::Damaged);
        }
        records.extend(self.log.records(from));
        records
    }

    /// A snapshot is durable, and all that it makes superfluous is gone.
    pub(super) fn on_snapshot_saved(&mut self, index: Index) {
        let Some(Saving { at, bytes, install, readmits }) =
            self.snapshots.saving.take_if(|saving| saving.at.index == index)
        else {
            return;
        };
        let settled = self.settled();
        self.snapshots.kept = Some((at, bytes));
        self.journal.reached(marker::SNAPSHOT_SAVED.name);
        match install {
            Some(received) => self.install(*received, settled),
            None => self.log.compact(at.index, self.superfluous(at.index)),
        }
        if readmits {
            self.is_damaged = false;
            self.journal.reached(marker::NODE_READMITTED.name);
            self.journal.note("readmitted: what was forgotten matters no more".to_owned());
        }
        self.after_log_grew_durable();
        self.install_if_complete();
        if self.is_outside() && self.snapshots.covered() < self.applied.index {
            // It was removed meanwhile, and is to know that after a restart too.
            self.save(false);
        }
    }
}
