//! Records that mean something only together with all before them: what follows a gap is not taken, and
//! what was lost is remembered.

use super::*;
use crate::raft::log::Record as Vote;
use crate::storage::identity::HEADER_BYTES;
use crate::storage::segment;

/// A record of which nothing but its number matters.
pub fn vote(term: u64) -> Vote {
    Vote::Vote { term, voted_for: None }
}

pub fn votes(terms: std::ops::Range<u64>) -> Vec<Vote> {
    terms.map(vote).collect()
}

pub type OpenedVotes = (Log<Vote>, Replayed<Vote>);

pub fn open_votes(disk: &MemoryDisk) -> Result<OpenedVotes, Error> {
    open_votes_with(disk, small(), &Rc::default())
}

fn open_votes_with(
    disk: &MemoryDisk,
    options: Options,
    observer: &Rc<Recorder>,
) -> Result<OpenedVotes, Error> {
    now(Log::open(around(disk.shared(), observer), ("raft", "n1"), options))
}

/// A log of three records a segment.
fn disk_of(count: u64, sync_each: bool) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let (mut log, _) = open_votes(&disk).unwrap();
    for record in votes(0..count) {
        log.append(&record).unwrap();
        if sync_each {
            now(log.sync()).unwrap();
        }
    }
    disk
}

/// Appends and syncs, and starts once more after a power loss.
fn go_on(disk: &MemoryDisk, log: &mut Log<Vote>, record: u64) -> Replayed<Vote> {
    log.append(&vote(record)).unwrap();
    now(log.sync()).unwrap();
    open_votes(&disk.after_power_loss(Keep::Nothing)).unwrap().1
}

#[test]
fn flip_of_every_bit_replays_what_came_before_and_is_remembered_until_a_snapshot() {
    let written = votes(0..9);
    let disk = disk_of(9, true);
    for (name, content) in disk.snapshot() {
        for bit in 0..content.len() * 8 {
            let flipped = changed(&disk, &name, |content| content[bit / 8] ^= 1 << (bit % 8));
            let before = flipped.snapshot();
            let observer = Rc::<Recorder>::default();
            let place = format!("{name} bit {bit}");
            let (mut log, replayed) = match open_votes_with(&flipped, small(), &observer) {
                Ok(opened) => opened,
                Err(error) => {
                    assert!(matches!(&error, Error::Directory { file, .. } if *file == name), "{error}");
                    assert_eq!(flipped.snapshot(), before, "nothing is changed: {error}");
                    continue;
                }
            };
            let kept = replayed.records.len();
            assert_eq!(replayed.records, written[..kept], "{place}");
            // The last checksum may look like one of which only the beginning arrived.
            assert!(replayed.damaged && kept < 9 || kept == 9, "{place}");
            assert_eq!(replayed.damaged, observer.reached("corrupt-record-reported"), "{place}");
            let again = go_on(&flipped, &mut log, 50);
            assert_eq!(again.records, [&written[..kept], &[vote(50)]].concat(), "{place}");
            assert_eq!(again.damaged, replayed.damaged, "{place}: remembered");
            let mut saving = log.save_snapshot(7, b"all of it", &[vote(51)]).unwrap();
            now(log.sync()).unwrap();
            now(&mut saving).unwrap();
            let replaced = go_on(&flipped, &mut log, 52);
            assert_eq!(replaced.records, votes(51..53), "{place}");
            assert!(!replaced.damaged, "{place}: it went with the log before");
        }
    }
}

#[test]
fn records_after_an_unsynced_hole_are_cut_off() {
    let disk = MemoryDisk::default();
    let options = Options { segment_bytes_max: 1 << 20, ..small() };
    let (mut log, _) = open_votes_with(&disk, options, &Rc::default()).unwrap();
    let mut ends = vec![HEADER_BYTES];
    for record in votes(0..4) {
        log.append(&record).unwrap();
        ends.push(disk.snapshot()[&segment::name(1)].len());
    }
    let holed = changed(&disk, &segment::name(1), |content| content[ends[1]..ends[2]].fill(0));
    let observer = Rc::<Recorder>::default();
    let (mut log, replayed) = open_votes_with(&holed, options, &observer).unwrap();
    assert_eq!((&replayed.records[..], replayed.damaged), (&[vote(0)][..], false));
    assert!(observer.reached("torn-tail-cut"));
    assert_eq!(go_on(&holed, &mut log, 50).records, [vote(0), vote(50)]);
}

#[test]
fn segments_after_a_torn_one_are_removed() {
    // Segment 2 was begun while the content of segment 1 was not durable, only its name.
    let disk = MemoryDisk::default();
    let (mut log, _) = open_votes(&disk).unwrap();
    log.append(&vote(0)).unwrap();
    now(log.sync()).unwrap();
    for record in votes(1..6) {
        log.append(&record).unwrap();
    }
    assert!(disk.snapshot().contains_key(&segment::name(2)));
    let torn = changed(&disk, &segment::name(1), |content| content.truncate(content.len() - 5));
    let (mut log, replayed) = open_votes(&torn).unwrap();
    assert_eq!((replayed.records, replayed.damaged), (votes(0..2), false));
    assert!(!torn.snapshot().contains_key(&segment::name(2)));
    assert_eq!(go_on(&torn, &mut log, 50).records, [votes(0..2), vec![vote(50)]].concat());
}

#[test]
fn cutting_at_a_gap_survives_a_crash_anywhere() {
    let flipped = changed(&disk_of(9, true), &segment::name(2), |content| content[HEADER_BYTES + 21] ^= 1);
    let kept = open_votes(&MemoryDisk::holding(&flipped.snapshot())).unwrap().1.records;
    assert!((1..8).contains(&kept.len()), "{kept:?}");
    for changes in 0..200 {
        let disk = MemoryDisk::holding(&flipped.snapshot());
        disk.faults().changes_left.set(changes);
        let finished = open_votes(&disk).is_ok();
        for keep in Keep::all() {
            let place = format!("after {changes} changes, {keep:?}");
            let (_, again) =
                open_votes(&disk.after_power_loss(keep)).unwrap_or_else(|e| panic!("{place}: {e}"));
            assert_eq!((&again.records, again.damaged), (&kept, true), "{place}");
        }
        if finished {
            assert!(changes > 5, "there was something to cut");
            return;
        }
    }
    panic!("it never comes to its end");
}

#[test]
fn without_the_safeguard_the_cut_is_silent() {
    let flipped = changed(&disk_of(9, true), &segment::name(2), |content| content[HEADER_BYTES + 21] ^= 1);
    let mut planted = small();
    planted.safeguards.corrupt_record_reported = false;
    let observer = Rc::<Recorder>::default();
    let (_, replayed) = open_votes_with(&flipped, planted, &observer).unwrap();
    assert!(!replayed.damaged && replayed.records.len() < 9);
    assert!(observer.reached("log-cut-silently") && !observer.reached("corrupt-record-reported"));
}

#[test]
fn without_the_safeguard_a_torn_tail_is_taken() {
    let disk = disk_of(2, false);
    let torn = changed(&disk, &segment::name(1), |content| content.truncate(content.len() - 5));
    let mut planted = small();
    planted.safeguards.torn_tail_cut = false;
    let observer = Rc::<Recorder>::default();
    let (_, replayed) = open_votes_with(&torn, planted, &observer).unwrap();
    assert_eq!((replayed.records.len(), replayed.damaged), (2, false));
    assert!(observer.reached("torn-tail-taken"));
}
