//! Tables of which bytes went bad.

use super::*;

const TABLE: &str = "table-0000000001";

/// Twenty keys in one table, of which one byte is wrong.
fn flipped(at: impl Fn(usize) -> usize) -> MemoryDisk {
    let store = filled(20, 1, Safeguards::default());
    changed(&store.disk, TABLE, |bytes| {
        let at = at(bytes.len());
        bytes[at] ^= 4;
    })
}

/// In the second block.
fn in_a_block(_: usize) -> usize {
    5_000
}

#[test]
fn a_corrupt_block_is_an_error_with_its_place_and_no_miss() {
    let store = filled(20, 1, Safeguards::default());
    store.disk.flip(TABLE, in_a_block(0));
    let error = store.tables.get(b"key 06").unwrap_err().to_string();
    assert!(error.starts_with("table-0000000001: corrupt at offset 4"), "{error}");
    assert!(store.tables.scan(Bound::Unbounded).unwrap().any(|entry| entry.is_err()), "nor is it left out");
    assert!(store.get("key 00").is_some(), "the other blocks are read");
}

#[test]
fn a_start_reports_a_corrupt_block_and_keeps_the_others() {
    let disk = flipped(in_a_block);
    let store = Store::open(&disk);
    let (kept, first) = (store.all().len(), store.get("key 00"));
    assert!(store.damaged && first.is_some() && (12..20).contains(&kept), "{kept} of 20");
    assert_eq!((store.observer.corrupt.borrow().len(), store.files("table").len()), (1, 2));
    assert!(store.observer.reached("corrupt-table-reported"));

    let store = store.restarted(Keep::Nothing);
    assert_eq!((store.all().len(), store.damaged), (kept, true), "until it has caught up");
    assert_eq!((store.observer.corrupt.borrow().len(), store.files("table").len()), (0, 1));
    now(store.tables.repaired().unwrap()).unwrap();
    assert!(!store.restarted(Keep::Nothing).damaged);
}

#[test]
fn a_table_that_cannot_be_told_of_is_lost_whole() {
    for store in [flipped(|len| len - 1), flipped(|len| len - 40)].map(|disk| Store::open(&disk)) {
        assert_eq!((store.all().len(), store.damaged), (1, true), "the log's last segment is still there");
    }
}

#[test]
fn without_its_manifest_a_node_keeps_its_log_and_catches_up() {
    let mut store = filled(20, 1, Safeguards::default());
    store.put(&large(30, 99));
    let store = Store::open(&changed(&store.disk, "manifest", |bytes| bytes[20] ^= 4));
    assert!(store.damaged && store.get("key 30").is_some());
    assert!(store.restarted(Keep::Nothing).damaged);
}

#[test]
fn a_missing_manifest_beside_tables_is_refused() {
    let mut files = filled(20, 1, Safeguards::default()).disk.snapshot();
    files.remove("manifest");
    let error =
        Store::try_open(&MemoryDisk::holding(&files), Safeguards::default()).err().unwrap().to_string();
    assert!(error.starts_with("manifest: missing, and there are tables"), "{error}");
}

#[test]
fn a_read_that_fails_is_neither_a_miss_nor_damage() {
    let disk = flipped(in_a_block);
    for reads in 0..4 {
        disk.faults().reads_left.set(reads);
        let error = Store::try_open(&disk, Safeguards::default()).err().unwrap().to_string();
        assert!(error.contains("read failed"), "after {reads} reads: {error}");
    }
    disk.faults().reads_left.set(usize::MAX);
    assert!(Store::open(&disk).damaged, "it is found again");
}

#[test]
fn a_start_that_finds_damage_survives_a_crash_anywhere() {
    for changes in 0..100 {
        let disk = flipped(in_a_block);
        disk.faults().changes_left.set(changes);
        let finished = Store::try_open(&disk, Safeguards::default()).is_ok();
        for keep in Keep::all() {
            let store = Store::open(&disk.after_power_loss(keep));
            assert!(store.damaged && store.get("key 00").is_some(), "after {changes} changes, {keep:?}");
        }
        if finished {
            return;
        }
    }
    panic!("it never comes to its end");
}
