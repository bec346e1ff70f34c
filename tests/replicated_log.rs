//! The replicated log keeps its promises, in every replication mode, at every level and in every workload: a
//! small sweep. The long ones are commands (`cargo perjury sweep --store raft`).

use perjury::report::RowOutcome;
use perjury::{Scenario, workload};

use crate::trial::{complaints, try_seed};

/// A log under these kinds of fault, for so many simulated seconds.
fn log(mode: &str, level: &str, nemesis: &[&str], seconds: u64) -> Scenario {
    let mut nemesis: Vec<String> = nemesis.iter().map(|&kind| kind.to_owned()).collect();
    nemesis.sort();
    Scenario {
        store: "raft".to_owned(),
        mode: mode.to_owned(),
        nodes: Scenario::nodes_in(mode),
        level: level.to_owned(),
        nemesis,
        time_ms: seconds * 1000,
        ..Scenario::default()
    }
}

/// Everything that can go wrong in any mode and leaves disks whole.
const ALL_FAULTS: &[&str] = &["clock", "crash", "leader", "message", "partition"];

fn keeps_its_promises(scenario: &Scenario, seeds: u64) {
    for seed in 0..seeds {
        let (_, report) = try_seed(scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
    }
}

#[test]
fn keeps_its_promises_at_each_level() {
    for level in ["leader", "lease", "follower", "any"] {
        keeps_its_promises(&log("majority", level, ALL_FAULTS, 15), 2);
    }
}

#[test]
fn keeps_its_promises_at_mixed_levels() {
    keeps_its_promises(&log("majority", "mixed", ALL_FAULTS, 15), 3);
}

#[test]
fn keeps_its_promises_with_a_standby() {
    keeps_its_promises(&log("synchronous", "mixed", ALL_FAULTS, 15), 3);
}

#[test]
fn loses_no_more_than_it_may_where_copies_are_late() {
    let scenario = Scenario { workload: "set".to_owned(), ..log("asynchronous", "leader", ALL_FAULTS, 15) };
    keeps_its_promises(&scenario, 3);
}

#[test]
fn keeps_its_promises_in_every_workload() {
    // It merges several values of a key, and a replicated log has one.
    for workload in workload::ALL.iter().filter(|workload| workload.name() != "merged-set") {
        let scenario =
            Scenario { workload: workload.name().to_owned(), ..log("majority", "leader", ALL_FAULTS, 15) };
        keeps_its_promises(&scenario, 1);
    }
}

#[test]
fn keeps_its_promises_while_members_come_and_go() {
    keeps_its_promises(&log("majority", "leader", &["leader", "membership", "partition"], 15), 3);
}

#[test]
fn goes_on_while_one_node_hears_nobody() {
    let scenario = log("majority", "leader", &["deaf"], 30);
    for seed in 0..2 {
        let (_, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
        let availability = report.rows.iter().find(|row| row.guarantee == "availability");
        let outcome = availability.map(|row| (row.promised, row.outcome));
        assert_eq!(outcome, Some((true, RowOutcome::Held)), "seed {seed}");
    }
}

#[test]
fn keeps_its_promises_on_failing_disks_or_does_not_owe_them() {
    keeps_its_promises(&log("majority", "mixed", &["crash", "disk"], 15), 3);
}
