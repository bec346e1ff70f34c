//! Ten runs that come by everything: every named point of the store, and every marker but those that take luck.
//!
//! Faults stand at fixed times, so that each does its part: a node that is alone for long lacks what snapshots
//! have taken from the log, a flipped bit is found by the start after it, and so on.

use std::collections::BTreeMap;

use perjury::nemesis::{Entry, Schedule};
use perjury::{Scenario, marker, run, store};
use perjury_store::point;

/// Markers that these runs need not reach, and what luck it takes; sweeps do.
const LEFT_TO_SWEEPS: &[(&str, &str)] = &[
    ("election-split", "two candidates must stand within a message's time of each other"),
    ("corrupt-snapshot-reported", "the bit must turn over in a snapshot, which is small beside the log"),
    ("retry-superseded", "a retry must be under way for longer than its session waits"),
    ("lease-ran-out", "a process must stand still between a read and its answer"),
    ("read-hedged", "a read must be slow where stand-ins take writes, and what is written here is not read"),
    ("change-crossed-election", "a leader must fall with a change that is not committed"),
];

/// A fault: when, for how long, and whom it strikes, if that is not drawn.
type Planned = (u64, u64, &'static str, Option<&'static str>);

fn schedule(faults: &[Planned]) -> Option<Schedule> {
    let entry = |(seed, &(at_ms, for_ms, fault, node)): (usize, &Planned)| Entry {
        at_ms,
        for_ms,
        fault: fault.to_owned(),
        nodes: node.map(|node| vec![node.to_owned()]),
        seed: seed as u64,
        ..Entry::default()
    };
    Some(Schedule { entries: faults.iter().enumerate().map(entry).collect() })
}

fn quorums() -> Scenario {
    let faults = [
        (200, 1_500, "partition-one", Some("n1")),
        (2_000, 600, "power-loss", Some("n2")),
        (3_000, 100, "disk-bit-flip", Some("n3")),
        (3_200, 500, "kill", Some("n3")),
        (3_500, 2_000, "message-delay", None),
        (4_000, 1_500, "clock-jump-back", Some("n4")),
        (5_500, 2_000, "partition-halves", None),
        (8_000, 500, "disk-full", Some("n4")),
        (9_000, 500, "disk-failing-sync", Some("n5")),
    ];
    Scenario { schedule: schedule(&faults), time_ms: 10_000, ..Scenario::default() }
}

/// Many keys, so that tables are larger than the log, and the flipped bit is one of theirs.
fn tables() -> Scenario {
    let faults = [
        (3_000, 100, "disk-bit-flip", Some("n3")),
        (3_200, 500, "kill", Some("n3")),
        (5_000, 600, "power-loss", Some("n2")),
        (7_000, 100, "disk-bit-flip", Some("n4")),
        (7_200, 500, "kill", Some("n4")),
    ];
    Scenario {
        storage: "tables".to_owned(),
        workload: "set".to_owned(),
        schedule: schedule(&faults),
        time_ms: 9_000,
        ..Scenario::default()
    }
}

/// Tombstones come and go.
fn deletes() -> Scenario {
    Scenario {
        workload: "deletes".to_owned(),
        level: "quorum".to_owned(),
        tombstone_grace_ms: 2_000,
        schedule: schedule(&[]),
        time_ms: 6_000,
        ..Scenario::default()
    }
}

/// Nodes leave the ring and come back, and one hears of it late.
fn ring() -> Scenario {
    let faults = [(500, 3_000, "member-rotate", None), (1_500, 1_500, "partition-one", Some("n5"))];
    Scenario {
        workload: "set".to_owned(),
        schedule: schedule(&faults),
        time_ms: 5_000,
        ..Scenario::default()
    }
}

/// Two sides of a cut write what the other side does not know.
fn siblings() -> Scenario {
    let faults = [(500, 3_000, "partition-halves", None)];
    Scenario {
        mode: "siblings".to_owned(),
        workload: "merged-set".to_owned(),
        level: "one".to_owned(),
        schedule: schedule(&faults),
        time_ms: 4_000,
        ..Scenario::default()
    }
}

/// One node is alone with its clients, and keeps more than it has room for.
fn stand_ins() -> Scenario {
    let faults = [(500, 5_000, "partition-one", Some("n1"))];
    Scenario {
        mode: "sloppy".to_owned(),
        workload: "set".to_owned(),
        level: "one".to_owned(),
        rate: 800.0,
        schedule: schedule(&faults),
        time_ms: 6_000,
        ..Scenario::default()
    }
}

/// In mode write-behind so little may be lost that writes wait.
fn caches(mode: &str) -> Scenario {
    let faults = [(1_000, 1_000, "partition-one", Some("n1"))];
    let usual = Scenario::default();
    Scenario {
        mode: mode.to_owned(),
        loss_entries: if mode == "write-behind" { 1 } else { usual.loss_entries },
        level: "quorum".to_owned(),
        clients: 5,
        schedule: schedule(&faults),
        time_ms: 3_000,
        ..usual
    }
}

fn log() -> Scenario {
    let faults = [
        (200, 2_500, "partition-one", Some("n5")),
        (3_000, 2_500, "leader-cut", None),
        (5_800, 100, "disk-bit-flip", Some("n4")),
        (5_900, 500, "kill", Some("n4")),
        (6_500, 2_500, "member-rotate", Some("n4")),
        (9_200, 1_000, "leader-transfer", None),
        (10_500, 600, "power-loss", Some("n2")),
        (11_500, 1_500, "leader-cut", None),
        (13_500, 3_500, "leader-churn", None),
        (18_000, 2_000, "leader-pause", None),
    ];
    Scenario {
        store: "raft".to_owned(),
        schedule: schedule(&faults),
        snapshot_every: 40,
        time_ms: 21_000,
        ..Scenario::default()
    }
}

fn pair() -> Scenario {
    let faults = [
        (500, 2_000, "leader-cut", None),
        (4_000, 2_000, "partition-one", Some("n1")),
        (7_000, 2_000, "partition-one", Some("n2")),
        (10_000, 2_000, "leader-cut", None),
    ];
    let mode = "asynchronous".to_owned();
    Scenario {
        nodes: Scenario::nodes_in(&mode),
        loss_entries: 10,
        mode,
        schedule: schedule(&faults),
        time_ms: 13_000,
        ..log()
    }
}

/// What was reached in these runs: points, and markers.
fn reached(scenarios: &[Scenario]) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (mut points, mut markers) = (BTreeMap::new(), BTreeMap::new());
    for scenario in scenarios {
        let system = store::named(&scenario.store).expect("a store");
        let recording = run::execute(system, scenario, 1, &mut |_| {}).expect("the simulation runs");
        assert_eq!(recording.faults_not_available, Vec::<String>::new());
        points.extend(recording.points);
        markers.extend(recording.markers);
    }
    (points, markers)
}

#[test]
fn leaves_only_markers_that_exist_to_sweeps() {
    let is_known = |name: &str| marker::ALL.iter().any(|marker| marker.name == name);
    let unknown = LEFT_TO_SWEEPS.iter().map(|(name, _)| *name).filter(|name| !is_known(name));
    assert_eq!(unknown.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn no_point_is_dead_and_no_marker_out_of_reach() {
    let caches = ["write-through", "write-behind"].map(caches);
    let others = vec![quorums(), tables(), deletes(), stand_ins(), siblings(), ring(), log(), pair()];
    let scenarios = [others, caches.to_vec()].concat();
    let (points, markers) = reached(&scenarios);
    let dead = point::ALL.iter().map(|point| point.name).filter(|name| !points.contains_key(*name));
    let is_left = |name: &&str| LEFT_TO_SWEEPS.iter().any(|(left, _)| left == name);
    let missing = marker::missing(&markers, &scenarios).into_iter().map(|marker| marker.name);
    let missing = missing.filter(|name| !is_left(name));
    assert_eq!((dead.collect(), missing.collect()), (Vec::<&str>::new(), Vec::<&str>::new()));
}
