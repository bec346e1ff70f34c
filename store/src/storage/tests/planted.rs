//! Bugs 3 and 4: each bites with its safeguard off, and not with it on.

use super::*;
use crate::storage::{identity, segment};

fn with(change: impl FnOnce(&mut Safeguards)) -> Options {
    let mut options = Options { segment_bytes_max: 1 << 20, ..small() };
    change(&mut options.safeguards);
    options
}

/// A log of which the last record, never synced, has lost its last `bytes`.
fn torn(bytes: usize, zeros: bool) -> MemoryDisk {
    let mut files = disk_with(&records(0..4), with(|_| ())).snapshot();
    let content = files.get_mut(&segment::name(1)).unwrap();
    let len = content.len();
    content.truncate(len - bytes);
    if zeros {
        content.resize(len, 0);
    }
    MemoryDisk::holding(&files)
}

#[test]
fn torn_tail_is_cut_with_the_safeguard_and_taken_without() {
    for zeros in [false, true] {
        let observer = Rc::<Recorder>::default();
        let (_, replayed) = open_with(&torn(6, zeros), with(|_| ()), &observer).unwrap();
        assert_eq!((replayed.records, replayed.damaged), (records(0..3), false));
        assert!(observer.reached("torn-tail-cut") && !observer.reached("torn-tail-taken"));

        let planted = with(|safeguards| safeguards.torn_tail_cut = false);
        let disk = torn(6, zeros);
        for _ in 0..2 {
            let observer = Rc::<Recorder>::default();
            let (mut log, replayed) = open_with(&disk, planted, &observer).unwrap();
            let mut garbage = record(3);
            garbage.entry.value = Some(b"value\0\0".to_vec());
            assert_eq!(replayed.records[3], garbage, "and it stays, start after start");
            assert!(!replayed.damaged);
            log.append(&record(4)).unwrap();
            now(log.sync()).unwrap();
        }
    }
}

#[test]
fn taking_a_torn_tail_is_marked_once_it_happens() {
    let planted = with(|safeguards| safeguards.torn_tail_cut = false);
    let reached = |disk: &MemoryDisk| {
        let observer = Rc::<Recorder>::default();
        open_with(disk, planted, &observer).unwrap();
        observer.reached("torn-tail-taken")
    };
    assert!(reached(&torn(6, false)));
    assert!(!reached(&torn(0, false)), "nothing torn");
    let header_torn = disk_with(&records(0..3), planted);
    let file = header_torn.shared().open(&segment::name(1)).unwrap();
    file.append(&[1; 9]).unwrap();
    assert!(!reached(&header_torn), "nothing that decodes");
}

/// A log of several segments, with a bad record in the second.
fn corrupt() -> MemoryDisk {
    let mut files = disk_with(&records(0..8), small()).snapshot();
    files.get_mut(&segment::name(2)).unwrap()[identity::HEADER_BYTES + 25] ^= 1;
    MemoryDisk::holding(&files)
}

#[test]
fn corruption_is_reported_with_the_safeguard_and_cut_silently_without() {
    let observer = Rc::<Recorder>::default();
    let (_, replayed) = open_with(&corrupt(), small(), &observer).unwrap();
    assert_eq!((replayed.records.len(), replayed.damaged), (7, true));
    assert!(observer.reached("corrupt-record-reported") && !observer.reached("log-cut-silently"));

    let mut planted = small();
    planted.safeguards.corrupt_record_reported = false;
    let disk = corrupt();
    let observer = Rc::<Recorder>::default();
    let (mut log, replayed) = open_with(&disk, planted, &observer).unwrap();
    let kept = replayed.records.len() as u64;
    assert!(kept < 7 && replayed.records == records(0..kept) && !replayed.damaged, "{replayed:?}");
    assert!(observer.reached("log-cut-silently") && observer.corrupt.borrow().is_empty());
    log.append(&record(50)).unwrap();
    now(log.sync()).unwrap();
    let observer = Rc::<Recorder>::default();
    let (_, again) = open_with(&disk.after_power_loss(Keep::Nothing), planted, &observer).unwrap();
    assert_eq!(again.records, [records(0..kept), vec![record(50)]].concat());
    assert!(!again.damaged && !observer.reached("log-cut-silently"), "nothing more to cut");
}

#[test]
fn silent_cut_survives_a_crash_anywhere() {
    let mut planted = small();
    planted.safeguards.corrupt_record_reported = false;
    for changes in 0..200 {
        let disk = corrupt();
        disk.faults().changes_left.set(changes);
        let finished = open_with(&disk, planted, &Rc::default()).is_ok();
        for keep in Keep::all() {
            let opened = open_with(&disk.after_power_loss(keep), planted, &Rc::default());
            let place = format!("after {changes} changes, {keep:?}");
            let (_, replayed) = opened.unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(replayed.records[..2], records(0..2), "{place}");
        }
        if finished {
            return;
        }
    }
    panic!("it never comes to its end");
}
