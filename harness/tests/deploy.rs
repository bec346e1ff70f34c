//! The script that runs a sweep on Slurm, as people use it.
#![cfg(unix)]

#[path = "deploy/slurm.rs"]
mod slurm;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use slurm::Slurm;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/slurm.sh");

/// What a debug build runs in a fifth of a second.
const SMALL: &str = "store = 'quorum'\ntime = '1s'\nworkload = 'register'\nlevel = ['quorum', 'all']\nnodes = 3\n\
                     replication = 3\nread-quorum = 2\nwrite-quorum = 2\nclients = 3\nrate = 20\nkeys = 2\n\
                     nemesis = { pause = 0.5 }\n";

/// How often something is asked for, five times a second: two minutes.
const ASKED_MAX: usize = 600;

/// Whether it came to be in time.
fn in_time(mut is_so: impl FnMut() -> bool) -> bool {
    (0..ASKED_MAX).any(|_| {
        let so = is_so();
        if !so {
            sleep(Duration::from_millis(200));
        }
        so
    })
}

/// The seeds of the journal of one of two shards, in its order.
fn seeds(out: &Path, shard: u64) -> Vec<u64> {
    let text = fs::read_to_string(out.join(format!("shard-{shard}-of-2.jsonl"))).unwrap_or_default();
    let whole = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    whole.filter_map(|line| line["seed"].as_u64()).collect()
}

/// The only number in what the script prints before the path: that of the job array.
fn job(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.strip_prefix("shards: job ").and_then(|rest| rest.split_once(';'));
    number.unwrap_or_else(|| panic!("{output:?}")).0.to_owned()
}

#[test]
fn goes_on_where_its_tasks_were_killed_and_leaves_one_page() {
    let Some(cluster) = Slurm::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("it's 100 % a sweep");
    let profile = folder.path().join("small sweep.toml");
    fs::write(&profile, SMALL).expect("written");
    let submit = |wait: &str| {
        let mut script = cluster.command("timeout");
        script.args(["120", SCRIPT, "2"]).arg(&out).args(["--seeds", "100..140", "--profile"]).arg(&profile);
        script.env("PERJURY", env!("CARGO_BIN_EXE_perjury")).env("CPUS", "1").env("WAIT", wait);
        script.output().expect("timeout starts")
    };

    let first = submit("");
    assert!(first.status.success(), "{first:?}");
    assert!(in_time(|| !seeds(&out, 0).is_empty() || ended(&cluster)), "no run: {}", logs(&out));
    // One task is killed, and the other still runs.
    cluster.command("scancel").arg(format!("{}_0", job(&first))).status().expect("scancel starts");

    let second = submit("1");
    assert!(second.status.success(), "not the exit code of the page: {second:?} {}", logs(&out));
    let mut all = [seeds(&out, 0), seeds(&out, 1)].concat();
    all.sort_unstable();
    assert_eq!(all, (100..140).collect::<Vec<_>>(), "each seed once: {}", logs(&out));
    assert!(logs(&out).contains("going on after"), "{}", logs(&out));
    assert!(!logs(&out).contains("is being written"), "never two tasks of one shard: {}", logs(&out));
    let page = fs::read_to_string(out.join("summary.md")).expect("a page");
    assert!(page.starts_with("# perjury chaos: valid\n\n40 runs in "), "{page}");
    assert!(page.contains("Seeds from 100 up to 139, in 2 shards."), "{page}");
}

/// Whether no job is left.
fn ended(cluster: &Slurm) -> bool {
    cluster.command("squeue").arg("--noheader").output().expect("squeue starts").stdout.is_empty()
}

/// What the tasks said.
fn logs(out: &Path) -> String {
    let read = |name: &str| fs::read_to_string(out.join("log").join(name)).unwrap_or_default();
    ["shard-0.log", "shard-1.log", "merge.log"].map(read).concat()
}

#[test]
fn says_what_the_script_lacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("UTF-8");
    let perjury = env!("CARGO_BIN_EXE_perjury");
    for (arguments, program, words) in [
        (&["two", out, "--seeds", "0..4"][..], perjury, "TASKS is 'two'"),
        (&["2", out, "--duration", "1h"], perjury, "--seeds A..B is needed"),
        (&["2", out, "--seeds", "0..4"], "/no/perjury", "there is no program /no/perjury"),
        (&["2", out, "--seeds=0..4"], perjury, "there is no sbatch"),
    ] {
        let mut script = Command::new("/bin/bash");
        script.arg(SCRIPT).args(arguments).env("PERJURY", program).env("PATH", "/nowhere");
        let output = script.output().expect("bash starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(254), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!Path::new(out).exists(), "{arguments:?}: nothing is left behind");
    }
}

#[test]
fn explains_the_script() {
    let explained = Command::new(SCRIPT).arg("--help").output().expect("the script starts");
    assert_eq!(explained.status.code(), Some(0));
    let text = String::from_utf8_lossy(&explained.stdout);
    assert!(text.contains("TASKS OUT --seeds A..B") && text.contains("SBATCH_TIMELIMIT"), "{text}");
    let refused = Command::new(SCRIPT).arg("2").output().expect("the script starts");
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(254), 0));
    assert_eq!(refused.stderr, explained.stdout);
}
