//! The disk through the seam: what is left after kill and power loss, and the faults at run time.

use std::collections::BTreeSet;

use super::*;

const TICK: Duration = Duration::from_millis(5);

fn disk(seed: u64) -> SimDisk {
    SimDisk::new(Rc::default(), TICK, Rng::new(seed))
}

/// Runs on a paused clock of its own.
fn on_clock<T>(f: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(f)
}

fn read(disk: &SimDisk, name: &str) -> Option<Vec<u8>> {
    disk.process().open(name).ok()?.read().ok()
}

/// Writes `synced` durably to a file whose name is durable too, then `rest` without a sync.
async fn write(disk: &SimDisk, synced: &[u8], rest: &[u8]) {
    let process = disk.process();
    let file = process.create("log").expect("a new file");
    file.append(synced).expect("space");
    file.sync().await.expect("a sync");
    process.sync_directory().await.expect("a sync");
    file.append(rest).expect("space");
}

#[test]
fn kill_keeps_what_the_operating_system_holds() {
    let disk = disk(1);
    on_clock(write(&disk, b"synced", b"rest"));
    disk.process_died();
    assert_eq!(read(&disk, "log"), Some(b"syncedrest".to_vec()));
    let file = disk.process().open("log").expect("it is there");
    assert_eq!(file.read_at(6, 3).expect("a part"), b"res");
    assert!(file.read_at(6, 5).is_err(), "it ends before");
}

#[test]
fn power_loss_keeps_what_was_synced() {
    let tails: BTreeSet<Vec<u8>> = (0..60)
        .map(|seed| {
            let disk = disk(seed);
            on_clock(write(&disk, b"synced", b"rest"));
            disk.process_died();
            disk.power_loss();
            let left = read(&disk, "log").expect("its name was synced");
            left.strip_prefix(b"synced").expect("its content was synced").to_vec()
        })
        .collect();
    let prefixes = (0..=4).map(|len| b"rest"[..len].to_vec()).collect();
    assert_eq!(tails, prefixes);
}

#[test]
fn power_loss_may_lose_a_file_whose_name_was_not_synced() {
    let left: BTreeSet<Option<Vec<u8>>> = (0..40)
        .map(|seed| {
            let disk = disk(seed);
            on_clock(async {
                let file = disk.process().create("log").expect("a new file");
                file.append(b"synced").expect("space");
                file.sync().await.expect("a sync");
            });
            disk.power_loss();
            read(&disk, "log")
        })
        .collect();
    assert_eq!(left, [None, Some(b"synced".to_vec())].into());
}

#[test]
fn sync_cut_short_by_a_crash_makes_nothing_durable() {
    let disk = disk(1);
    let process = disk.process();
    let file = process.create("log").expect("a new file");
    on_clock(async {
        process.sync_directory().await.expect("a sync");
        file.append(&[7; 100]).expect("space");
        let sync = file.sync();
        disk.process_died();
        sync.await.expect_err("the process is dead");
    });
    let lens: BTreeSet<usize> = (0..20)
        .map(|_| {
            disk.power_loss();
            read(&disk, "log").expect("its name was synced").len()
        })
        .collect();
    assert!(lens.iter().all(|len| *len < 100), "{lens:?}");
}

#[test]
fn dead_process_cannot_touch_the_disk() {
    let disk = disk(1);
    let process = disk.process();
    let file = process.create("log").expect("a new file");
    disk.process_died();
    assert!(file.append(b"x").is_err());
    assert!(process.create("other").is_err());
    assert!(process.list().is_err());
    assert_eq!(read(&disk, "log"), Some(Vec::new()));
}

#[test]
fn sync_takes_one_to_three_ticks_and_longer_when_slow() {
    let disk = disk(1);
    on_clock(async {
        let file = disk.process().create("log").expect("a new file");
        let times = async || {
            let start = tokio::time::Instant::now();
            file.sync().await.expect("a sync");
            start.elapsed()
        };
        for _ in 0..50 {
            assert!((TICK..=3 * TICK).contains(&times().await));
        }
        let slow = DiskFault::SlowSync(Duration::from_millis(100), Duration::from_millis(200));
        disk.set(FaultId(1), slow);
        assert!(times().await >= Duration::from_millis(105));
        assert!(disk.clear(FaultId(1)));
        assert!(times().await <= 3 * TICK);
    });
    assert_eq!(disk.counts().slow, 1);
}

/// Runs on a clock of its own that the disk looks at too.
fn on_shared_clock<T>(f: impl AsyncFnOnce(SimDisk) -> T) -> T {
    let time = Rc::new(TrueTime::default());
    let disk = SimDisk::new(time.clone(), TICK, Rng::new(1));
    let ticking = async {
        let start = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            time.leave(start.elapsed());
        }
    };
    on_clock(async {
        tokio::select! {
            biased;
            () = ticking => unreachable!("it ticks for ever"),
            done = f(disk) => done,
        }
    })
}

/// How long `done` takes, in milliseconds.
async fn took(done: impl Future<Output = io::Result<()>>) -> u128 {
    let start = tokio::time::Instant::now();
    done.await.expect("a sync");
    start.elapsed().as_millis()
}

#[test]
fn a_slow_disk_syncs_once_it_has_written_and_read_what_came_before() {
    on_shared_clock(async |disk| {
        let process = disk.process();
        let file = process.create("log").expect("a new file");
        disk.set(FaultId(1), DiskFault::Slow(1_000));
        file.append(&[1; 500]).expect("space");
        let (first, second) = tokio::join!(took(file.sync()), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            file.append(&[2; 200]).expect("space");
            took(process.sync_directory()).await
        });
        assert!((500..=500 + 15).contains(&first), "{first}");
        assert!((600..=600 + 15).contains(&second), "{second}: behind the first");
        assert!(took(file.sync()).await <= 15, "nothing is left");
        process.open("log").and_then(|file| file.read()).expect("it is there");
        let read = took(process.sync_directory()).await;
        assert!((700..=700 + 15).contains(&read), "{read}");
    });
}

#[test]
fn a_disk_that_is_slow_no_longer_is_done_at_once() {
    on_shared_clock(async |disk| {
        let file = disk.process().create("log").expect("a new file");
        let healed = async |disk: &SimDisk, ids: [u64; 2]| {
            for id in ids {
                tokio::time::sleep(Duration::from_millis(100)).await;
                assert!(disk.clear(FaultId(id)));
            }
        };
        for ids in [[1, 2], [2, 1]] {
            disk.set(FaultId(1), DiskFault::Slow(1));
            disk.set(FaultId(2), DiskFault::Slow(2));
            file.append(&[1; 500]).expect("space");
            let (sync, ()) = tokio::join!(took(file.sync()), healed(&disk, ids));
            assert!((200..=200 + 15).contains(&sync), "{sync}");
        }
    });
}

#[test]
fn failing_and_lying_syncs_make_nothing_durable() {
    for (fault, says_ok) in [(DiskFault::FailingSync(1.0), false), (DiskFault::LyingSync(1.0), true)] {
        let kept: BTreeSet<usize> = (0..20)
            .map(|seed| {
                let disk = disk(seed);
                on_clock(async {
                    write(&disk, b"", &[1; 50]).await;
                    disk.set(FaultId(1), fault);
                    let file = disk.process().open("log").expect("it is there");
                    assert_eq!(file.sync().await.is_ok(), says_ok);
                });
                disk.power_loss();
                read(&disk, "log").expect("its name was synced").len()
            })
            .collect();
        assert!(kept.len() > 2 && kept.contains(&0), "{fault:?}: {kept:?}");
    }
}

#[test]
fn full_disk_writes_a_part_and_fails() {
    let disk = disk(1);
    on_clock(write(&disk, b"log", b""));
    disk.set(FaultId(1), DiskFault::Full);
    let process = disk.process();
    let file = process.open("log").expect("it is there");
    let error = file.append(&[1; 100]).expect_err("no space");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!((3..103).contains(&file.len().expect("alive")));
    assert!(process.create("other").is_err());
    disk.clear(FaultId(1));
    process.create("other").expect("space again");
    assert_eq!(disk.counts().full, 2);
}

#[test]
fn flip_turns_one_bit_in_the_middle_and_survives_power_loss() {
    let disk = disk(1);
    let mut rng = Rng::new(1);
    assert_eq!(disk.flip(&mut rng), None);
    on_clock(write(&disk, &[0; 1000], b""));
    disk.process().create("incarnation").expect("a new file");
    let flip = disk.flip(&mut rng).expect("there is a log");
    assert_eq!(flip.file, "log");
    assert!((250..750).contains(&flip.at));
    disk.power_loss();
    let content = read(&disk, "log").expect("its name was synced");
    let changed: Vec<usize> = (0..1000).filter(|at| content[*at] != 0).collect();
    assert_eq!(changed, [flip.at as usize]);
    assert_eq!(content[changed[0]].count_ones(), 1);
}
