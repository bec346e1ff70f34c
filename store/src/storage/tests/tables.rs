//! Log and tables together, as a node keeps them, against everything a disk may do to them.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;

use super::*;
use crate::env::LocalFuture;
use crate::storage::tables::coverage::Coverage;
use crate::storage::tables::manifest::Manifest;
use crate::storage::tables::{self, Tables};

mod crash;
mod damage;
mod model;
mod planted;

/// Work of the tables that is under way.
type Work = LocalFuture<'static, Result<(), Error>>;

/// A log and tables on a disk that may lose power.
struct Store {
    disk: MemoryDisk,
    observer: Rc<Recorder>,
    log: Log<Record>,
    tables: Rc<Tables>,
    coverage: Coverage,
    /// Records that are in the log, and not in the tables before they are synced.
    pending: Vec<Record>,
    appended: u64,
    synced: u64,
    flush: Option<Work>,
    compaction: Option<Work>,
    damaged: bool,
}

impl Store {
    fn open(disk: &MemoryDisk) -> Store {
        Store::try_open(disk, Safeguards::default()).unwrap()
    }

    fn try_open(disk: &MemoryDisk, safeguards: Safeguards) -> Result<Store, Error> {
        let observer = Rc::<Recorder>::default();
        let around = around(disk.shared(), &observer);
        let found = Manifest::find(&around.disk, "n1")?;
        let begins = found.manifest.log_begins;
        let options = Options { segment_bytes_max: 200, begins, safeguards, ..Options::default() };
        let (log, replayed) = now(Log::open(around.clone(), ("quorum", "n1"), options))?;
        let options = tables::Options { safeguards, cache_bytes_max: 20_000, ..tables::Options::default() };
        let tables = now(Tables::open(around, "n1", found, options))?;
        let mut store = Store {
            disk: disk.clone(),
            observer,
            log,
            coverage: Coverage::default(),
            pending: replayed.records,
            appended: 0,
            synced: 0,
            flush: None,
            compaction: None,
            damaged: replayed.damaged || tables.is_damaged(),
            tables,
        };
        store.hold_pending();
        Ok(store)
    }

    /// A restart; what was under way ends where it is.
    fn restarted(&self, keep: Keep) -> Store {
        Store::open(&self.disk.after_power_loss(keep))
    }

    fn append(&mut self, record: &Record) -> Result<(), Error> {
        self.log.append(record)?;
        self.appended += 1;
        self.coverage.appended(self.log.active(), self.appended);
        self.pending.push(record.clone());
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Error> {
        now(self.log.sync())?;
        self.synced = self.appended;
        self.hold_pending();
        Ok(())
    }

    fn hold_pending(&mut self) {
        for Record { key, entry } in std::mem::take(&mut self.pending) {
            if self.get(&key).is_none_or(|held| held.version < entry.version) {
                self.tables.put(key.as_bytes(), postcard::to_stdvec(&entry).unwrap().into());
            }
        }
    }

    fn put(&mut self, record: &Record) {
        self.append(record).unwrap();
        self.sync().unwrap();
    }

    fn get(&self, key: &str) -> Option<Entry> {
        let value = self.tables.get(key.as_bytes()).unwrap();
        value.map(|value| postcard::from_bytes(&value).unwrap())
    }

    fn all(&self) -> BTreeMap<String, Entry> {
        let decode = |(key, value): (Bytes, Bytes)| {
            (String::from_utf8(key.to_vec()).unwrap(), postcard::from_bytes(&value).unwrap())
        };
        self.tables.scan(Bound::Unbounded).unwrap().map(|entry| decode(entry.unwrap())).collect()
    }

    fn begin_flush(&mut self) {
        let needed = self.coverage.needed_from(self.synced, self.log.active());
        if let Some(flush) = self.tables.flush(needed) {
            self.flush = Some(flush);
        }
    }

    fn begin_compaction(&mut self) {
        if let Some(compaction) = self.tables.compact() {
            self.compaction = Some(compaction);
        }
    }

    /// What is under way goes on to the next moment at which it waits.
    fn step(&mut self) -> Result<(), Error> {
        self.disk.faults().syncs_wait.set(true);
        let ended = [&mut self.flush, &mut self.compaction].map(|work| {
            let ended = work.as_mut()?.now_or_never()?;
            *work = None;
            Some(ended)
        });
        self.disk.faults().syncs_wait.set(false);
        ended.into_iter().flatten().collect()
    }

    fn finish(&mut self) -> Result<(), Error> {
        while self.flush.is_some() || self.compaction.is_some() {
            self.step()?;
        }
        Ok(())
    }

    fn flushed(&mut self) {
        self.begin_flush();
        self.finish().unwrap();
    }

    fn files(&self, prefix: &str) -> Vec<String> {
        self.disk.list().unwrap().into_iter().filter(|name| name.starts_with(prefix)).collect()
    }
}

/// A record whose value is large enough that few fit a block.
fn large(key: u64, number: u64) -> Record {
    let value = Some(vec![number as u8; 900]);
    let version = Version { millis: number, ..Version::default() };
    Record { key: format!("key {key:02}"), entry: Entry { version, atomic: false, value } }
}

/// A store whose tables hold so many keys, written so many times over.
fn filled(keys: u64, times: u64, safeguards: Safeguards) -> Store {
    let mut store = Store::try_open(&MemoryDisk::default(), safeguards).unwrap();
    for time in 0..times {
        (0..keys).for_each(|key| store.put(&large(key, 1 + time * keys + key)));
        store.flushed();
    }
    store
}

#[test]
fn what_is_flushed_is_read_from_tables_and_the_log_before_it_is_gone() {
    let mut store = filled(20, 1, Safeguards::default());
    store.put(&large(20, 50));
    assert_eq!((store.files("table"), store.files("log").len()), (vec!["table-0000000001".to_owned()], 2));
    assert_eq!(store.get("key 07").map(|entry| entry.version.millis), Some(8));
    assert_eq!(store.get("key 99"), None);
    let store = store.restarted(Keep::Nothing);
    assert_eq!((store.all().len(), store.damaged), (21, false));
    assert_eq!(store.get("key 20").map(|entry| entry.version.millis), Some(50));
}

#[test]
fn compaction_leaves_one_table_with_the_newest_of_each_key_and_its_tombstone() {
    let mut store = filled(6, 3, Safeguards::default());
    let mut deleted = large(3, 100);
    deleted.entry.value = None;
    store.put(&deleted);
    store.put(&large(4, 101));
    // Of the same size as the others, so that it is merged with them.
    [5, 6, 7, 8].into_iter().for_each(|key| store.put(&large(key, 102)));
    store.flushed();
    let before = store.all();
    assert_eq!(store.files("table").len(), 4);
    store.begin_compaction();
    store.finish().unwrap();
    assert_eq!(store.files("table"), ["table-0000000005"]);
    assert_eq!((store.all(), store.get("key 03")), (before.clone(), Some(deleted.entry)));
    assert_eq!(store.restarted(Keep::Nothing).all(), before);
}

#[test]
fn a_scan_begins_anywhere() {
    let mut store = filled(20, 2, Safeguards::default());
    store.put(&large(7, 90));
    let from = |from| {
        let keys = store.tables.scan(from).unwrap().map(|entry| entry.unwrap().0);
        keys.map(|key| String::from_utf8(key.to_vec()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(from(Bound::Excluded(b"key 16")), ["key 17", "key 18", "key 19"]);
    assert_eq!(from(Bound::Included(b"key 17")), ["key 17", "key 18", "key 19"]);
    assert_eq!((from(Bound::Included(b"a")).len(), from(Bound::Excluded(b"z")).len()), (20, 0));
}

#[test]
fn a_key_that_no_table_has_costs_no_read() {
    let store = filled(20, 1, Safeguards::default());
    store.disk.faults().reads_left.set(0);
    let is_read = |number: &u32| store.tables.get(format!("no {number}").as_bytes()).is_err();
    let reads = (0..500).filter(is_read).count();
    assert!(reads < 25, "{reads} of 500");
    assert!(store.tables.get(b"key 07").is_err(), "one that it has is read");
}

#[test]
fn a_block_is_read_once_while_it_is_in_the_cache() {
    let store = filled(4, 1, Safeguards::default());
    store.disk.faults().reads_left.set(1);
    (0..3).for_each(|_| assert!(store.get("key 02").is_some()));
}
