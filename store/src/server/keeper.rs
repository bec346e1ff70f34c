//! What goes on with the tables beside the loop of the replica: flushes and compactions.

use std::rc::Rc;

use crate::env::LocalFuture;
use crate::protocol::{Record, RecordNumber};
use crate::quorum::copies::Shelf;
use crate::storage::tables::Tables;
use crate::storage::tables::coverage::Coverage;
use crate::storage::{Error, Log};

use super::shelf::TableShelf;

/// Keeps the tables of a node: flushes what is in memory when that has grown, and merges them.
pub(super) struct Keeper {
    tables: Rc<Tables>,
    shelf: Rc<TableShelf>,
    coverage: Coverage,
    /// The node holds every record up to this one.
    held: RecordNumber,
    flush: Option<Work>,
    compaction: Option<Work>,
    repair: Option<Work>,
}

/// Work of the disk that is under way.
type Work = LocalFuture<'static, Result<(), Error>>;

impl Keeper {
    /// A keeper of these tables.
    pub(super) fn new(tables: Rc<Tables>) -> Keeper {
        Keeper {
            shelf: Rc::new(TableShelf::new(tables.clone())),
            tables,
            coverage: Coverage::default(),
            held: 0,
            flush: None,
            compaction: None,
            repair: None,
        }
    }

    /// The tables as the node takes them.
    pub(super) fn shelf(&self) -> Rc<dyn Shelf> {
        self.shelf.clone()
    }

    /// An error if a table could not be read: then what the node has just decided may be wrong.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.shelf.check()
    }

    /// A record went to this segment of the log.
    pub(super) fn appended(&mut self, segment: u32, record: RecordNumber) {
        self.coverage.appended(segment, record);
    }

    /// The node holds every record up to this one.
    pub(super) fn holds(&mut self, through: RecordNumber) {
        self.held = through;
    }

    /// What was lost has come from the others, and is durable here.
    pub(super) fn repaired(&mut self) {
        self.repair = self.tables.repaired();
    }

    /// Begins what there is to do. The log stays from record `needed_from` on; 0: all that a start has found.
    pub(super) fn begin<R: Record>(&mut self, log: &Log<R>, needed_from: RecordNumber) {
        if self.flush.is_none() && needed_from > 0 && self.tables.wants_flush() {
            let covered = self.held.min(needed_from - 1);
            let needed = self.coverage.needed_from(covered, log.active());
            // Damage stays in the log until it is repaired, or the next start would not find it.
            self.flush = self.tables.flush(needed.min(log.first_damaged().unwrap_or(needed)));
        }
        if self.compaction.is_none() {
            self.compaction = self.tables.compact();
        }
    }

    /// Returns when something that was under way is done.
    pub(super) async fn finished(&mut self) -> Result<(), Error> {
        tokio::select! {
            biased;
            done = ended(&mut self.flush) => done,
            done = ended(&mut self.compaction) => done,
            done = ended(&mut self.repair) => done,
        }
    }
}

/// How the work under way has ended; waits for ever when there is none.
async fn ended(work: &mut Option<Work>) -> Result<(), Error> {
    let Some(done) = work else { return std::future::pending().await };
    let result = done.await;
    *work = None;
    result
}
