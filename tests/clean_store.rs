//! The clean store keeps its promises: a small sweep. The long ones are commands (`cargo perjury sweep`).

use crate::trial::{all_faults, complaints, try_seed};

fn keeps_its_promises(level: &str) {
    for seed in 0..3 {
        let (_, report) = try_seed(&all_faults(level, 15), seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
    }
}

#[test]
fn keeps_its_promises_at_level_one() {
    keeps_its_promises("one");
}

#[test]
fn keeps_its_promises_at_level_quorum() {
    keeps_its_promises("quorum");
}

#[test]
fn keeps_its_promises_at_level_all() {
    keeps_its_promises("all");
}

#[test]
fn keeps_its_promises_at_level_atomic() {
    keeps_its_promises("atomic");
}

#[test]
fn keeps_its_promises_at_mixed_levels() {
    keeps_its_promises("mixed");
}

#[test]
fn keeps_its_promises_when_written_at_one_and_read_at_all() {
    keeps_its_promises("one/all");
}

#[test]
fn keeps_every_element_of_a_set() {
    for seed in 0..2 {
        let mut scenario = all_faults("quorum", 15);
        scenario.workload = "set".to_owned();
        let (_, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
    }
}

#[test]
fn keeps_its_promises_where_stand_ins_take_writes() {
    for (seed, workload) in [(0, "register"), (1, "set")] {
        let mut scenario = all_faults("mixed", 15);
        (scenario.mode, scenario.workload) = ("sloppy".to_owned(), workload.to_owned());
        scenario.nemesis = ["crash", "hints", "partition"].map(str::to_owned).to_vec();
        let (recording, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
        assert!(recording.markers.contains_key("hint-handed-back"), "{:?}", recording.markers);
    }
}

#[test]
fn keeps_its_promises_with_caches() {
    let of_kinds = [("write-through", "mixed", "register"), ("write-behind", "quorum+all+one", "set")];
    for (seed, (mode, level, workload)) in (0..).zip(of_kinds) {
        let mut scenario = all_faults(level, 10);
        (scenario.mode, scenario.workload) = (mode.to_owned(), workload.to_owned());
        scenario.nemesis = ["crash", "partition"].map(str::to_owned).to_vec();
        let (_, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
    }
}

#[test]
fn keeps_its_promises_while_the_ring_changes() {
    let of_kinds =
        [("majority", "register"), ("majority", "set"), ("majority", "deletes"), ("siblings", "merged-set")];
    for (seed, (mode, workload)) in (0..).zip(of_kinds) {
        let mut scenario = all_faults("mixed", 10);
        (scenario.mode, scenario.workload) = (mode.to_owned(), workload.to_owned());
        scenario.nemesis = ["clock", "crash", "membership", "partition"].map(str::to_owned).to_vec();
        let (recording, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
        assert!(recording.markers.contains_key("ring-changed"), "{:?}", recording.markers);
    }
}

#[test]
fn loses_no_write_where_clients_merge_siblings() {
    for seed in 0..2 {
        let mut scenario = all_faults("mixed", 10);
        (scenario.mode, scenario.workload) = ("siblings".to_owned(), "merged-set".to_owned());
        let (recording, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
        assert!(recording.markers.contains_key("siblings-merged"), "{:?}", recording.markers);
    }
}

#[test]
fn keeps_its_promises_on_failing_disks_or_does_not_owe_them() {
    for seed in 0..3 {
        let mut scenario = all_faults("mixed", 15);
        scenario.nemesis = vec!["crash".to_owned(), "disk".to_owned()];
        let (_, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
    }
}

#[test]
fn keeps_its_promises_with_tables() {
    for (seed, workload) in [(0, "register"), (1, "set"), (2, "register")] {
        let mut scenario = all_faults("mixed", 15);
        (scenario.storage, scenario.workload) = ("tables".to_owned(), workload.to_owned());
        scenario.nemesis = ["crash", "disk", "point"].map(str::to_owned).to_vec();
        let (_, report) = try_seed(&scenario, seed);
        assert_eq!(report.verdict, "valid", "{}", complaints(&report));
    }
}
