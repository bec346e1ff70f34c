//! What each bug of the tables does, and that its path is seen.

use super::*;

fn without(change: impl FnOnce(&mut Safeguards)) -> Safeguards {
    let mut safeguards = Safeguards::default();
    change(&mut safeguards);
    safeguards
}

fn millis(store: &Store, key: &str) -> Option<u64> {
    store.get(key).map(|entry| entry.version.millis)
}

#[test]
fn a_corrupt_block_is_taken_where_checksums_are_not_looked_at() {
    let safeguards = without(|safeguards| safeguards.block_verified = false);
    let store = filled(20, 1, safeguards);
    // A byte of a value.
    store.disk.flip(TABLE, 5_000);
    let value = |number: u64| store.get(&format!("key {number:02}")).and_then(|entry| entry.value);
    let is_garbage = |number: &u64| value(*number) != large(*number, 1 + number).entry.value;
    assert_eq!((0..20).filter(is_garbage).count(), 1);
    assert!(store.observer.reached("corrupt-block-taken"));
}

const TABLE: &str = "table-0000000001";

/// What is left of a key whose memtable was being flushed when the power failed.
fn after_power_loss_in_flush(safeguards: Safeguards) -> (Option<u64>, bool) {
    let mut store = Store::try_open(&MemoryDisk::default(), safeguards).unwrap();
    store.put(&large(1, 1));
    store.put(&large(2, 2));
    store.begin_flush();
    // Until the table is written, and not synced.
    while store.files("table").is_empty() {
        store.step().unwrap();
    }
    (millis(&store.restarted(Keep::Nothing), "key 01"), store.observer.reached("log-removed-before-flush"))
}

#[test]
fn the_log_goes_before_the_flush_where_nothing_holds_it_back() {
    assert_eq!(after_power_loss_in_flush(Safeguards::default()), (Some(1), false));
    let removed_early = without(|safeguards| safeguards.flush_before_removal = false);
    assert_eq!(after_power_loss_in_flush(removed_early), (None, true));
}

/// What is read of a key that was written again during a flush.
fn written_during_flush(safeguards: Safeguards) -> (Option<u64>, bool) {
    let mut store = Store::try_open(&MemoryDisk::default(), safeguards).unwrap();
    store.put(&large(1, 1));
    store.begin_flush();
    store.step().unwrap();
    store.put(&large(1, 2));
    store.finish().unwrap();
    (millis(&store, "key 01"), store.observer.reached("memtable-written-while-flushed"))
}

#[test]
fn a_write_during_a_flush_is_lost_where_memtables_are_not_rotated() {
    assert_eq!(written_during_flush(Safeguards::default()), (Some(2), false));
    let not_rotated = without(|safeguards| safeguards.memtable_rotated = false);
    assert_eq!(written_during_flush(not_rotated), (Some(1), true));
}

#[test]
fn keys_of_the_last_block_are_missed_where_the_filter_lacks_them() {
    let store = filled(8, 1, without(|safeguards| safeguards.filter_complete = false));
    assert_eq!((millis(&store, "key 00"), millis(&store, "key 07")), (Some(1), None));
    assert!(store.observer.reached("filter-misses-keys"));
}

#[test]
fn a_version_goes_back_where_compaction_keeps_the_shadowed_one() {
    let mut store = filled(6, 4, without(|safeguards| safeguards.newest_kept = false));
    assert_eq!(millis(&store, "key 02"), Some(21));
    store.begin_compaction();
    store.finish().unwrap();
    assert_eq!(millis(&store, "key 02"), Some(3));
    assert!(store.observer.reached("shadowed-version-kept"));
}

/// What is left of a synced record in a new segment of the log, whose directory may not be synced.
fn after_rotation(safeguards: Safeguards) -> (usize, bool) {
    let mut store = Store::try_open(&MemoryDisk::default(), safeguards).unwrap();
    (0..3).for_each(|key| store.put(&large(key, 1 + key)));
    (store.restarted(Keep::Nothing).all().len(), store.observer.reached("rotation-not-synced"))
}

#[test]
fn a_new_segment_is_lost_where_the_directory_is_not_synced() {
    assert_eq!(after_rotation(Safeguards::default()), (3, false));
    assert_eq!(after_rotation(without(|safeguards| safeguards.directory_synced = false)), (1, true));
}
