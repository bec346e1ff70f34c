//! Putting a snapshot in the place of the log before it.
//!
//! ```text
//! append    log-4.new: what has to stay          appends go on there
//! write     snapshot-4.new, and sync it
//! wait      for the sync of the log that covers what was appended; it names log-4
//! rename    snapshot-4.new to snapshot-4, and sync the directory
//!           ^ from here on a start begins with snapshot 4 and segment 4; before, with what there was
//! remove    snapshot-1, log-1, log-2, log-3
//! ```

use std::rc::Rc;

use crate::env::{Disk, LocalFuture};
use crate::point;
use crate::protocol::Record;

use super::Error;
use super::base::remove;
use super::identity::{Identity, Kind};
use super::log::{Log, Surroundings};
use super::replace::{UNFINISHED, sync_directory};
use super::snapshot::Snapshot;

/// Bytes that are written before others get their turn.
const CHUNK_BYTES: usize = 1 << 20;

impl<R: Record> Log<R> {
    /// Begins to save a snapshot that covers the log up to `index`, beside which `records` are needed
    /// and no earlier ones. They are appended before this returns, as [`append`](Log::append) would.
    ///
    /// The rest is done by the future, while appends and syncs go on; it completes only if syncs do.
    /// Once it has, a start finds this snapshot, `records`, and what was appended after. Before that it
    /// may find the earlier snapshot instead, and then these records after those that came before.
    /// What was found corrupt goes with the log that the snapshot stands for: a node that has not caught
    /// up says so in `records`. After an error the node must stop.
    ///
    /// # Panics
    /// If the log has not yet been synced since another one was begun.
    pub fn save_snapshot(
        &mut self,
        index: u64,
        payload: &[u8],
        records: &[R],
    ) -> Result<LocalFuture<'static, Result<(), Error>>, Error> {
        self.progress.check()?;
        assert!(!self.ends_unnamed(), "one snapshot is saved at a time");
        let number = self.end().segment + 1;
        self.begin_unnamed(number)?;
        for record in records {
            self.append(record)?;
        }
        let end = self.end();
        let identity = Identity::of_snapshot(&self.node, number);
        let content = Snapshot::encode(identity, index, end.offset, payload);
        let (Surroundings { disk, points, .. }, progress) = (self.around.clone(), self.progress.clone());
        Ok(Box::pin(async move {
            let (name, unfinished) = (identity.name(), format!("{}{UNFINISHED}", identity.name()));
            write(&disk, &unfinished, &content).await?;
            points.pass(&point::SNAPSHOT_WRITTEN).await;
            progress.reach(end).await;
            disk.rename(&unfinished, &name).map_err(Error::disk(format!("rename {unfinished} to {name}")))?;
            points.pass(&point::SNAPSHOT_NAMED).await;
            sync_directory(&disk).await?;
            points.pass(&point::SNAPSHOT_BEFORE_REMOVAL).await;
            remove_before(&*disk, number)
        }))
    }
}

/// A new file with this content, durable but for its name.
async fn write(disk: &Rc<dyn Disk>, name: &str, content: &[u8]) -> Result<(), Error> {
    let file = disk.create(name).map_err(Error::disk(format!("create {name}")))?;
    for (number, chunk) in content.chunks(CHUNK_BYTES).enumerate() {
        if number > 0 {
            tokio::task::yield_now().await;
        }
        file.append(chunk).map_err(Error::disk(format!("write {name}")))?;
    }
    file.sync().await.map_err(Error::disk(format!("sync {name}")))
}

/// Removes what of a log comes before `number`, oldest first.
pub(super) fn remove_before(disk: &dyn Disk, number: u32) -> Result<(), Error> {
    let names = disk.list().map_err(Error::disk("list the data directory"))?;
    let number_of = |name: &String| Kind::OF_LOG.iter().find_map(|kind| kind.number(name));
    let mut old: Vec<(u32, &String)> =
        names.iter().filter_map(|name| Some((number_of(name)?, name))).filter(|(n, _)| *n < number).collect();
    old.sort();
    old.into_iter().try_for_each(|(_, name)| remove(disk, name))
}
