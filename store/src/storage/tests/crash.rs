//! A power loss between every two changes of the disk: what was synced survives.

use super::*;
use crate::storage::{identity, segment};

/// What a node was told before the power failed.
#[derive(Default)]
struct Told {
    incarnation: u32,
    appended: Vec<Record>,
    synced: Vec<Record>,
}

impl Told {
    fn synced_all(&mut self) {
        self.synced = self.appended.clone();
    }

    /// Opens the disk and checks it against what was told before.
    fn check(&mut self, disk: &MemoryDisk, place: &str) -> Log<Record> {
        let (log, replayed) = open(disk).unwrap_or_else(|error| panic!("{place}: {error}"));
        for record in &self.synced {
            assert!(replayed.records.contains(record), "{place}: lost {record:?} of {replayed:?}");
        }
        for record in &replayed.records {
            assert!(self.appended.contains(record), "{place}: made up {record:?}");
        }
        assert!(!replayed.damaged, "{place}: no byte was flipped");
        assert!(replayed.incarnation > self.incarnation, "{place}");
        self.incarnation = replayed.incarnation;
        log
    }
}

/// Appends in groups, as long as the disk lets it.
fn work(disk: &MemoryDisk, told: &mut Told) -> Result<(), Error> {
    let (mut log, replayed) = open(disk)?;
    assert!(replayed.incarnation > told.incarnation);
    told.incarnation = replayed.incarnation;
    // Of these lengths, so that segments begin in the middle of groups; the last is never synced.
    let mut numbers = 0..;
    for (group, length) in [1, 4, 2, 3, 3].into_iter().enumerate() {
        for number in numbers.by_ref().take(length) {
            told.appended.push(record(number));
            log.append(&record(number))?;
        }
        if group < 4 {
            now(log.sync())?;
            told.synced_all();
        }
    }
    Ok(())
}

#[test]
fn synced_records_survive_a_crash_anywhere() {
    for changes in 0..200 {
        let disk = MemoryDisk::default();
        disk.faults().changes_left.set(changes);
        let mut told = Told::default();
        let finished = work(&disk, &mut told).is_ok();
        for keep in Keep::all() {
            let mut told = Told { appended: told.appended.clone(), synced: told.synced.clone(), ..told };
            let place = format!("after {changes} changes, {keep:?}");
            let lost = disk.after_power_loss(keep);
            crash_while_opening(&lost, &mut told, &place);
            let mut log = told.check(&lost, &place);
            log.append(&record(99)).unwrap();
            now(log.sync()).unwrap();
            told.appended.push(record(99));
            told.synced.push(record(99));
            told.check(&lost.after_power_loss(Keep::Nothing), &place);
        }
        if finished {
            assert!(changes > 20, "the log was written");
            return;
        }
    }
    panic!("it never comes to its end");
}

/// A second power loss at each change that opening makes.
fn crash_while_opening(disk: &MemoryDisk, told: &mut Told, place: &str) {
    for changes in 0..200 {
        let trial = MemoryDisk::holding(&disk.snapshot());
        trial.faults().changes_left.set(changes);
        let opened = open(&trial);
        for keep in [Keep::Nothing, Keep::Everything, Keep::Some(changes as u64)] {
            let mut told = Told { appended: told.appended.clone(), synced: told.synced.clone(), ..*told };
            if let Ok((_, replayed)) = &opened {
                told.incarnation = told.incarnation.max(replayed.incarnation);
                // Somebody has read these.
                told.synced = replayed.records.clone();
            }
            told.check(&trial.after_power_loss(keep), &format!("{place}, then {changes}, {keep:?}"));
        }
        if opened.is_ok() {
            return;
        }
    }
    panic!("it never comes to its end");
}

#[test]
fn repair_survives_a_crash_anywhere() {
    let written = records(0..7);
    let mut files = disk_with(&written, small()).snapshot();
    let last = segment::name(files.len() as u32 - 1);
    for name in [segment::name(1), last] {
        files.get_mut(&name).unwrap()[identity::HEADER_BYTES + 25] ^= 1;
    }
    let damaged = MemoryDisk::holding(&files);
    let (_, replayed) = open(&MemoryDisk::holding(&files)).unwrap();
    let good = replayed.records;
    assert_eq!((good.len(), replayed.damaged), (5, true));

    for changes in 0..200 {
        let disk = MemoryDisk::holding(&damaged.snapshot());
        disk.faults().changes_left.set(changes);
        let mut caught_up = false;
        let finished = catch_up_and_repair(&disk, &mut caught_up).is_ok();
        for keep in Keep::all() {
            let place = format!("after {changes} changes, {keep:?}");
            let (_, again) = open(&disk.after_power_loss(keep)).unwrap_or_else(|e| panic!("{place}: {e}"));
            assert!(good.iter().all(|record| again.records.contains(record)), "{place}: {again:?}");
            assert!(again.damaged || caught_up && again.records.contains(&record(50)), "{place}");
            assert!(!(finished && again.damaged), "{place}: repaired for good");
        }
        if finished {
            return;
        }
    }
    panic!("it never comes to its end");
}

fn catch_up_and_repair(disk: &MemoryDisk, caught_up: &mut bool) -> Result<(), Error> {
    let (mut log, _) = open(disk)?;
    log.append(&record(50))?;
    now(log.sync())?;
    *caught_up = true;
    now(log.repair())
}
