//! A directory that stands for one that is lost.

use super::*;

fn replacing() -> Options {
    Options { replaces_from: Some(100), ..small() }
}

#[test]
fn is_damaged_until_the_node_has_caught_up() {
    let disk = MemoryDisk::default();
    let start = |options| open_with(&disk, options, &Rc::default()).unwrap();
    let (_, found) = start(replacing());
    assert_eq!((found.incarnation, found.damaged), (101, true), "above all starts that there were");
    // It died before.
    let (mut log, found) = start(small());
    assert_eq!((found.incarnation, found.damaged), (102, true));
    log.append(&record(1)).unwrap();
    now(log.sync()).unwrap();
    now(log.repair()).unwrap();
    let (_, found) = start(small());
    assert_eq!((found.incarnation, found.damaged, found.records), (103, false, records(1..2)));
}

#[test]
fn may_be_begun_again_and_is_refused_where_nothing_is_lost() {
    let disk = MemoryDisk::default();
    let start = |options| open_with(&disk, options, &Rc::default());
    start(replacing()).unwrap();
    let (mut log, found) = start(replacing()).unwrap();
    assert_eq!((found.incarnation, found.damaged), (102, true));
    now(log.repair()).unwrap();
    let before = disk.snapshot();
    let told = start(replacing()).err().expect("it is in order").to_string();
    assert!(told.contains("meta: this directory is in order") && told.contains("--replace"), "{told}");
    assert_eq!(disk.snapshot(), before, "nothing is changed");
}
