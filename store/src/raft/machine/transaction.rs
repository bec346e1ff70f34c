//! Transactions: all steps at one moment, or none.

use std::collections::BTreeMap;

use super::cells::Cells;
use super::change::{Cause, Unmet, add, put};
use super::limits::{TRANSACTION_READS_BYTES_MAX, weight};
use crate::raft::request::{Cell, Step, Versioned};

/// The keys as the steps so far would leave them.
struct Draft<'c, 's> {
    cells: &'c Cells,
    changed: BTreeMap<&'s str, Versioned>,
}

impl<'s> Draft<'_, 's> {
    fn get(&self, key: &str) -> Option<&Versioned> {
        self.changed.get(key).or_else(|| self.cells.get(key))
    }

    fn held(&self, key: &str) -> Option<&Cell> {
        self.get(key)?.cell.as_ref()
    }

    fn set(&mut self, key: &'s str, cell: Cell, cause: Cause) {
        self.changed.insert(key, Versioned { cell: Some(cell), version: cause.index });
    }
}

/// Does all steps and gives what they read, in their order; or says which condition did not hold, and
/// changes nothing.
pub(super) fn transact(
    cells: &mut Cells,
    cause: Cause,
    steps: &[Step],
) -> Result<Vec<Option<Versioned>>, Unmet> {
    let mut draft = Draft { cells, changed: BTreeMap::new() };
    let mut reads = Vec::new();
    let mut bytes = 0;
    for step in steps {
        match step {
            Step::Read { key } => {
                let read = draft.get(key);
                bytes += read.map_or(0, weight);
                if bytes > TRANSACTION_READS_BYTES_MAX {
                    return Err(format!("the transaction reads over {TRANSACTION_READS_BYTES_MAX} bytes"));
                }
                reads.push(read.cloned());
            }
            Step::Put { key, value } => draft.set(key, put(key, draft.held(key), value)?, cause),
            Step::Add { key, amount, floor } => {
                let sum = add(key, draft.held(key), *amount)?;
                if let (Cell::Counter(sum), Some(floor)) = (&sum, floor)
                    && sum < floor
                {
                    return Err(format!("{key} would hold {sum}: it must not fall below {floor}"));
                }
                draft.set(key, sum, cause);
            }
        }
    }
    for (key, Versioned { cell, version }) in draft.changed {
        cells.set(key, cell, version);
    }
    Ok(reads)
}
