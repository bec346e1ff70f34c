//! Directories that this node must not touch.

use super::gaps::open_votes;
use super::*;
use crate::storage::segment;

fn refusal(disk: &MemoryDisk) -> String {
    let before = disk.snapshot();
    let error = open(disk).err().expect("it is refused");
    assert_eq!(disk.snapshot(), before, "nothing is changed");
    error.to_string()
}

#[test]
fn refuses_the_directory_of_another_node() {
    let disk = disk_with(&records(0..4), small());
    let before = disk.snapshot();
    let error = now(Log::<Record>::open(around(disk.shared(), &Rc::default()), ("quorum", "n2"), small()))
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "meta: this is the data directory of node n1, not of n2");
    assert_eq!(disk.snapshot(), before);
}

#[test]
fn refuses_the_directory_of_another_family() {
    let disk = disk_with(&records(0..4), small());
    let before = disk.snapshot();
    let error = open_votes(&disk).err().unwrap();
    let told = "meta: this is a data directory of family quorum, not of family raft: start the node with the options \
                that it was first started with";
    assert_eq!(error.to_string(), told);
    assert_eq!(disk.snapshot(), before);
}

#[test]
fn refuses_the_segment_of_another_node_or_number() {
    let mut files = disk_with(&records(0..6), small()).snapshot();
    let second = files[&segment::name(2)].clone();
    files.insert(segment::name(1), second);
    let told = refusal(&MemoryDisk::holding(&files));
    assert!(told.contains("log-0000000001") && told.contains("another node"), "{told}");
}

#[test]
fn refuses_unknown_versions_and_strangers() {
    let disk = disk_with(&records(0..4), small());
    let told = refusal(&changed(&disk, "meta", |content| content[8] = 9));
    assert!(told.contains("meta: written in format version 9"), "{told}");
    let told = refusal(&changed(&disk, "meta", |content| content[0] = b'x'));
    assert!(told.contains("not a meta file"), "{told}");
    let told = refusal(&changed(&disk, &segment::name(1), |content| {
        content[8] = 9;
        let crc = crc32c::crc32c(&content[..21]);
        content[21..25].copy_from_slice(&crc.to_le_bytes());
    }));
    assert!(told.contains("log-0000000001: written in format version 9"), "{told}");
    let told = refusal(&changed(&disk, &segment::name(1), |content| content[..25].fill(b'x')));
    assert!(told.contains("not a log segment"), "{told}");
}

#[test]
fn refuses_a_gap_in_the_log_and_a_missing_meta() {
    let mut files = disk_with(&records(0..8), small()).snapshot();
    let second = files.remove(&segment::name(2));
    let told = refusal(&MemoryDisk::holding(&files));
    assert!(told.contains("log-0000000002: missing"), "{told}");
    files.insert(segment::name(2), second.unwrap());
    files.remove("meta");
    let told = refusal(&MemoryDisk::holding(&files));
    assert!(told.contains("meta: missing"), "{told}");
}

#[test]
fn ignores_files_of_others() {
    let mut files = disk_with(&records(0..4), small()).snapshot();
    files.insert("notes.txt".to_owned(), b"mine".to_vec());
    files.insert("log-latest".to_owned(), b"mine".to_vec());
    let disk = MemoryDisk::holding(&files);
    assert_eq!(open(&disk).unwrap().1.records, records(0..4));
    assert!(disk.snapshot().contains_key("notes.txt"));
}
