use std::collections::BTreeMap;

use super::*;
use crate::scenario::Scenario;
use crate::trial;

pub(crate) fn report(seed: u64) -> Report {
    Report {
        command: "cargo perjury run --seed 7".to_owned(),
        schema: trial::SCHEMA,
        program: trial::program(),
        scenario: Scenario::default(),
        seed,
        verdict: "valid".to_owned(),
        promises: Vec::new(),
        levels: Vec::new(),
        refuses: Vec::new(),
        rows: Vec::new(),
        information: Vec::new(),
        operations: BTreeMap::new(),
        faults: Vec::new(),
        faults_not_available: Vec::new(),
        markers: BTreeMap::new(),
        points: BTreeMap::new(),
        simulated_ns: 1,
    }
}

pub(crate) fn recording(trace: &str) -> Recording {
    Recording {
        history: perjury_histories::notation::parse("0:write(x,1) 1:read(x)=1").expect("a history"),
        trace: trace.to_owned(),
        markers: BTreeMap::new(),
        points: BTreeMap::new(),
        crashes: Vec::new(),
        storm: None,
        simulated_ns: 1,
        begun_ns: 0,
        schedule: Default::default(),
        script: Default::default(),
        faults_not_available: Vec::new(),
    }
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(path)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    names
}

#[test]
fn reads_back_what_it_kept() {
    let out = tempfile::tempdir().expect("a folder");
    let kept = keep(out.path(), &recording("log"), &report(7), Some("drawn")).expect("kept");
    assert_eq!(names(&kept.path), [ANOMALY, HISTORY, REPORT, TRACE]);
    let folder = Folder::open(&kept.path).expect("a run");
    assert_eq!(folder.report, report(7));
    assert_eq!(folder.history().expect("a history"), recording("").history);
    assert_eq!(folder.bytes(TRACE).expect("a log"), b"log");
}

#[test]
fn begins_the_report_with_the_command() {
    let text = to_json(&report(7));
    assert_eq!(text.lines().next(), Some(r#"{ "command": "cargo perjury run --seed 7","#));
    assert_eq!(serde_json::from_str::<Report>(&text).expect("JSON"), report(7));
}

#[test]
fn never_overwrites_a_run() {
    let out = tempfile::tempdir().expect("a folder");
    let keep = |trace| keep(out.path(), &recording(trace), &report(7), None).expect("kept");
    let (first, repeat, other, other_repeat) = (keep("a"), keep("a"), keep("b"), keep("b"));
    assert!(!first.is_repeat && repeat.is_repeat && !other.is_repeat && other_repeat.is_repeat);
    assert_eq!((&first.path, &other.path), (&repeat.path, &other_repeat.path));
    let parent = first.path.parent().expect("a parent");
    assert_eq!(names(parent), ["7", "7-2"], "and no draft is left");
    assert_eq!(fs::read(first.path.join(TRACE)).expect("a log"), b"a");
}

#[test]
fn leaves_a_file_in_its_way_alone() {
    let out = tempfile::tempdir().expect("a folder");
    let parent = out.path().join(report(7).scenario.slug());
    fs::create_dir(&parent).expect("a folder");
    fs::write(parent.join("7"), "mine").expect("a file");
    let kept = keep(out.path(), &recording("a"), &report(7), None).expect("kept");
    assert_eq!(kept.path, parent.join("7-2"));
}

#[test]
fn names_the_folder_that_cannot_be_written() {
    let out = tempfile::tempdir().expect("a folder");
    let file = out.path().join("file");
    fs::write(&file, "").expect("a file");
    let error = keep(&file, &recording(""), &report(7), None).expect_err("not a folder");
    let text = format!("{error:#}");
    assert!(text.starts_with("cannot keep the run in ") && text.contains("/file/quorum-"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn says_that_a_folder_is_read_only() {
    // Nobody can create files there, not even the superuser.
    let error = keep(Path::new("/proc/self"), &recording(""), &report(7), None).expect_err("read-only");
    assert!(format!("{error:#}").starts_with("cannot keep the run in /proc/self/"), "{error:#}");
}

#[test]
fn says_where_a_report_was_cut() {
    let out = tempfile::tempdir().expect("a folder");
    let kept = keep(out.path(), &recording(""), &report(7), None).expect("kept");
    let file = kept.path.join(REPORT);
    let text = fs::read_to_string(&file).expect("a report");
    fs::write(&file, &text[..text.len() / 2]).expect("cut");
    let error = format!("{:#}", Folder::open(&kept.path).expect_err("cut short"));
    assert!(error.contains("report.json is no report, or was cut short: EOF"), "{error}");
    assert!(error.contains(" at line "), "{error}");
}

#[test]
fn refuses_a_report_of_another_schema() {
    let out = tempfile::tempdir().expect("a folder");
    let kept = keep(out.path(), &recording(""), &report(7), None).expect("kept");
    assert!(Folder::open(&kept.path).is_ok());
    let file = kept.path.join(REPORT);
    let text = fs::read_to_string(&file).expect("a report");
    fs::write(&file, text.replace("\"schema\": 1", "\"schema\": 99")).expect("written");
    let error = format!("{:#}", Folder::open(&kept.path).expect_err("another schema"));
    assert!(error.contains("has schema 99, and this version reads 1"), "{error}");
}

#[test]
fn says_where_a_history_is_wrong() {
    let out = tempfile::tempdir().expect("a folder");
    let file = out.path().join("h.jsonl");
    fs::write(&file, "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n{\"process\":0,\n")
        .expect("a file");
    let error = format!("{:#}", read_history(&file).expect_err("malformed"));
    assert!(error.contains("h.jsonl: line 2"), "{error}");
}
