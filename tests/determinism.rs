//! The same seed gives the same bytes: in another process, and on any thread.

use std::process::Command;

use perjury::Scenario;
use perjury_histories::format::jsonl;

use crate::trial::{all_faults, try_seed};

/// Tells the test binary, started again, which seed to run and where to leave the bytes.
const CHILD: &str = "PERJURY_DETERMINISM_CHILD";

/// Every fault that a store can suffer, at every level. Even seeds are for the leaderless family, without tables and
/// with them, odd ones for the log: with a majority, and with a standby.
fn scenario(seed: u64) -> Scenario {
    let mut scenario = all_faults("mixed", 15);
    scenario.nemesis.extend(["disk", "point"].map(str::to_owned));
    scenario.nemesis.sort();
    if seed % 2 == 1 {
        scenario.store = "raft".to_owned();
        scenario.nemesis.extend(["deaf", "leader"].map(str::to_owned));
        if seed % 4 == 1 {
            scenario.nemesis.push("membership".to_owned());
        } else {
            (scenario.mode, scenario.nodes) = ("asynchronous".to_owned(), Scenario::nodes_in("asynchronous"));
        }
        scenario.nemesis.sort();
    } else if seed % 4 == 2 {
        scenario.storage = "tables".to_owned();
    }
    scenario
}

/// History and trace of a run, as the run folder keeps them.
fn bytes(seed: u64) -> Vec<u8> {
    let (recording, _) = try_seed(&scenario(seed), seed);
    let mut bytes = Vec::new();
    jsonl::write(&recording.history, &mut bytes).expect("memory takes it");
    bytes.extend(recording.trace.as_bytes());
    bytes
}

/// What the other process runs.
#[test]
#[ignore = "no test of its own: another test starts it in a process of its own"]
fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let (seed, file) = order.split_once(' ').expect("a seed and a file");
    std::fs::write(file, bytes(seed.parse().expect("a seed"))).expect("the file can be written");
}

fn bytes_of_another_process(seed: u64) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bytes");
    let status = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "determinism::child", "--ignored"])
        .env(CHILD, format!("{seed} {}", file.display()))
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.expect("it starts").success());
    std::fs::read(file).expect("it has left its bytes")
}

/// Where two runs part, for the message: a whole history is too long to print.
fn first_difference(one: &[u8], other: &[u8]) -> Option<(String, String)> {
    let lines = |bytes: &[u8]| {
        bytes
            .split(|&byte| byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect::<Vec<_>>()
    };
    let (one, other) = (lines(one), lines(other));
    let place = (0..one.len().max(other.len())).find(|&line| one.get(line) != other.get(line))?;
    Some((one.get(place).cloned().unwrap_or_default(), other.get(place).cloned().unwrap_or_default()))
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_another_process() {
    for seed in [1, 2, 3] {
        assert_eq!(first_difference(&bytes(seed), &bytes_of_another_process(seed)), None, "seed {seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_parallel_threads() {
    let alone: Vec<Vec<u8>> = (4..8).map(bytes).collect();
    let together: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (4..8).map(|seed| scope.spawn(move || bytes(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    for (seed, (alone, together)) in (4..8).zip(alone.iter().zip(&together)) {
        assert_eq!(first_difference(alone, together), None, "seed {seed}");
    }
}

#[test]
fn another_seed_gives_another_run() {
    for (one, other) in [(1, 3), (2, 4)] {
        assert!(first_difference(&bytes(one), &bytes(other)).is_some());
    }
}
