//! The same log on a real directory.

use std::path::Path;

use super::gaps::vote;
use super::*;
use crate::env::real;
use crate::storage::{identity, segment};

async fn open_real(path: &Path) -> Result<Opened, Error> {
    let env = real::env(path).unwrap();
    Log::open(around(env.disk, &Rc::default()), ("quorum", "n1"), small()).await
}

#[tokio::test(flavor = "current_thread")]
async fn real_directory_keeps_records_over_starts() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    for start in 0..3_u64 {
        let (mut log, replayed) = open_real(&path).await.unwrap();
        assert_eq!(replayed.records, records(0..start * 3));
        assert_eq!((u64::from(replayed.incarnation), replayed.damaged), (start + 1, false));
        for number in 0..3 {
            log.append(&record(start * 3 + number)).unwrap();
        }
        log.sync().await.unwrap();
    }
    assert!(path.join(segment::name(3)).exists());
}

#[tokio::test(flavor = "current_thread")]
async fn real_directory_is_cut_and_repaired() {
    let root = tempfile::tempdir().unwrap();
    let (mut log, _) = open_real(root.path()).await.unwrap();
    for record in records(0..5) {
        log.append(&record).unwrap();
        log.sync().await.unwrap();
    }
    drop(log);
    let change = |number, change: fn(&mut Vec<u8>)| {
        let path = root.path().join(segment::name(number));
        let mut content = std::fs::read(&path).unwrap();
        change(&mut content);
        std::fs::write(&path, content).unwrap();
    };
    change(1, |content| content[identity::HEADER_BYTES + 25] ^= 1);
    change(3, |content| content.truncate(content.len() - 1));
    let (mut log, replayed) = open_real(root.path()).await.unwrap();
    assert_eq!((&replayed.records[..], replayed.damaged), (&records(1..4)[..], true));
    log.repair().await.unwrap();
    drop(log);
    let (_, replayed) = open_real(root.path()).await.unwrap();
    assert_eq!((&replayed.records[..], replayed.damaged), (&records(1..4)[..], false));
}

#[tokio::test(flavor = "current_thread")]
async fn real_directory_keeps_a_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let open = async || {
        let env = real::env(root.path()).unwrap();
        Log::open(around(env.disk, &Rc::default()), ("raft", "n1"), small()).await.unwrap()
    };
    // Of more than one chunk.
    let payload = vec![7; 3 << 20];
    let (mut log, _) = open().await;
    log.append(&vote(0)).unwrap();
    let saving = log.save_snapshot(9, &payload, &[vote(1)]).unwrap();
    log.append(&vote(2)).unwrap();
    let (saved, synced) = futures_util::future::join(saving, log.sync()).await;
    saved.unwrap();
    synced.unwrap();
    drop(log);
    assert!(!root.path().join(segment::name(1)).exists());
    let (_, replayed) = open().await;
    assert_eq!((replayed.snapshot, replayed.records), (Some((9, payload)), vec![vote(1), vote(2)]));
}
