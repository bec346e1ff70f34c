//! What a start does with the tables that it finds: it reads all of them, and keeps what is whole.
//!
//! ```text
//! manifest: 3 5 8        table-3   whole
//!                        table-5   a block is bad: its other blocks are written to table 9
//!                        table-7   left over: removed
//!                        table-8   its tail is bad: nothing can be told of it
//! manifest: 3 9, damaged
//! ```
//!
//! The manifest says that something is missing from the moment on at which it is, until the node has caught up from
//! the others.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::Mutex;

use super::block::Block;
use super::cache::Cache;
use super::manifest::{self, Found, Manifest, State};
use super::table::Table;
use super::{Context, Options, Tables, writer};
use crate::marker;
use crate::storage::Error;
use crate::storage::base::remove;
use crate::storage::identity::Kind;
use crate::storage::log::Surroundings;

/// The error for a table whose tail is not what was written.
pub fn corrupt_tail(number: u32) -> Error {
    Error::Corrupt { file: Kind::Table.name(number), offset: 0 }
}

impl Tables {
    /// Opens the tables of `node`, which the manifest was found to name. The log must have been opened before: it is
    /// what tells whose directory this is.
    ///
    /// What is corrupt is reported, and kept out from now on; see [`is_damaged`](Tables::is_damaged). On an error the
    /// disk cannot be read or written, or a table has a format that this program does not know.
    pub async fn open(
        around: Surroundings,
        node: &str,
        Found { manifest, state }: Found,
        options: Options,
    ) -> Result<Rc<Tables>, Error> {
        let cache = Cache::new(options.cache_bytes_max);
        let context = Rc::new(Context { around, node: node.to_owned(), options, cache });
        if state == State::Corrupt {
            report(&context, manifest::NAME);
        }
        remove_left_over(&context, &manifest)?;
        let next = manifest.tables.iter().max().map_or(1, |last| last + 1);
        let tables = Rc::new(Tables {
            context,
            active: RefCell::default(),
            frozen: RefCell::default(),
            tables: RefCell::default(),
            manifest: RefCell::new(manifest.clone()),
            replacing: Mutex::default(),
            is_compacting: Cell::new(false),
            next_number: Cell::new(next),
        });
        let mut kept = Vec::new();
        for number in &manifest.tables {
            kept.extend(tables.keep_whole(*number).await?);
        }
        let numbers: Vec<u32> = kept.iter().map(|table| table.number()).collect();
        let is_lost = numbers != manifest.tables;
        // There is a manifest from the beginning on, or tables without one would not be known to be of a crash.
        if is_lost || state != State::Whole {
            let kept = Manifest { tables: numbers, damaged: manifest.damaged || is_lost, ..manifest };
            tables.change_manifest(|manifest| *manifest = kept).await?;
        }
        *tables.tables.borrow_mut() = kept;
        Ok(tables)
    }

    /// A table if it is whole, or else another one with what is left of it, if anything is.
    async fn keep_whole(&self, number: u32) -> Result<Option<Rc<Table>>, Error> {
        let Some(table) = Table::open(&self.context, number)? else {
            report(&self.context, &corrupt_tail(number).to_string());
            return Ok(None);
        };
        let mut corrupt = Vec::new();
        for blocks in table.blocks() {
            corrupt.extend(blocks?.into_iter().filter_map(Result::err));
        }
        if corrupt.is_empty() {
            return Ok(Some(Rc::new(table)));
        }
        corrupt.iter().for_each(|error| report(&self.context, &error.to_string()));
        self.write_rest(&table).await.map(Some)
    }

    /// Writes what is whole of a table to another one.
    async fn write_rest(&self, table: &Table) -> Result<Rc<Table>, Error> {
        let entries = |blocks: Result<Vec<Result<Bytes, Error>>, Error>| {
            let (whole, failed) = match blocks {
                Ok(blocks) => (blocks, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            whole.into_iter().flatten().flat_map(Block::new).map(Ok).chain(failed)
        };
        let number = self.take_number();
        writer::write(&self.context, number, table.entries(), table.blocks().flat_map(entries)).await?;
        self.reopen(number)
    }
}

fn report(context: &Context, what: &str) {
    let observer = &context.around.observer;
    observer.note(&format!("lost to corruption, and asked of the others: {what}"));
    observer.corrupt(None);
    observer.reached(marker::CORRUPT_TABLE_REPORTED.name);
}

/// Removes tables that the manifest does not name: a crash came before it did, or after it did no more.
fn remove_left_over(context: &Context, manifest: &Manifest) -> Result<(), Error> {
    let disk = &*context.around.disk;
    let names = disk.list().map_err(Error::disk("list the data directory"))?;
    let is_left =
        |name: &&String| Kind::Table.number(name).is_some_and(|number| !manifest.tables.contains(&number));
    names.iter().filter(is_left).try_for_each(|name| remove(disk, name))
}
