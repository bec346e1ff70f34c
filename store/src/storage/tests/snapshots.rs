//! Snapshots: whatever happens while one is saved, a start finds the state before it, or after.

use super::gaps::{OpenedVotes, open_votes, vote, votes};
use super::*;
use crate::env::LocalFuture;
use crate::raft::log::Record as Vote;
use crate::storage::identity::Kind;

type Saving = LocalFuture<'static, Result<(), Error>>;

/// Everything that a node did to its log.
#[derive(Clone, Default)]
struct Story {
    appended: Vec<Vote>,
    /// How many of these were synced.
    synced: usize,
    /// The snapshots begun, and where their records begin.
    saves: Vec<(u64, usize)>,
    /// How many of these were saved.
    saved: usize,
}

impl Story {
    fn append(&mut self, log: &mut Log<Vote>, record: Vote) -> Result<(), Error> {
        self.appended.push(record);
        log.append(&self.appended[self.appended.len() - 1])
    }

    fn sync(&mut self, log: &mut Log<Vote>) -> Result<(), Error> {
        now(log.sync())?;
        self.synced = self.appended.len();
        Ok(())
    }

    fn save(&mut self, log: &mut Log<Vote>, index: u64, records: Vec<Vote>) -> Result<Saving, Error> {
        self.saves.push((index, self.appended.len()));
        self.appended.extend(records.clone());
        log.save_snapshot(index, &payload(index), &records)
    }

    /// Does what can be done of a save; true when that is all.
    fn go_on(&mut self, saving: &mut Saving) -> Result<bool, Error> {
        let Some(done) = saving.now_or_never() else { return Ok(false) };
        done?;
        self.saved = self.saves.len();
        Ok(true)
    }

    /// What is wrong with what a start has found, if anything.
    fn problem(&self, replayed: &Replayed<Vote>) -> Option<String> {
        let (save, begin) = match &replayed.snapshot {
            None => (0, 0),
            Some((index, bytes)) => {
                let save = self.saves.iter().position(|(begun, _)| begun == index);
                let Some(save) = save.filter(|_| *bytes == payload(*index)) else {
                    return Some(format!("made up a snapshot of {index}"));
                };
                (save + 1, self.saves[save].1)
            }
        };
        let end = begin + replayed.records.len();
        if replayed.damaged {
            return Some("damaged, and no byte was flipped".to_owned());
        }
        if save < self.saved {
            return Some(format!("save {save}, and {} were done", self.saved));
        }
        if end < self.synced || self.appended.get(begin..end) != Some(&replayed.records) {
            let expected = (begin, end, self.synced, &self.appended);
            return Some(format!("{:?}, not as in {expected:?}", replayed.records));
        }
        None
    }

    fn check(&self, disk: &MemoryDisk, place: &str) -> OpenedVotes {
        let opened = open_votes(disk).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(self.problem(&opened.1), None, "{place}");
        opened
    }
}

fn payload(index: u64) -> Vec<u8> {
    format!("everything up to {index}").into_bytes()
}

/// Appends, syncs and saves in all sorts of order, as long as the disk lets it.
fn work(disk: &MemoryDisk, story: &mut Story) -> Result<(), Error> {
    let (mut log, _) = open_votes(disk)?;
    for record in votes(0..5) {
        story.append(&mut log, record)?;
    }
    story.sync(&mut log)?;
    // The segment was rotated, and its new name is not durable.
    story.append(&mut log, vote(5))?;
    let mut saving = story.save(&mut log, 4, votes(3..6))?;
    story.append(&mut log, vote(6))?;
    assert!(!story.go_on(&mut saving)?, "the log is not durable");
    story.append(&mut log, vote(7))?;
    story.sync(&mut log)?;
    story.append(&mut log, vote(8))?;
    assert!(story.go_on(&mut saving)?);
    for record in votes(9..12) {
        story.append(&mut log, record)?;
        story.sync(&mut log)?;
    }
    // The save comes while a sync is under way, and is done after the sync that covers it.
    let before = story.appended.len() + 1;
    story.append(&mut log, vote(12))?;
    let under_way = log.sync();
    let mut saving = story.save(&mut log, 11, vec![vote(12)])?;
    now(under_way)?;
    story.synced = before;
    story.sync(&mut log)?;
    assert!(story.go_on(&mut saving)?);
    // Nothing has to stay beside this one, and nothing is appended meanwhile.
    let mut saving = story.save(&mut log, 12, Vec::new())?;
    story.sync(&mut log)?;
    assert!(story.go_on(&mut saving)?);
    story.append(&mut log, vote(13))?;
    story.sync(&mut log)
}

#[test]
fn a_crash_anywhere_leaves_the_state_before_a_snapshot_or_after() {
    for changes in 0..300 {
        let disk = MemoryDisk::default();
        disk.faults().changes_left.set(changes);
        let mut story = Story::default();
        let finished = work(&disk, &mut story).is_ok();
        for keep in Keep::all() {
            let place = format!("after {changes} changes, {keep:?}");
            let lost = disk.after_power_loss(keep);
            crash_while_opening(&lost, &story, &place);
            let (mut log, replayed) = story.check(&lost, &place);
            // It goes on with what it has found, and saves a snapshot of its own.
            let mut next = Story { saved: replayed.snapshot.iter().count(), ..Story::default() };
            next.saves.extend(replayed.snapshot.map(|(index, _)| (index, 0)));
            next.appended = replayed.records;
            next.append(&mut log, vote(98)).unwrap();
            let mut saving = next.save(&mut log, 97, vec![vote(98)]).unwrap();
            next.append(&mut log, vote(99)).unwrap();
            next.sync(&mut log).unwrap();
            next.check(&lost.after_power_loss(Keep::Nothing), &place);
            assert!(next.go_on(&mut saving).unwrap(), "{place}");
            next.check(&lost.after_power_loss(Keep::Nothing), &place);
        }
        if finished {
            assert!(changes > 60, "all of it was done");
            return;
        }
    }
    panic!("it never comes to its end");
}

/// A second power loss at each change that opening makes.
fn crash_while_opening(disk: &MemoryDisk, story: &Story, place: &str) {
    for changes in 0..200 {
        let trial = MemoryDisk::holding(&disk.snapshot());
        trial.faults().changes_left.set(changes);
        let opened = open_votes(&trial);
        for keep in [Keep::Nothing, Keep::Everything, Keep::Some(changes as u64)] {
            let place = format!("{place}, then {changes}, {keep:?}");
            let (_, again) = story.check(&trial.after_power_loss(keep), &place);
            if let Ok((_, replayed)) = &opened {
                // Somebody has read these.
                assert!(again.records.starts_with(&replayed.records), "{place}");
            }
        }
        if opened.is_ok() {
            return;
        }
    }
    panic!("it never comes to its end");
}

/// A disk with one snapshot, and four records after it in two segments.
fn saved() -> (MemoryDisk, Story) {
    let (disk, mut story) = (MemoryDisk::default(), Story::default());
    let (mut log, _) = open_votes(&disk).unwrap();
    story.append(&mut log, vote(0)).unwrap();
    let mut saving = story.save(&mut log, 7, votes(1..3)).unwrap();
    for record in votes(3..5) {
        story.sync(&mut log).unwrap();
        story.append(&mut log, record).unwrap();
    }
    story.sync(&mut log).unwrap();
    assert!(story.go_on(&mut saving).unwrap());
    (disk, story)
}

#[test]
fn what_a_snapshot_stands_for_is_removed() {
    let (disk, story) = saved();
    let names: Vec<String> = disk.snapshot().into_keys().collect();
    assert_eq!(names, ["log-0000000002", "log-0000000003", "meta", "snapshot-0000000002"]);
    story.check(&disk, "after all of it");
}

#[test]
fn a_file_that_cannot_be_read_is_neither_damaged_nor_gone() {
    let (disk, story) = saved();
    let files = disk.snapshot();
    for reads in 0..files.len() {
        disk.faults().reads_left.set(reads);
        let error = open_votes(&disk).err().expect("a file that cannot be read").to_string();
        assert!(error.starts_with("cannot read ") && error.ends_with(": read failed"), "{error}");
        assert_eq!(disk.snapshot(), files, "after {reads} reads");
    }
    disk.faults().reads_left.set(usize::MAX);
    story.check(&disk, "readable again");
}

#[test]
fn appends_and_syncs_go_on_however_long_a_save_takes() {
    let (disk, mut story) = (MemoryDisk::default(), Story::default());
    let (mut log, _) = open_votes(&disk).unwrap();
    let mut saving = story.save(&mut log, 3, votes(0..2)).unwrap();
    for record in votes(2..30) {
        story.append(&mut log, record).unwrap();
        story.sync(&mut log).unwrap();
        story.check(&disk.after_power_loss(Keep::Nothing), "before it is saved");
    }
    assert!(disk.snapshot().len() > 5, "segments are begun");
    assert!(story.go_on(&mut saving).unwrap());
    story.check(&disk.after_power_loss(Keep::Nothing), "after");
}

/// What a start finds when the newest snapshot has become `content`.
fn with_snapshot(
    disk: &MemoryDisk,
    content: impl FnOnce(&mut Vec<u8>),
) -> (MemoryDisk, Option<Replayed<Vote>>) {
    let name = disk.snapshot().into_keys().rfind(|name| Kind::Snapshot.number(name).is_some()).unwrap();
    let spoilt = changed(disk, &name, content);
    let before = spoilt.snapshot();
    match open_votes(&spoilt) {
        Ok((_, replayed)) => (spoilt, Some(replayed)),
        Err(error) => {
            assert!(matches!(&error, Error::Directory { file, .. } if *file == name), "{error}");
            assert_eq!(spoilt.snapshot(), before, "nothing is changed: {error}");
            (spoilt, None)
        }
    }
}

#[test]
fn a_bad_snapshot_is_reported_and_nothing_taken_that_follows_it() {
    let (disk, _) = saved();
    let whole = disk.snapshot()["snapshot-0000000002"].len();
    let spoilt_at = |spoil: &dyn Fn(&mut Vec<u8>), place: &str| {
        let (spoilt, replayed) = with_snapshot(&disk, |content| spoil(content));
        let Some(replayed) = replayed else { return };
        assert_eq!(
            (replayed.snapshot, replayed.records, replayed.damaged),
            (None, Vec::new(), true),
            "{place}"
        );
        // And that is remembered, while the log goes on.
        let (mut log, _) = open_votes(&spoilt).unwrap();
        log.append(&vote(70)).unwrap();
        now(log.sync()).unwrap();
        let (_, again) = open_votes(&spoilt.after_power_loss(Keep::Nothing)).unwrap();
        assert_eq!((again.snapshot, again.records, again.damaged), (None, vec![vote(70)], true), "{place}");
        let (mut log, _) = open_votes(&spoilt).unwrap();
        let mut saving = log.save_snapshot(8, b"again", &[]).unwrap();
        now(log.sync()).unwrap();
        now(&mut saving).unwrap();
        let (_, replaced) = open_votes(&spoilt.after_power_loss(Keep::Nothing)).unwrap();
        assert_eq!((replaced.snapshot, replaced.damaged), (Some((8, b"again".to_vec())), false), "{place}");
    };
    for bit in 0..whole * 8 {
        spoilt_at(&|content| content[bit / 8] ^= 1 << (bit % 8), &format!("bit {bit}"));
    }
    for len in 0..whole {
        spoilt_at(&|content| content.truncate(len), &format!("cut at {len}"));
    }
    spoilt_at(&|content| content.push(0), "a byte too many");
}

#[test]
fn forgetting_everything_after_a_bad_snapshot_survives_a_crash_anywhere() {
    let (disk, _) = saved();
    let spoilt = changed(&disk, "snapshot-0000000002", |content| content[50] ^= 1);
    for changes in 0..200 {
        let trial = MemoryDisk::holding(&spoilt.snapshot());
        trial.faults().changes_left.set(changes);
        let finished = open_votes(&trial).is_ok();
        for keep in Keep::all() {
            let place = format!("after {changes} changes, {keep:?}");
            let opened = open_votes(&trial.after_power_loss(keep));
            let (_, again) = opened.unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!((again.records, again.damaged), (Vec::new(), true), "{place}");
        }
        if finished {
            return;
        }
    }
    panic!("it never comes to its end");
}

#[test]
fn an_older_snapshot_serves_while_all_of_the_log_after_it_is_there() {
    let (disk, mut story) = saved();
    let (mut log, _) = open_votes(&disk).unwrap();
    let mut saving = story.save(&mut log, 9, vec![vote(5)]).unwrap();
    story.sync(&mut log).unwrap();
    // The removal of what is old has not come far when the power fails.
    let before = disk.snapshot();
    assert!(story.go_on(&mut saving).unwrap());
    let mut files = disk.snapshot();
    let newest = "snapshot-0000000004";
    files.extend(before.into_iter().filter(|(name, _)| !name.ends_with(".new")));
    files.get_mut(newest).unwrap()[60] ^= 1;
    let (_, replayed) = open_votes(&MemoryDisk::holding(&files)).unwrap();
    assert_eq!(replayed.snapshot, Some((7, payload(7))));
    assert_eq!((replayed.records, replayed.damaged), (votes(1..6), true));
    files.remove("log-0000000002");
    let (_, replayed) = open_votes(&MemoryDisk::holding(&files)).unwrap();
    assert_eq!((replayed.snapshot, replayed.records, replayed.damaged), (None, Vec::new(), true));
}

#[test]
fn refuses_a_snapshot_without_its_segment_and_one_of_another_node() {
    let (disk, _) = saved();
    let mut files = disk.snapshot();
    let segment = files.remove("log-0000000002").unwrap();
    let told = open_votes(&MemoryDisk::holding(&files)).err().unwrap().to_string();
    assert!(told.starts_with("log-0000000002: missing"), "{told}");
    files.insert("log-0000000002".to_owned(), segment);
    let snapshot = files["snapshot-0000000002"].clone();
    files.insert("snapshot-0000000003".to_owned(), snapshot);
    let told = open_votes(&MemoryDisk::holding(&files)).err().unwrap().to_string();
    assert!(told.starts_with("snapshot-0000000003: a snapshot of another node"), "{told}");
}

#[test]
fn what_was_durable_beside_a_snapshot_is_never_taken_for_torn() {
    let (disk, mut story) = (MemoryDisk::default(), Story::default());
    let (mut log, _) = open_votes(&disk).unwrap();
    let mut saving = story.save(&mut log, 3, votes(0..2)).unwrap();
    story.sync(&mut log).unwrap();
    assert!(story.go_on(&mut saving).unwrap());
    let whole = disk.snapshot()["log-0000000002"].len();
    for len in 0..whole {
        let cut = changed(&disk, "log-0000000002", |content| content.truncate(len));
        let (_, replayed) = open_votes(&cut).unwrap();
        assert!(replayed.damaged || replayed.records.len() == 2, "cut at {len}");
    }
}

#[test]
fn a_disk_that_fails_while_a_snapshot_is_saved_loses_nothing() {
    for bytes in 0..400 {
        let (disk, mut story) = saved();
        let (mut log, _) = open_votes(&disk).unwrap();
        disk.faults().bytes_left.set(bytes);
        let result = (|| {
            let mut saving = story.save(&mut log, 9, vec![vote(5)])?;
            story.go_on(&mut saving)?;
            story.sync(&mut log)?;
            story.go_on(&mut saving)
        })();
        disk.faults().bytes_left.set(usize::MAX);
        story.check(&disk, &format!("{bytes} bytes left"));
        if result.is_ok() {
            assert!(bytes > 80, "there was something to write");
            return;
        }
    }
    panic!("it is never enough");
}

#[test]
fn a_failed_sync_of_a_snapshot_is_an_error_and_the_old_state_stays() {
    let (disk, mut story) = saved();
    let (mut log, _) = open_votes(&disk).unwrap();
    let mut saving = story.save(&mut log, 9, vec![vote(5)]).unwrap();
    disk.faults().sync_fails.set(true);
    let error = story.go_on(&mut saving).err().unwrap();
    assert_eq!(error.to_string(), "cannot sync snapshot-0000000004.new: sync failed");
    disk.faults().sync_fails.set(false);
    let (_, replayed) = story.check(&disk.after_power_loss(Keep::Nothing), "after");
    assert_eq!(replayed.snapshot, Some((7, payload(7))));
}
