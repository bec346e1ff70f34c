//! The arrows between crates, read from the manifests; and that files, names and lists agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names in the `[dependencies]` of a crate.
fn dependencies(member: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect("a manifest");
    let mut section = String::new();
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if section.ends_with("dependencies") && !section.starts_with("dev-") {
            names.extend(
                line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()).map(str::to_owned),
            );
        }
    }
    names
}

fn ours(member: &str) -> BTreeSet<String> {
    dependencies(member).into_iter().filter(|name| name.starts_with("perjury")).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn arrows_point_one_way() {
    assert_eq!(ours("histories"), set(&[]));
    assert_eq!(ours("checkers"), set(&["perjury-histories"]));
    assert_eq!(ours("store"), set(&[]));
    assert_eq!(ours("harness"), set(&["perjury-checkers", "perjury-histories", "perjury-store"]));
}

#[test]
fn only_the_harness_names_the_simulator() {
    for member in ["histories", "checkers", "store", "harness"] {
        assert_eq!(dependencies(member).contains("turmoil"), member == "harness", "{member}");
    }
}

#[test]
fn histories_and_checkers_know_no_time_and_no_tasks() {
    for member in ["histories", "checkers"] {
        let found = dependencies(member);
        for foreign in ["tokio", "rand", "rand_core", "rand_pcg"] {
            assert!(!found.contains(foreign), "{member} depends on {foreign}");
        }
    }
}

/// Stems of the files in a folder, in kebab-case.
fn stems(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.filter_map(|path| Some(path.file_stem()?.to_str()?.replace('_', "-"))).collect()
}

#[test]
fn every_file_has_its_entry_and_every_entry_its_file() {
    let names = |names: Vec<&str>| set(&names);
    let workloads = perjury::workload::ALL.iter().map(|workload| workload.name()).collect();
    let bugs = perjury::bug::ALL.iter().map(|bug| bug.name).collect();
    let stores = perjury::store::ALL.iter().map(|store| store.name()).collect();
    let without_tests =
        |folder| stems(folder).into_iter().filter(|stem| stem != "tests").collect::<BTreeSet<_>>();
    assert_eq!(without_tests("harness/src/workload"), names(workloads));
    assert_eq!(without_tests("harness/src/bug"), names(bugs));
    assert_eq!(without_tests("harness/src/store"), names(stores));
}

#[test]
fn planted_bugs_expect_checkers_and_workloads_that_exist() {
    for bug in perjury::bug::ALL {
        assert!(perjury::workload::named(bug.workload).is_some(), "{}: {}", bug.name, bug.workload);
        assert!(
            bug.shows.iter().all(|name| perjury_checkers::checker::named(name).is_some()),
            "{}",
            bug.name
        );
        assert!(
            bug.nemesis.iter().all(|name| name.parse::<perjury::nemesis::Selection>().is_ok()),
            "{}",
            bug.name
        );
    }
}
