//! A full disk, a sync that fails.

use super::*;

#[test]
fn full_disk_leaves_no_trace_and_the_log_goes_on() {
    let disk = disk_with(&records(0..1), small());
    let (mut log, _) = open(&disk).unwrap();
    let mut expected = records(0..1);
    for (bytes, number) in (0..90).zip(1..) {
        disk.faults().bytes_left.set(bytes);
        // Once with no room for the record, once with room for a segment too few.
        if let Err(error) = log.append(&record(number)) {
            assert!(matches!(error, Error::NotAppended(_)), "{error}");
            disk.faults().bytes_left.set(usize::MAX);
            log.append(&record(number)).unwrap();
        }
        disk.faults().bytes_left.set(usize::MAX);
        expected.push(record(number));
        now(log.sync()).unwrap();
        let (_, replayed) = open(&disk.after_power_loss(Keep::Nothing)).unwrap();
        assert_eq!((replayed.records, replayed.damaged), (expected.clone(), false), "{bytes} bytes left");
    }
}

#[test]
fn partial_frame_that_cannot_be_cut_off_poisons() {
    let disk = disk_with(&records(0..1), small());
    let (mut log, _) = open(&disk).unwrap();
    disk.faults().bytes_left.set(10);
    disk.faults().truncate_fails.set(true);
    let error = log.append(&record(1)).err().unwrap();
    assert!(matches!(error, Error::Poisoned(_)), "{error}");
    disk.faults().bytes_left.set(usize::MAX);
    disk.faults().truncate_fails.set(false);
    let error = log.append(&record(2)).err().unwrap();
    assert!(error.to_string().contains("log-0000000001"), "{error}");
    assert!(now(log.sync()).is_err());
    let (_, replayed) = open(&disk).unwrap();
    assert_eq!((replayed.records, replayed.damaged), (records(0..1), false));
}

#[test]
fn failed_sync_poisons() {
    let disk = disk_with(&records(0..1), small());
    let (mut log, _) = open(&disk).unwrap();
    log.append(&record(1)).unwrap();
    disk.faults().sync_fails.set(true);
    assert!(matches!(now(log.sync()), Err(Error::Poisoned(_))));
    disk.faults().sync_fails.set(false);
    assert!(matches!(now(log.sync()), Err(Error::Poisoned(_))), "success now would prove nothing");
    assert!(matches!(log.append(&record(2)), Err(Error::Poisoned(_))));
}

#[test]
fn failing_disk_at_start_is_an_error_and_loses_nothing() {
    let disk = disk_with(&records(0..4), small());
    disk.faults().sync_fails.set(true);
    let error = open(&disk).err().unwrap();
    assert_eq!(error.to_string(), "cannot sync meta.new: sync failed");
    let (_, replayed) = open(&disk.after_power_loss(Keep::Nothing)).unwrap();
    assert_eq!(replayed.records, records(0..4));
}

#[test]
fn no_segment_is_begun_while_the_name_of_the_active_one_may_be_lost() {
    let disk = MemoryDisk::default();
    let (mut log, _) = open(&disk).unwrap();
    for record in records(0..20) {
        log.append(&record).unwrap();
    }
    assert_eq!(disk.snapshot().len(), 2, "meta and one segment");
    now(log.sync()).unwrap();
    for record in records(20..40) {
        log.append(&record).unwrap();
    }
    assert_eq!(disk.snapshot().len(), 3);
}

#[test]
fn sync_of_nothing_new_touches_no_disk() {
    let disk = disk_with(&records(0..2), small());
    let (mut log, _) = open(&disk).unwrap();
    disk.faults().changes_left.set(0);
    now(log.sync()).unwrap();
}
