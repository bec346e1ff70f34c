//! Where replay begins: the newest snapshot that is whole, and every segment from its own on.
//!
//! ```text
//! snapshot-3  log-1 log-2         log-3 log-4    snapshot 3, segments 3 and 4; the rest is left over
//! snapshot-3  snapshot-1  log-1 … log-4          3 is bad: snapshot 1, segments 1 to 4, and damaged
//! snapshot-3                      log-3 log-4    3 is bad: nothing to begin from, and damaged
//!                         log-1   log-3          not ours to judge: a file was taken away
//! ```
//!
//! An older snapshot with all segments after it is no way around damage: a snapshot that came from
//! another node says what no segment here ever said.

use std::rc::Rc;

use crate::env::{Disk, Observer};
use crate::marker;

use super::Error;
use super::frame::Position;
use super::identity::{Identity, Kind};
use super::replace::{read, sync_directory};
use super::snapshot::Snapshot;

/// Where replay begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The snapshot, if there is one.
    pub snapshot: Option<Snapshot>,
    /// The segments after it, in order and without a gap.
    pub segments: Vec<u32>,
    /// Snapshots that went bad.
    pub corrupt: Vec<u32>,
    /// Segments that count for nothing any more.
    old_segments: Vec<u32>,
    /// Snapshots that count for nothing any more.
    old_snapshots: Vec<u32>,
}

impl Base {
    /// Finds it, in a log that begins with segment `begins` where there is no snapshot; changes nothing. An error is a
    /// missing segment, or a file that is not this node's.
    pub fn find(disk: &dyn Disk, node: &str, begins: u32) -> Result<Base, Error> {
        let names = disk.list().map_err(Error::disk("list the data directory"))?;
        // Numbers have a fixed width, so the names are in their order.
        let numbers = |kind: Kind| names.iter().filter_map(|name| kind.number(name)).collect::<Vec<_>>();
        let (all_segments, all_snapshots) = (numbers(Kind::Segment), numbers(Kind::Snapshot));
        let (newest, corrupt) = newest_whole(disk, node, &all_snapshots)?;
        let first = newest.as_ref().map_or(begins, |snapshot| snapshot.durable.segment);
        let (old_segments, segments) =
            all_segments.iter().partition::<Vec<u32>, _>(|segment| **segment < first);
        let needed = newest.is_some() || !segments.is_empty();
        match gap(first, &segments).filter(|_| needed) {
            None => {
                let is_old = |number: &u32| newest.is_none() || *number != first;
                let old_snapshots = all_snapshots.into_iter().filter(is_old).collect();
                Ok(Base { snapshot: newest, segments, corrupt, old_segments, old_snapshots })
            }
            Some(_) if !corrupt.is_empty() => {
                let (old_segments, old_snapshots) = (all_segments, all_snapshots);
                Ok(Base { corrupt, old_segments, old_snapshots, ..Base::default() })
            }
            Some(missing) => Err(Error::directory(
                Kind::Segment.name(missing),
                "missing, and other files need it: restore this file from a copy, or start the node under a new \
                 name with an empty directory, so that it catches up from the others",
            )),
        }
    }

    /// How far the log was certainly durable.
    pub fn durable(&self) -> Position {
        self.snapshot.as_ref().map_or(Position::default(), |snapshot| snapshot.durable)
    }

    /// Tells the observer what was found, before anything is done about it.
    pub fn report(&self, observer: &dyn Observer) {
        for number in &self.corrupt {
            observer.note(&format!("{}: corrupt snapshot", Kind::Snapshot.name(*number)));
            observer.corrupt(None);
            observer.reached(marker::CORRUPT_SNAPSHOT_REPORTED.name);
        }
    }

    /// Removes what counts for nothing any more. Snapshots go last: as long as a bad one is there, a
    /// missing segment is known to be a part of the damage.
    pub async fn clean_up(&self, disk: &Rc<dyn Disk>) -> Result<(), Error> {
        for (kind, numbers) in [(Kind::Segment, &self.old_segments), (Kind::Snapshot, &self.old_snapshots)] {
            for number in numbers {
                remove(&**disk, &kind.name(*number))?;
            }
            if !numbers.is_empty() {
                sync_directory(disk).await?;
            }
        }
        Ok(())
    }
}

/// Removes a file.
pub fn remove(disk: &dyn Disk, name: &str) -> Result<(), Error> {
    disk.remove(name).map_err(Error::disk(format!("remove {name}")))
}

/// The newest whole snapshot, and the numbers of bad ones after it.
fn newest_whole(disk: &dyn Disk, node: &str, numbers: &[u32]) -> Result<(Option<Snapshot>, Vec<u32>), Error> {
    let mut corrupt = Vec::new();
    for &number in numbers.iter().rev() {
        let identity = Identity::of_snapshot(node, number);
        match Snapshot::decode(identity, &read(disk, &identity.name())?)? {
            Some(snapshot) => return Ok((Some(snapshot), corrupt)),
            None => corrupt.push(number),
        }
    }
    Ok((None, corrupt))
}

/// The first number that is missing from `numbers`, which begin with `first` if it is there.
fn gap(first: u32, numbers: &[u32]) -> Option<u32> {
    if numbers.is_empty() {
        return Some(first);
    }
    (first..).zip(numbers).find(|(expected, number)| expected != *number).map(|(expected, _)| expected)
}
