//! Tables as the shelf of a replica.

use std::cell::RefCell;
use std::ops::Bound;
use std::rc::Rc;

use bytes::Bytes;

use crate::quorum::copies::{Kept, Shelf};
use crate::storage::Error;
use crate::storage::tables::Tables;

/// Copies in tables: keys as they are, what is kept of them in postcard.
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
        decode(&self.noted(self.tables.get(key.as_bytes()))??)
    }

    fn put(&self, key: &str, kept: &Kept) {
        let value = postcard::to_stdvec(kept).expect("a vector takes everything");
        self.tables.put(key.as_bytes(), value.into());
    }

    fn after(&self, after: Option<&str>) -> Box<dyn Iterator<Item = (String, Kept)> + '_> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_bytes()));
        let entries = self.noted(self.tables.scan(from)).into_iter().flatten();
        let entries = entries.map_while(|entry| self.noted(entry));
        Box::new(entries.filter_map(|(key, kept): (Bytes, Bytes)| {
            Some((String::from_utf8_lossy(&key).into_owned(), decode(&kept)?))
        }))
    }
}

/// None for bytes that were never written, which only a reader takes that looks at no checksum (bug 5).
fn decode(bytes: &[u8]) -> Option<Kept> {
    postcard::from_bytes(bytes).ok()
}
