//! The program as people use it: exit codes, what is printed, and the folders that it leaves.

#[path = "cli/chaos.rs"]
mod chaos;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/convert.rs"]
mod convert;
#[path = "cli/evidence.rs"]
mod evidence;
#[path = "cli/hard.rs"]
mod hard;
#[path = "cli/independent.rs"]
mod independent;
#[path = "cli/input.rs"]
mod input;
#[path = "cli/shrink.rs"]
mod shrink;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A planted bug that shows quickly, and how it is looked for.
const BUG: [&str; 4] = ["--bug", "timeout-reported-as-failure", "--time", "10s"];

fn perjury(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_perjury")).args(arguments).output().expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the program was not killed")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn out() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn path(out: &tempfile::TempDir) -> &str {
    out.path().to_str().expect("UTF-8")
}

/// The folder of the only run below `out`.
fn only_run(out: &Path) -> PathBuf {
    let only = |folder: &Path| {
        fs::read_dir(folder).expect("a folder").next().expect("an entry").expect("read").path()
    };
    only(&only(out))
}

/// Runs the planted bug with one seed after the other until it shows; the seed, and what was printed.
fn broken_run(out: &tempfile::TempDir) -> (String, Output) {
    for seed in 0..20 {
        let seed = seed.to_string();
        let output = perjury(&[&["run", "--seed", &seed, "--out", path(out)], BUG.as_slice()].concat());
        if code(&output) == 1 {
            return (seed, output);
        }
        fs::remove_dir_all(only_run(out.path()).parent().expect("a parent")).expect("removed");
    }
    panic!("the bug did not show in 20 seeds");
}

#[test]
fn keeps_its_promises_and_says_so() {
    let out = out();
    let output = perjury(&["run", "--seed", "7", "--time", "5s", "--out", path(&out)]);
    let text = text(&output);
    assert_eq!(code(&output), 0, "{text}{}", errors(&output));
    assert!(text.starts_with("seed 7\n"), "{text}");
    for part in [
        "guarantee",
        "held",
        "repeat with    cargo perjury run --seed 7 --time 5s\n",
        "verdict        valid\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    let run = only_run(out.path());
    let report = fs::read_to_string(run.join("report.json")).expect("a report");
    assert!(report.lines().next().expect("a line").contains("cargo perjury run --seed 7 --time 5s"));
    assert!(run.join("history.jsonl").exists() && run.join("trace.log").exists());
    assert!(!run.join("anomaly.txt").exists());
}

#[test]
fn prints_nothing_but_the_report_as_json() {
    let out = out();
    let output = perjury(&["run", "--seed", "7", "--time", "5s", "--json", "--out", path(&out)]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!((&report["verdict"], &report["seed"]), (&Value::from("valid"), &Value::from(7)));
    assert_eq!(errors(&output), "seed 7\n");
}

#[test]
fn finds_a_planted_bug_and_repeats_it() {
    let out = out();
    let (seed, output) = broken_run(&out);
    let printed = text(&output);
    let command = format!("cargo perjury run --seed {seed} --bug timeout-reported-as-failure --time 10s");
    assert!(printed.contains(&command) && printed.contains("failed-write-read"), "{printed}");
    let run = only_run(out.path());
    let run_path = run.to_str().expect("UTF-8");
    let anomaly = fs::read_to_string(run.join("anomaly.txt")).expect("a drawing");
    assert_eq!(anomaly.lines().next(), Some(command.as_str()));

    let words: Vec<&str> = command.split(' ').skip(2).chain(["--out", path(&out)]).collect();
    let again = perjury(&words);
    assert_eq!(code(&again), 1);
    assert!(text(&again).contains("already there, byte for byte the same"), "{}", text(&again));

    let replayed = perjury(&["replay", run_path]);
    assert_eq!(code(&replayed), 0, "{}", text(&replayed));
    assert!(text(&replayed).contains("same history, byte for byte ("), "{}", text(&replayed));

    let checked = perjury(&["check", run_path, "--json"]);
    let verdict: Value = serde_json::from_slice(&checked.stdout).expect("one JSON object");
    assert_eq!((code(&checked), &verdict["verdict"]), (1, &Value::from("invalid")));

    let inspected = perjury(&["inspect", run_path]);
    assert_eq!(code(&inspected), 0);
    for part in ["faults over time", "  index         time  ", " events shown, around event "] {
        assert!(text(&inspected).contains(part), "{part} in {}", text(&inspected));
    }
}

#[test]
fn says_where_a_replay_diverges_and_that_the_program_is_another() {
    let out = out();
    perjury(&["run", "--seed", "3", "--time", "2s", "--nemesis", "none", "--out", path(&out)]);
    let run = only_run(out.path());
    let edit = |name: &str, change: &dyn Fn(String) -> String| {
        let file = run.join(name);
        fs::write(&file, change(fs::read_to_string(&file).expect("a file"))).expect("written");
    };
    edit("history.jsonl", &|text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[11] = "{\"changed\":1}".to_owned();
        lines.join("\n") + "\n"
    });
    edit("report.json", &|text| text.replace("\"binary\": \"", "\"binary\": \"f00"));
    let output = perjury(&["replay", run.to_str().expect("UTF-8")]);
    let text = text(&output);
    assert_eq!(code(&output), 1, "{text}");
    assert!(text.starts_with("another program made this run"), "{text}");
    assert!(
        text.contains("the history differs from event 10 on\n  kept  {\"changed\":1}\n  now   {"),
        "{text}"
    );
}

#[test]
fn does_not_judge_a_history_that_was_cut() {
    let out = out();
    perjury(&["run", "--seed", "3", "--time", "2s", "--nemesis", "none", "--out", path(&out)]);
    let run = only_run(out.path());
    let run = run.to_str().expect("UTF-8");
    assert_eq!(code(&perjury(&["check", run])), 0);
    let file = Path::new(run).join("history.jsonl");
    let text = fs::read_to_string(&file).expect("a file");
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&file, lines[..lines.len() - 1].join("\n") + "\n").expect("written");
    let output = perjury(&["check", run]);
    assert_eq!(code(&output), 254, "{}", errors(&output));
    assert!(errors(&output).contains("do not belong together"), "{}", errors(&output));
}

#[test]
fn sweeps_alike_on_one_thread_and_on_two() {
    let out = out();
    let sweep = |jobs: &str| {
        let output = perjury(&[
            "sweep",
            "--seeds",
            "0..4",
            "--time",
            "3s",
            "--jobs",
            jobs,
            "--json",
            "--out",
            path(&out),
        ]);
        assert_eq!(code(&output), 0, "{}{}", text(&output), errors(&output));
        let mut summary: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        summary.as_object_mut().expect("an object").remove("cost").expect("a cost");
        summary
    };
    let one = sweep("1");
    assert_eq!(one["verdicts"], serde_json::json!({"valid": 4}));
    assert_eq!(one, sweep("2"));
    assert_eq!(fs::read_dir(out.path()).expect("a folder").count(), 0, "valid runs leave nothing");
}

#[test]
fn keeps_failed_seeds_of_a_sweep_and_writes_junit() {
    let out = out();
    let file = out.path().join("junit.xml");
    let junit = file.to_str().expect("UTF-8");
    let arguments = ["sweep", "--seeds", "0..4", "--out", path(&out), "--junit", junit];
    let output = perjury(&[arguments.as_slice(), BUG.as_slice()].concat());
    let text = text(&output);
    assert_eq!(code(&output), 1, "{text}");
    assert!(text.contains("integrity@quorum broken: "), "{text}");
    let xml = fs::read_to_string(&file).expect("a file");
    assert!(xml.contains("tests=\"4\"") && xml.contains("repeat with: cargo perjury run --seed "), "{xml}");
    fs::remove_file(&file).expect("removed");
    assert!(only_run(out.path()).join("anomaly.txt").exists());
}

#[test]
fn keeps_no_more_folders_of_a_sweep_than_wanted() {
    let out = out();
    let arguments = ["sweep", "--seeds", "0..8", "--out", path(&out), "--keep", "1", "--json"];
    let output = perjury(&[arguments.as_slice(), BUG.as_slice()].concat());
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let failed = summary["failed"].as_array().expect("a list");
    assert!(failed.len() > 1, "{summary}");
    let kept: Vec<bool> = failed.iter().map(|case| !case["folder"].is_null()).collect();
    assert_eq!((kept[0], kept[1..].contains(&true)), (true, false), "the lowest seed");
    let only = only_run(out.path());
    assert_eq!(failed[0]["folder"].as_str(), only.to_str());
    assert_eq!(fs::read_dir(only.parent().expect("a parent")).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn shows_what_an_interrupted_sweep_has_found() {
    use std::process::Stdio;
    for signal in ["-INT", "-TERM"] {
        let out = out();
        let arguments = ["sweep", "--seeds", "0..1000000", "--time", "1s", "--json", "--out", path(&out)];
        let mut command = Command::new(env!("CARGO_BIN_EXE_perjury"));
        let child =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        std::thread::sleep(std::time::Duration::from_secs(3));
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
        assert!(killed.success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(code(&output), 130, "{signal}: {}", errors(&output));
        assert!(errors(&output).contains("the runs under way are finished first"), "{}", errors(&output));
        let summary: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        let verdicts = summary["verdicts"].as_object().expect("counts");
        let runs: u64 = verdicts.values().filter_map(Value::as_u64).sum();
        assert!((1..1_000_000).contains(&runs), "{summary}");
        let ended = (&summary["interrupted"], &summary["verdict"]);
        assert_eq!(ended, (&Value::from(true), &Value::from("unknown")));
    }
}

#[test]
fn explains_wrong_usage_and_its_own_failures() {
    for arguments in [
        ["run", "--nemesis", "partiton"].as_slice(),
        &["run", "--nodes", "2"],
        &["run", "--level", "atomic/one"],
        &["sweep"],
        &["replay", "/no/such/run"],
        &["fly"],
        &[],
    ] {
        let output = perjury(arguments);
        assert_eq!(code(&output), 254, "{arguments:?}: {}", errors(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(code(&perjury(&["run", "--help"])), 0);
    let negative = errors(&perjury(&["run", "--time", "-5s"]));
    assert!(negative.contains("'-5s' is no duration"), "{negative}");

    let out = out();
    let file = out.path().join("file");
    fs::write(&file, "").expect("written");
    let file = file.to_str().expect("UTF-8");
    let below = format!("{file}/small.json");
    for arguments in [
        ["run", "--time", "1s", "--out", file].as_slice(),
        &["sweep", "--seeds", "0..2", "--time", "1s", "--out", file],
        &["shrink", "--seed", "0", "--time", "1s", "--bug", "read-unconfirmed", "--out", &below],
    ] {
        // Said before the first run, which might take hours.
        let output = perjury(arguments);
        assert_eq!(code(&output), 254, "{arguments:?}");
        assert!(
            errors(&output).contains(&format!("cannot keep anything in {file}: ")),
            "{}",
            errors(&output)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn lists_what_can_be_chosen() {
    let output = perjury(&["list", "--json"]);
    let lists: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(lists["nemeses"][0]["name"], "partition");
    assert!(text(&perjury(&["list", "stores"])).contains("quorum"));
}
