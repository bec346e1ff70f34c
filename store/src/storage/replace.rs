//! Giving a file new content, all of it or none.

use std::rc::Rc;

use crate::env::Disk;

use super::Error;
use super::log::Surroundings;
use crate::point;

/// What the name of a file that is not finished ends with. Such files count for nothing.
pub const UNFINISHED: &str = ".new";

/// Replaces the content of file `name`, which need not exist. Whatever happens meanwhile, the file
/// has its old content or the new one; once this returns, the new one, durably.
///
/// ```text
/// write name.new   sync it   rename it to name   sync the directory
///                            ^ from here on a crash leaves one or the other, both whole
/// ```
pub async fn replace(around: &Surroundings, name: &str, content: &[u8]) -> Result<(), Error> {
    let Surroundings { disk, points, .. } = around;
    let unfinished = format!("{name}{UNFINISHED}");
    discard_unfinished(&**disk, |file| file == unfinished)?;
    let file = disk.create(&unfinished).map_err(Error::disk(format!("create {unfinished}")))?;
    file.append(content).map_err(Error::disk(format!("write {unfinished}")))?;
    file.sync().await.map_err(Error::disk(format!("sync {unfinished}")))?;
    points.pass(&point::REPLACEMENT_WRITTEN).await;
    disk.rename(&unfinished, name).map_err(Error::disk(format!("rename {unfinished} to {name}")))?;
    points.pass(&point::REPLACEMENT_NAMED).await;
    sync_directory(disk).await
}

/// Makes the names of all files durable.
pub async fn sync_directory(disk: &Rc<dyn Disk>) -> Result<(), Error> {
    disk.sync_directory().await.map_err(Error::disk("sync the data directory"))
}

/// Removes what an earlier, interrupted replacement left behind, of those names that `which` picks.
pub fn discard_unfinished(disk: &dyn Disk, which: impl Fn(&str) -> bool) -> Result<(), Error> {
    let names = disk.list().map_err(Error::disk("list the data directory"))?;
    for name in names.iter().filter(|name| name.ends_with(UNFINISHED) && which(name)) {
        disk.remove(name).map_err(Error::disk(format!("remove {name}")))?;
    }
    Ok(())
}

/// The whole content of file `name`.
pub fn read(disk: &dyn Disk, name: &str) -> Result<Vec<u8>, Error> {
    let file = disk.open(name).map_err(Error::disk(format!("open {name}")))?;
    file.read().map_err(Error::disk(format!("read {name}")))
}
