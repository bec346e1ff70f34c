//! The log against everything a disk may do to it.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures_util::FutureExt;

use crate::Safeguards;
use crate::env::{Disk, Observer};
use crate::fake::Passed;
use crate::protocol;
use crate::quorum::membership::view::View;
use crate::quorum::message::Entry;
use crate::quorum::record::Record;
use crate::quorum::version::Version;
use crate::raft::fact::Fact;

use super::test_disk::{Keep, MemoryDisk};
use super::{Error, Log, Options, Replayed, Surroundings};

mod codec;
mod crash;
mod damage;
mod faults;
mod gaps;
mod planted;
mod real;
mod refusals;
mod replacement;
mod snapshots;
mod tables;

/// Drives a future that never waits, as nothing does on a disk in memory.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a disk in memory answers at once")
}

/// An open log, and what was found in it.
type Opened = (Log<Record>, Replayed<Record>);

/// The plainest record that stands for itself.
impl protocol::Record for Record {
    /// An empty key at version zero, without a value.
    const BYTES_MIN: usize = 7;
    const NEEDS_ALL_BEFORE: bool = false;

    fn key(encoded: &[u8]) -> Option<&str> {
        postcard::take_from_bytes(encoded).ok().map(|(key, _)| key)
    }
}

fn record(number: u64) -> Record {
    let version = Version { millis: number, ..Version::default() };
    let value = (number % 5 != 4).then(|| format!("value {number}").into_bytes());
    Record { key: format!("key {}", number % 3), entry: Entry { version, atomic: false, value } }
}

fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    numbers.map(record).collect()
}

/// Two records a segment.
fn small() -> Options {
    Options { segment_bytes_max: 100, ..Options::default() }
}

fn open(disk: &MemoryDisk) -> Result<Opened, Error> {
    open_with(disk, small(), &Rc::default())
}

fn open_with(disk: &MemoryDisk, options: Options, observer: &Rc<Recorder>) -> Result<Opened, Error> {
    now(Log::open(around(disk.shared(), observer), ("quorum", "n1"), options))
}

fn around(disk: Rc<dyn Disk>, observer: &Rc<Recorder>) -> Surroundings {
    Surroundings { disk, observer: observer.clone(), points: Rc::new(Passed) }
}

/// A disk whose log holds these records, each synced before the next was appended.
fn disk_with(records: &[Record], options: Options) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let (mut log, _) = open_with(&disk, options, &Rc::default()).unwrap();
    for record in records {
        log.append(record).unwrap();
        now(log.sync()).unwrap();
    }
    disk
}

/// The same disk with one file changed behind the log's back.
fn changed(disk: &MemoryDisk, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> MemoryDisk {
    let mut files = disk.snapshot();
    change(files.get_mut(name).expect("the file is there"));
    MemoryDisk::holding(&files)
}

/// Remembers what it is told.
#[derive(Default)]
struct Recorder {
    markers: RefCell<Vec<&'static str>>,
    corrupt: RefCell<Vec<Option<String>>>,
    notes: RefCell<Vec<String>>,
}

impl Recorder {
    fn reached(&self, marker: &str) -> bool {
        self.markers.borrow().contains(&marker)
    }
}

impl Observer for Recorder {
    fn note(&self, text: &str) {
        self.notes.borrow_mut().push(text.to_owned());
    }

    fn reached(&self, marker: &'static str) {
        self.markers.borrow_mut().push(marker);
    }

    fn acknowledged(&self, _key: &str, _version: Version) {}

    fn released(&self, _key: &str) {}

    fn corrupt(&self, key: Option<&str>) {
        self.corrupt.borrow_mut().push(key.map(str::to_owned));
    }

    fn fact(&self, _fact: &Fact) {}

    fn view(&self, _view: &View) {}
}

#[test]
fn replays_what_was_synced_over_many_segments_and_starts() {
    let disk = disk_with(&records(0..10), small());
    assert!(disk.snapshot().len() > 4, "the log rotates: {:?}", disk.snapshot().keys());
    let disk = disk.after_power_loss(Keep::Nothing);
    let (mut log, replayed) = open(&disk).unwrap();
    assert_eq!(replayed, Replayed { incarnation: 2, records: records(0..10), ..Replayed::default() });
    log.append(&record(10)).unwrap();
    now(log.sync()).unwrap();
    let (_, replayed) = open(&disk.after_power_loss(Keep::Nothing)).unwrap();
    assert_eq!(replayed, Replayed { incarnation: 3, records: records(0..11), ..Replayed::default() });
}

#[test]
fn unsynced_record_is_gone_after_power_loss_and_there_after_kill() {
    let disk = disk_with(&records(0..3), small());
    let (mut log, _) = open(&disk).unwrap();
    log.append(&record(3)).unwrap();
    let replay = |keep| open(&disk.after_power_loss(keep)).unwrap().1;
    assert_eq!(replay(Keep::Nothing).records, records(0..3));
    assert_eq!(replay(Keep::Everything).records, records(0..4));
}

#[test]
fn what_a_killed_process_had_only_written_is_durable_once_replayed() {
    let disk = disk_with(&records(0..3), small());
    let (mut log, _) = open(&disk).unwrap();
    for number in 3..6 {
        log.append(&record(number)).unwrap();
    }
    drop(log);
    // The machine stays up, so all of it is replayed, and from then on answered for.
    assert_eq!(open(&disk).unwrap().1.records, records(0..6));
    assert_eq!(open(&disk.after_power_loss(Keep::Nothing)).unwrap().1.records, records(0..6));
}

#[test]
fn sync_covers_what_was_appended_before_it_and_claims_no_more() {
    let disk = MemoryDisk::default();
    let (mut log, _) = open(&disk).unwrap();
    log.append(&record(0)).unwrap();
    let sync = log.sync();
    // Appended while the sync is under way, over a segment's end.
    for number in 1..4 {
        log.append(&record(number)).unwrap();
    }
    now(sync).unwrap();
    log.append(&record(4)).unwrap();
    for keep in Keep::all() {
        let (_, replayed) = open(&disk.after_power_loss(keep)).unwrap();
        assert_eq!(replayed.records.first(), Some(&record(0)), "{keep:?}");
        assert!(!replayed.damaged, "{keep:?}");
    }
}
