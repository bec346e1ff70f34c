//! Sorted tables: what a node holds, when that is more than fits into memory (Chang et al., "Bigtable", OSDI 2006).
//!
//! ```text
//! put ──► memtable                   in memory; the log has it too
//!            │ flush                 when it is full
//!            ▼
//!         table 9, 8, 7 … 1          on disk, newest first; each sorted, and never changed
//!            ╰─compaction─╯          of some that follow each other: one, in their place
//!
//! get  ◄── the first of these that has the key: memtable, table 9, table 8, …
//! ```
//!
//! What a power loss may not take lies in the log first. Once a memtable is a table the segments of the log that say
//! the same are removed, never before:
//!
//! ```text
//! write table 10, sync it, sync the directory
//! replace the manifest: tables 1 … 10, the log begins with segment 5     ◄ from here on a start needs no more
//! remove segments 1 to 4
//! ```
//!
//! Everything that is read from a table is verified. A corrupt block is an error, since a reader that took it for a
//! miss would take back what the node has acknowledged. The next [start](Tables::open) reads all tables, keeps what is
//! whole, reports what is not, and says that the node must catch up from the others.

mod block;
mod cache;
mod compaction;
pub mod coverage;
mod filter;
mod flush;
pub mod manifest;
mod memtable;
mod merge;
mod open;
mod table;
mod tail;
mod writer;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Bound;
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::Mutex;

use crate::Safeguards;
use crate::env::LocalFuture;

use cache::Cache;
use manifest::Manifest;
use memtable::Memtable;
use merge::Entries;
pub use merge::Merge;
use table::{Cursor, Table};

use super::Error;
use super::log::Surroundings;
use super::replace::{replace, sync_directory};

/// A key with its value.
pub type Entry = (Bytes, Bytes);

/// How tables are kept.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A memtable to which so much was put is full.
    pub memtable_bytes_max: usize,
    /// Bytes of blocks that are kept in memory at most.
    pub cache_bytes_max: usize,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
}

impl Default for Options {
    fn default() -> Options {
        Options { memtable_bytes_max: 64 << 20, cache_bytes_max: 64 << 20, safeguards: Safeguards::default() }
    }
}

/// What all tables of a node share.
struct Context {
    around: Surroundings,
    node: String,
    options: Options,
    cache: Cache,
}

/// The memtable and the tables of a node.
///
/// - A key has the value that was put last, whatever is flushed or compacted meanwhile.
/// - What is named by the manifest is durable.
pub struct Tables {
    context: Rc<Context>,
    active: RefCell<Rc<RefCell<Memtable>>>,
    /// The memtable that is being flushed.
    frozen: RefCell<Option<Rc<RefCell<Memtable>>>>,
    /// Oldest first, as in the manifest.
    tables: RefCell<Vec<Rc<Table>>>,
    manifest: RefCell<Manifest>,
    /// Held by who replaces the manifest: flush and compaction may end at the same time.
    replacing: Mutex<()>,
    is_compacting: Cell<bool>,
    next_number: Cell<u32>,
}

impl Tables {
    /// Gives a key a new value. It is durable only once a flush has succeeded: until then the caller's log must hold
    /// it.
    pub fn put(&self, key: &[u8], value: Bytes) {
        let active = self.active.borrow();
        if self.frozen.borrow().as_ref().is_some_and(|frozen| Rc::ptr_eq(frozen, &active)) {
            self.context.around.observer.reached("memtable-written-while-flushed");
        }
        active.borrow_mut().put(key, value);
    }

    /// The value of a key: of those put last, or read from a table and verified. An error says which file is corrupt,
    /// or cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        for memtable in self.memtables() {
            if let Some(value) = memtable.borrow().get(key) {
                return Ok(Some(value));
            }
        }
        for table in self.tables.borrow().iter().rev() {
            if let Some(value) = table.get(key)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Everything from some key on, in key order. What is put meanwhile may be among it.
    pub fn scan(&self, from: Bound<&[u8]>) -> Result<Merge, Error> {
        let memtables = self.memtables().into_iter().map(|memtable| drain(memtable, from));
        let tables = self.tables.borrow();
        let tables = tables.iter().rev().map(|table| Box::new(Cursor::new(table.clone(), from)) as Entries);
        Merge::new(memtables.chain(tables).collect(), true)
    }

    /// Whether the memtable is full, and none is being flushed.
    pub fn wants_flush(&self) -> bool {
        let bytes = self.active.borrow().borrow().bytes_put();
        bytes >= self.context.options.memtable_bytes_max && self.frozen.borrow().is_none()
    }

    /// Whether something that the tables held is lost, and has not come back from the others yet.
    pub fn is_damaged(&self) -> bool {
        self.manifest.borrow().damaged
    }

    /// What was lost is here again, durably: begins to take note of it, if anything was.
    pub fn repaired(self: &Rc<Tables>) -> Option<LocalFuture<'static, Result<(), Error>>> {
        let tables = self.clone();
        let note = async move { tables.change_manifest(|manifest| manifest.damaged = false).await };
        self.is_damaged().then(|| Box::pin(note) as _)
    }

    /// The newest first.
    fn memtables(&self) -> impl IntoIterator<Item = Rc<RefCell<Memtable>>> {
        [Some(self.active.borrow().clone()), self.frozen.borrow().clone()].into_iter().flatten()
    }

    fn take_number(&self) -> u32 {
        self.next_number.replace(self.next_number.get() + 1)
    }

    /// Replaces the manifest, after what it names has durable names.
    async fn change_manifest(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), Error> {
        let _replacing = self.replacing.lock().await;
        let mut changed = self.manifest.borrow().clone();
        change(&mut changed);
        let Context { around, node, .. } = &*self.context;
        sync_directory(&around.disk).await?;
        replace(around, manifest::NAME, &changed.encode(node)).await?;
        self.manifest.replace(changed);
        Ok(())
    }

    /// Opens a table that was just written.
    fn reopen(&self, number: u32) -> Result<Rc<Table>, Error> {
        let table = Table::open(&self.context, number)?;
        table.map(Rc::new).ok_or_else(|| open::corrupt_tail(number))
    }
}

/// The entries of a memtable, in order; the memtable may change meanwhile.
fn drain(memtable: Rc<RefCell<Memtable>>, from: Bound<&[u8]>) -> Entries {
    let mut from = from.map(Bytes::copy_from_slice);
    Box::new(std::iter::from_fn(move || {
        let entry = memtable.borrow().first_from(from.as_ref().map(|key| &key[..]))?;
        from = Bound::Excluded(entry.0.clone());
        Some(Ok(entry))
    }))
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<u32> = self.tables.borrow().iter().map(|table| table.number()).collect();
        write!(f, "Tables({numbers:?}, {} bytes put since)", self.active.borrow().borrow().bytes_put())
    }
}
