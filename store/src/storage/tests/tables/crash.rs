//! A power loss between every two changes of the disk, through flush and compaction.

use super::*;

/// Writes, flushes and merges, as long as the disk lets it.
fn work(disk: &MemoryDisk, synced: &mut Vec<Record>) -> Result<(), Error> {
    let mut store = Store::try_open(disk, Safeguards::default())?;
    for number in 0..24 {
        let record = large(number % 5, 1 + number);
        store.append(&record)?;
        store.sync()?;
        synced.push(record);
        if number % 6 == 5 {
            store.begin_flush();
        }
        store.step()?;
    }
    store.finish()?;
    store.begin_compaction();
    assert!(store.compaction.is_some(), "there are four tables");
    store.finish()
}

fn check(disk: &MemoryDisk, synced: &[Record], place: &str) {
    let store =
        Store::try_open(disk, Safeguards::default()).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(!store.damaged, "{place}");
    for Record { key, entry } in synced {
        let held = store.get(key).unwrap_or_else(|| panic!("{place}: {key} is gone"));
        assert!(held.version >= entry.version, "{place}: {key} went back");
    }
}

#[test]
fn what_was_synced_survives_a_crash_anywhere() {
    for changes in 0..500 {
        let disk = MemoryDisk::default();
        disk.faults().changes_left.set(changes);
        let mut synced = Vec::new();
        let finished = work(&disk, &mut synced).is_ok();
        for keep in Keep::all() {
            let place = format!("after {changes} changes, {keep:?}");
            let lost = disk.after_power_loss(keep);
            check(&lost, &synced, &place);
            check(&lost.after_power_loss(Keep::Nothing), &synced, &format!("{place}, and again"));
        }
        if finished {
            assert!(changes > 100, "all of it was written");
            return;
        }
    }
    panic!("it never comes to its end");
}
