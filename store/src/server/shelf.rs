//! Tables as the shelf of a replica.
//!
//! Tables are sorted by the bytes of their keys. A replica keeps its copies in the order of the ring, so what it calls
//! a key has its position there, in eight bytes, before it.

use std::cell::RefCell;
use std::ops::Bound;
use std::rc::Rc;

use bytes::Bytes;

use crate::quorum::copies::{Kept, Place, Shelf};
use crate::quorum::ring::position;
use crate::storage::Error;
use crate::storage::tables::Tables;

/// Copies in tables; what is kept of a key is in postcard.
#[derive(Debug)]
pub(super) struct TableShelf {
    tables: Rc<Tables>,
    /// The first read that failed; nothing that was read since may be relied on.
    failed: RefCell<Option<Error>>,
}

impl TableShelf {
    /// A shelf of these tables.
    pub(super) fn new(tables: Rc<Tables>) -> TableShelf {
        TableShelf { tables, failed: RefCell::new(None) }
    }

    /// An error if any read has failed.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// What was read; nothing, and a note of it, where that failed.
    fn noted<T>(&self, read: Result<T, Error>) -> Option<T> {
        match read {
            Ok(found) => Some(found),
            Err(error) => {
                self.failed.borrow_mut().get_or_insert(error);
                None
            }
        }
    }
}

impl Shelf for TableShelf {
    fn get(&self, key: &str) -> Option<Kept> {
        decode(&self.noted(self.tables.get(&placed((position(key), key))))??)
    }

    fn put(&self, key: &str, kept: &Kept) {
        let value = postcard::to_stdvec(kept).expect("a vector takes everything");
        self.tables.put(&placed((position(key), key)), value.into());
    }

    fn scan(&self, from: Bound<Place<'_>>) -> Box<dyn Iterator<Item = (String, Kept)> + '_> {
        let from = from.map(placed);
        let entries = self.noted(self.tables.scan(from.as_ref().map(Vec::as_slice))).into_iter().flatten();
        let entries = entries.map_while(|entry| self.noted(entry));
        Box::new(entries.filter_map(|(placed, kept): (Bytes, Bytes)| Some((key(&placed)?, decode(&kept)?))))
    }
}

/// A key as tables have it.
fn placed((position, key): Place<'_>) -> Vec<u8> {
    [&position.to_be_bytes(), key.as_bytes()].concat()
}

/// The key of one in the tables; none as below.
fn key(placed: &[u8]) -> Option<String> {
    let (_, key) = placed.split_first_chunk::<8>()?;
    Some(String::from_utf8_lossy(key).into_owned())
}

/// None for bytes that were never written, which only a reader takes that looks at no checksum (bug 5).
fn decode(bytes: &[u8]) -> Option<Kept> {
    postcard::from_bytes(bytes).ok()
}
