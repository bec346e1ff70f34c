//! A full memtable becomes a table.

use std::cell::RefCell;
use std::ops::Bound;
use std::rc::Rc;

use super::memtable::Memtable;
use super::{Tables, drain, writer};
use crate::env::LocalFuture;
use crate::storage::Error;
use crate::storage::save::remove_before;
use crate::{marker, point};

impl Tables {
    /// Begins to write what is in memory to a table; reads and writes go on meanwhile. Nothing is begun when there is
    /// nothing, or while an earlier flush is under way.
    ///
    /// Once it has succeeded, segments of the log before `log_begins` are gone: the caller says by that number where
    /// the log begins that holds what is put from now on. After an error the node must stop.
    pub fn flush(self: &Rc<Tables>, log_begins: u32) -> Option<LocalFuture<'static, Result<(), Error>>> {
        let frozen = self.freeze()?;
        let tables = self.clone();
        Some(Box::pin(async move {
            if !tables.context.options.safeguards.flush_before_removal {
                tables.context.around.observer.reached("log-removed-before-flush");
                tables.forget_log(log_begins).await?;
            }
            tables.write_out(frozen, log_begins).await?;
            tables.context.around.points.pass(&point::FLUSHED).await;
            remove_before(&*tables.context.around.disk, log_begins)?;
            tables.context.around.observer.reached(marker::MEMTABLE_FLUSHED.name);
            Ok(())
        }))
    }

    /// What is put from now on goes to a new memtable.
    fn freeze(&self) -> Option<Rc<RefCell<Memtable>>> {
        let mut frozen = self.frozen.borrow_mut();
        let active = self.active.borrow().clone();
        if frozen.is_some() || active.borrow().is_empty() {
            return None;
        }
        if self.context.options.safeguards.memtable_rotated {
            self.active.take();
        }
        *frozen = Some(active.clone());
        Some(active)
    }

    /// Writes the frozen memtable; from then on a start finds it in a table.
    async fn write_out(&self, frozen: Rc<RefCell<Memtable>>, log_begins: u32) -> Result<(), Error> {
        let (number, keys) = (self.take_number(), frozen.borrow().len());
        writer::write(&self.context, number, keys, drain(frozen, Bound::Unbounded)).await?;
        self.context.around.points.pass(&point::IN_FLUSH).await;
        self.change_manifest(|manifest| {
            manifest.tables.push(number);
            manifest.log_begins = manifest.log_begins.max(log_begins);
        })
        .await?;
        let table = self.reopen(number)?;
        self.tables.borrow_mut().push(table);
        self.frozen.take();
        if !self.context.options.safeguards.memtable_rotated {
            self.active.take();
        }
        Ok(())
    }

    /// Removes segments of the log that no table stands for yet (bug 7).
    async fn forget_log(&self, log_begins: u32) -> Result<(), Error> {
        self.change_manifest(|manifest| manifest.log_begins = log_begins).await?;
        remove_before(&*self.context.around.disk, log_begins)
    }
}
