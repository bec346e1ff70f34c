//! Cut at every byte, flipped at every bit, zeroed, moved, missing.

use super::*;
use crate::storage::identity::{self, Kind};
use crate::storage::segment;

/// All files, one by one, with their lengths.
fn files(disk: &MemoryDisk) -> Vec<(String, usize)> {
    disk.snapshot().into_iter().map(|(name, content)| (name, content.len())).collect()
}

#[test]
fn cut_at_every_byte_replays_a_prefix() {
    // One sync at the end: nothing in the log says that any of it was durable.
    let disk = MemoryDisk::default();
    let options = one();
    let (mut log, _) = open_with(&disk, options, &Rc::default()).unwrap();
    let written = records(0..6);
    for record in &written {
        log.append(record).unwrap();
    }
    now(log.sync()).unwrap();
    let name = segment::name(1);
    let whole = disk.snapshot()[&name].len();
    let mut seen = 0;
    for len in 0..=whole {
        let cut = changed(&disk, &name, |content| content.truncate(len));
        let observer = Rc::<Recorder>::default();
        let (mut log, replayed) = open_with(&cut, options, &observer).unwrap();
        let count = replayed.records.len();
        assert_eq!(replayed.records, written[..count], "cut at {len}");
        assert!(!replayed.damaged && replayed.incarnation == 2, "cut at {len}");
        assert!(count >= seen, "cut at {len}");
        seen = count;

        // The log goes on behind it.
        log.append(&record(100)).unwrap();
        now(log.sync()).unwrap();
        let (_, again) = open_with(&cut.after_power_loss(Keep::Nothing), options, &Rc::default()).unwrap();
        assert_eq!(again.records[..count], written[..count], "cut at {len}");
        assert_eq!(again.records[count..], [record(100)], "cut at {len}");
        assert!(!again.damaged && again.incarnation == 3, "cut at {len}");
    }
    assert_eq!(seen, written.len());
}

#[test]
fn zeros_instead_of_the_end_replay_a_prefix() {
    let options = one();
    let disk = MemoryDisk::default();
    let (mut log, _) = open_with(&disk, options, &Rc::default()).unwrap();
    for record in records(0..4) {
        log.append(&record).unwrap();
    }
    let name = segment::name(1);
    for from in 0..disk.snapshot()[&name].len() {
        let zeroed = changed(&disk, &name, |content| content[from..].fill(0));
        let observer = Rc::<Recorder>::default();
        let (_, replayed) = open_with(&zeroed, options, &observer).unwrap();
        assert_eq!(replayed.records, records(0..replayed.records.len() as u64), "zeros from {from}");
        assert!(!replayed.damaged, "zeros from {from}");
        // With a beginning of the last checksum nothing is missing.
        assert!(replayed.records.len() == 4 || observer.reached("torn-tail-cut"), "zeros from {from}");
    }
}

/// A log of one segment with these records, and where each of their frames ends.
fn one_segment(count: u64, sync_each: bool) -> (MemoryDisk, Vec<usize>) {
    let disk = MemoryDisk::default();
    let (mut log, _) = open_with(&disk, one(), &Rc::default()).unwrap();
    let mut ends = vec![identity::HEADER_BYTES];
    for record in records(0..count) {
        log.append(&record).unwrap();
        if sync_each {
            now(log.sync()).unwrap();
        }
        ends.push(disk.snapshot()[&segment::name(1)].len());
    }
    (disk, ends)
}

fn one() -> Options {
    Options { segment_bytes_max: 1 << 20, ..small() }
}

fn holed(disk: &MemoryDisk, hole: std::ops::Range<usize>) -> MemoryDisk {
    changed(disk, &segment::name(1), |content| content[hole].fill(0))
}

#[test]
fn unsynced_hole_is_cut_out_and_later_records_kept() {
    let (disk, ends) = one_segment(4, false);
    let holed = holed(&disk, ends[1]..ends[2]);
    for _ in 0..2 {
        let (_, replayed) = open_with(&holed, one(), &Rc::default()).unwrap();
        assert_eq!(replayed.records, [record(0), record(2), record(3)]);
        assert!(!replayed.damaged);
    }
}

#[test]
fn synced_hole_is_corruption_unless_it_is_the_last_record() {
    let (disk, ends) = one_segment(4, true);
    for index in 0..4 {
        // The hole alone, and with a part of the frame before the zeros.
        for start in [ends[index], ends[index] + 10, ends[index] + 25] {
            let observer = Rc::<Recorder>::default();
            let holed = holed(&disk, start..ends[index + 1]);
            let (_, replayed) = open_with(&holed, one(), &observer).unwrap();
            let expected: Vec<_> = records(0..4).into_iter().filter(|r| *r != record(index as u64)).collect();
            assert_eq!(replayed.records, expected, "hole at {start}");
            assert_eq!(replayed.damaged, index < 3, "hole at {start}");
            assert_eq!(observer.reached("corrupt-record-reported"), index < 3, "hole at {start}");
        }
    }
}

#[test]
fn hole_beside_corruption_stays_with_it() {
    let (disk, ends) = one_segment(4, false);
    let holed = holed(&disk, ends[1]..ends[2]);
    let both = changed(&holed, &segment::name(1), |content| content[ends[0] + 25] ^= 1);
    for _ in 0..2 {
        let observer = Rc::<Recorder>::default();
        let (_, replayed) = open_with(&both, one(), &observer).unwrap();
        assert_eq!((replayed.records, replayed.damaged), (records(2..4), true));
        assert_eq!(observer.corrupt.borrow().len(), 2);
    }
}

#[test]
fn older_segment_cut_short_is_corruption() {
    let disk = disk_with(&records(0..8), small());
    for (name, len) in files(&disk) {
        if !(1..4).contains(&Kind::Segment.number(&name).unwrap_or(0)) {
            continue;
        }
        for at in 0..len {
            let cut = changed(&disk, &name, |content| content.truncate(at));
            let replayed = open(&cut).unwrap().1;
            // At the end of a frame nothing shows in the file itself; that takes two faults at once.
            let whole_frames = replayed.records.len() == 7 || replayed.records.len() == 6;
            assert!(replayed.damaged || whole_frames, "{name} cut at {at}: {replayed:?}");
            assert!(replayed.records.iter().all(|found| records(0..8).contains(found)));
        }
    }
}

#[test]
fn flip_of_every_bit_is_replayed_reported_or_refused() {
    let written = records(0..6);
    let disk = disk_with(&written, small());
    let mut silent = 0;
    for (name, len) in files(&disk) {
        for bit in 0..len * 8 {
            let flipped = changed(&disk, &name, |content| content[bit / 8] ^= 1 << (bit % 8));
            let before = flipped.snapshot();
            let observer = Rc::<Recorder>::default();
            let (mut log, replayed) = match open_with(&flipped, small(), &observer) {
                Ok(opened) => opened,
                Err(error) => {
                    assert!(matches!(&error, Error::Directory { file, .. } if *file == name), "{error}");
                    assert_eq!(flipped.snapshot(), before, "nothing is changed: {error}");
                    continue;
                }
            };
            let place = format!("{name} bit {bit}");
            assert_ne!(name, "meta", "{place}");
            assert_eq!(replayed.damaged, !observer.corrupt.borrow().is_empty(), "{place}");
            if !replayed.damaged {
                assert_eq!(replayed.records, written, "{place}");
                silent += 1;
                continue;
            }
            let lost: Vec<&Record> = written.iter().filter(|r| !replayed.records.contains(r)).collect();
            assert_eq!(replayed.records.len() + lost.len(), written.len(), "{place}");
            assert!(lost.len() <= 1, "{place}: every good record is replayed");
            for key in observer.corrupt.borrow().iter().flatten() {
                assert_eq!(key, &lost[0].key, "{place}");
            }
            check_repair(&flipped, &mut log, &replayed, &place);
        }
    }
    // A flip can make a checksum look like one of which only the beginning arrived.
    assert!(silent <= 1, "{silent}");
}

/// The damage stays until it is repaired, and is gone then; records appended meanwhile stay.
fn check_repair(disk: &MemoryDisk, log: &mut Log<Record>, replayed: &Replayed<Record>, place: &str) {
    log.append(&record(50)).unwrap();
    now(log.sync()).unwrap();
    let again = open(&disk.after_power_loss(Keep::Nothing)).unwrap().1;
    assert!(again.damaged, "{place}: found again after a crash before the repair");
    now(log.repair()).unwrap();
    log.append(&record(51)).unwrap();
    now(log.sync()).unwrap();
    let repaired = open(&disk.after_power_loss(Keep::Nothing)).unwrap().1;
    let expected = [&replayed.records[..], &[record(50), record(51)]].concat();
    assert!(!repaired.damaged && repaired.records == expected, "{place}: {repaired:?}");
}

#[test]
fn damaged_segment_is_not_appended_to_so_its_repair_loses_nothing() {
    let (disk, ends) = one_segment(3, true);
    let flipped = changed(&disk, &segment::name(1), |content| content[ends[0] + 25] ^= 1);
    let (mut log, replayed) = open_with(&flipped, one(), &Rc::default()).unwrap();
    check_repair(&flipped, &mut log, &replayed, "the only segment, with room left");
}

#[test]
fn corrupt_value_names_its_key() {
    let disk = disk_with(&records(0..6), small());
    let name = segment::name(1);
    let value = disk.snapshot()[&name].windows(7).position(|bytes| bytes == b"value 1").unwrap();
    let flipped = changed(&disk, &name, |content| content[value] ^= 4);
    let observer = Rc::<Recorder>::default();
    open_with(&flipped, small(), &observer).unwrap();
    assert_eq!(*observer.corrupt.borrow(), [Some("key 1".to_owned())]);
    let notes = observer.notes.borrow();
    assert!(notes[0].starts_with("log-0000000001: corrupt record at offset "), "{notes:?}");
    assert!(notes[0].ends_with(", of key \"key 1\""), "{notes:?}");
}

#[test]
fn repair_leaves_alone_what_went_bad_after_replay() {
    let (disk, _) = one_segment(4, true);
    let name = segment::name(1);
    let flipped = changed(&disk, &name, |content| content[identity::HEADER_BYTES + 30] ^= 1);
    let (mut log, replayed) = open(&flipped).unwrap();
    assert_eq!(replayed.records.len(), 3);
    let file = flipped.shared().open(&name).unwrap();
    let mut content = file.read().unwrap();
    *content.last_mut().unwrap() ^= 1;
    file.truncate(0).unwrap();
    file.append(&content).unwrap();
    now(file.sync()).unwrap();
    now(log.repair()).unwrap();
    let observer = Rc::<Recorder>::default();
    let (_, again) = open_with(&flipped, small(), &observer).unwrap();
    assert!(again.damaged);
    assert_eq!(observer.corrupt.borrow().len(), 2);
}
