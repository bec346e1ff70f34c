//! What the keys hold.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use serde::{Deserialize, Serialize};

use super::limits::{PAGE_BYTES, weight};
use crate::raft::log::Index;
use crate::raft::request::{Cell, Response, Versioned};

/// Keys, each with its cell and the index of the entry that made it so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cells(BTreeMap<String, Versioned>);

impl Cells {
    /// The cell of a key with its version; none: never written.
    pub(super) fn get(&self, key: &str) -> Option<&Versioned> {
        self.0.get(key)
    }

    /// What a key holds; none: nothing, or nothing any more.
    pub(super) fn held(&self, key: &str) -> Option<&Cell> {
        self.get(key)?.cell.as_ref()
    }

    /// The entry at `version` makes `key` hold this.
    pub(super) fn set(&mut self, key: &str, cell: Option<Cell>, version: Index) {
        let now = Versioned { cell, version };
        match self.0.get_mut(key) {
            Some(versioned) => *versioned = now,
            None => {
                self.0.insert(key.to_owned(), now);
            }
        }
    }

    /// What a key holds, to be changed in place by the entry at `version`.
    pub(super) fn held_mut(&mut self, key: &str, version: Index) -> Option<&mut Cell> {
        let versioned = self.0.get_mut(key)?;
        let cell = versioned.cell.as_mut()?;
        versioned.version = version;
        Some(cell)
    }

    /// See [`Machine::page`](super::Machine::page).
    pub(super) fn page(&self, after: Option<&str>) -> Response {
        let mut left = self.0.range::<str, _>((after.map_or(Unbounded, Excluded), Unbounded)).peekable();
        let mut cells = Vec::new();
        let mut bytes = 0;
        while bytes < PAGE_BYTES
            && let Some((key, versioned)) = left.next()
        {
            bytes += key.len() + weight(versioned);
            cells.push((key.clone(), versioned.clone()));
        }
        Response::Page { cells, more: left.peek().is_some() }
    }
}
