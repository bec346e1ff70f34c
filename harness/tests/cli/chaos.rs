//! Chaos, its shards, and the scoreboard, as people use them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::{code, errors, out, path, perjury, text};

/// What a debug build runs in a second.
const SMALL: &str = "store = 'quorum'\ntime = '1s'\nworkload = 'register'\nlevel = ['quorum', 'all']\nnodes = 3\n\
                     replication = 3\nread-quorum = 2\nwrite-quorum = 2\nclients = 3\nrate = 20\nkeys = 2\n\
                     nemesis = { pause = 0.5 }\n";

fn profile(folder: &tempfile::TempDir) -> String {
    let file = folder.path().join("small.toml");
    fs::write(&file, SMALL).expect("written");
    file.to_str().expect("UTF-8").to_owned()
}

/// The seeds of a journal, in its order.
fn seeds(journal: &Path) -> Vec<u64> {
    let text = fs::read_to_string(journal).unwrap_or_default();
    let whole = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    whole.filter_map(|line| line["seed"].as_u64()).collect()
}

#[test]
fn loses_and_repeats_no_seed_when_it_is_killed_ten_times() {
    let out = out();
    let (profile, folder) = (profile(&out), out.path().join("chaos"));
    let folder_text = folder.to_str().expect("UTF-8");
    let arguments = [
        "chaos",
        "--profile",
        &profile,
        "--seeds",
        "100..122",
        "--out",
        folder_text,
        "--self-check-every",
        "5",
    ];
    let journal = folder.join("shard-0-of-1.jsonl");
    for _ in 0..10 {
        let before = seeds(&journal).len();
        let mut command = Command::new(env!("CARGO_BIN_EXE_perjury"));
        let mut child = command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        while seeds(&journal).len() <= before && child.try_wait().expect("asked").is_none() {
            sleep(Duration::from_millis(5));
        }
        // SIGKILL: nothing can be tidied up.
        child.kill().expect("killed");
        child.wait().expect("dead");
    }
    let done = seeds(&journal).len();
    assert!((10..=22).contains(&done), "{done}");
    let last = perjury(&arguments);
    assert_eq!(code(&last), 0, "{}{}", text(&last), errors(&last));
    assert!(errors(&last).contains(&format!("going on after {done} runs")), "{}", errors(&last));
    let mut all = seeds(&journal);
    all.sort_unstable();
    assert_eq!(all, (100..122).collect::<Vec<_>>());
    assert!(text(&last).contains("22 runs in"), "{}", text(&last));
}

#[test]
fn shards_find_together_what_one_sweep_finds() {
    let out = out();
    let profile = profile(&out);
    let folder = |name: &str| out.path().join(name).to_str().expect("UTF-8").to_owned();
    let (whole, parts) = (folder("whole"), [folder("0"), folder("1")]);
    let sweep = |shard: &str, folder: &str| {
        let swept =
            perjury(&["chaos", "--profile", &profile, "--seeds", "0..4", "--shard", shard, "--out", folder]);
        assert_eq!(code(&swept), 0, "{}", errors(&swept));
    };
    sweep("0/1", &whole);
    (0..2).for_each(|index| sweep(&format!("{index}/2"), &parts[index]));
    let merged = perjury(&["merge", &parts[0], &parts[1], "--json"]);
    assert_eq!(code(&merged), 0, "{}", errors(&merged));
    let merged: Value = serde_json::from_str(&text(&merged)).expect("JSON");
    let one = fs::read_to_string(out.path().join("whole/summary.json")).expect("a summary");
    let one: Value = serde_json::from_str(&one).expect("JSON");
    for counted in ["verdicts", "rows", "faults", "operations", "markers", "simulated_ns"] {
        assert_eq!(merged["totals"][counted], one["totals"][counted], "{counted}");
    }
    assert_eq!(merged["runs"], 4);
    let half = perjury(&["merge", &parts[1]]);
    assert!(text(&half).starts_with("# perjury chaos: unknown\n"), "{}", text(&half));
    assert!(text(&half).contains("Shards that are missing: 0."), "{}", text(&half));
    assert_eq!(code(&half), 2, "what is missing may hold anything");
}

#[test]
fn keeps_one_example_of_what_is_broken_and_ends_with_one() {
    let out = out();
    let (profile, folder) = (profile(&out), out.path().join("chaos"));
    let swept = perjury(&[
        "chaos",
        "--profile",
        &profile,
        "--seeds",
        "0..3",
        "--bug",
        "acknowledge-before-sync",
        "--jobs",
        "1",
        "--out",
        folder.to_str().expect("UTF-8"),
    ]);
    assert_eq!(code(&swept), 1, "{}", errors(&swept));
    let page = fs::read_to_string(folder.join("summary.md")).expect("a page");
    assert_eq!(page, text(&swept));
    assert!(page.starts_with("# perjury chaos: invalid\n"), "{page}");
    assert!(page.contains("--bug acknowledge-before-sync"), "{page}");
    assert!(page.contains("\n```text\n") && page.contains(": broken\n"), "what was shrunk is drawn: {page}");
    let kept =
        page.lines().find_map(|line| line.strip_prefix("- kept in `")?.strip_suffix('`')).expect("a folder");
    let checked = perjury(&["check", kept]);
    assert_eq!(code(&checked), 1, "{}", text(&checked));
    let junit = fs::read_to_string(folder.join("junit.xml")).expect("XML");
    assert!(junit.contains("<failure message="), "{junit}");
}

#[test]
fn says_what_is_wrong_with_what_it_is_asked_for() {
    let out = out();
    let file = out.path().join("wrong.toml");
    fs::write(&file, "store = 'raft'\nnodez = 3\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    for (arguments, words) in [
        (
            &["chaos", "--profile", file][..],
            "line 2, column 1: there is no key `nodez`; did you mean `nodes`?",
        ),
        (&["chaos", "--profile", "/no/such/file"], "cannot read the profile /no/such/file"),
        (&["chaos", "--shard", "2/2"], "from 0 to 1"),
        (&["chaos", "--shards", "2"], "says which of them this is; say --shard 0/2"),
        (&["chaos", "--shard", "0/2"], "--seeds"),
        (&["chaos", "--schedule", "[]"], "here they are drawn: take --nemesis"),
        (
            &["chaos", "--store", "quorum", "--workload", "bank", "--seeds", "0..1"],
            "quorums keep registers only",
        ),
        (&["merge", path(&out)], "holds no shard of a chaos run"),
    ] {
        let said = perjury(arguments);
        assert_eq!(code(&said), 254, "{arguments:?}: {}", errors(&said));
        assert!(errors(&said).contains(words), "{arguments:?}: {}", errors(&said));
    }
}

#[test]
fn takes_its_part_from_the_engine_that_started_it() {
    let out = out();
    let (profile, folder) = (profile(&out), out.path().join("chaos"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_perjury"));
    command.args([
        "chaos",
        "--profile",
        &profile,
        "--seeds",
        "0..2",
        "--out",
        folder.to_str().expect("UTF-8"),
    ]);
    let swept =
        command.env("SLURM_ARRAY_TASK_ID", "1").env("SLURM_ARRAY_TASK_COUNT", "2").output().expect("ended");
    assert_eq!(code(&swept), 0, "{}", errors(&swept));
    assert_eq!(seeds(&folder.join("shard-1-of-2.jsonl")), [1]);
    assert!(!folder.join("summary.md").exists(), "the page is that of all shards");
}

#[test]
fn scores_a_bug_and_the_clean_store_beside_it() {
    let out = out();
    let (profile, file) = (profile(&out), out.path().join("bugs.json"));
    let file_text = file.to_str().expect("UTF-8");
    let bug = "acknowledge-before-sync";
    let scored = perjury(&[
        "bugs",
        "--bug",
        bug,
        "--starts",
        "1",
        "--seeds",
        "3",
        "--profile",
        &profile,
        "--out",
        file_text,
    ]);
    assert_eq!(code(&scored), 0, "{}{}", text(&scored), errors(&scored));
    assert!(text(&scored).contains("0 broke a promise"), "{}", text(&scored));
    let scores: Value = serde_json::from_str(&fs::read_to_string(&file).expect("a file")).expect("JSON");
    assert_eq!(scores[0]["bug"], bug);
    assert_eq!(scores[0]["starts"][0]["found"]["clean_verdict"], "valid");
    // A bug that nothing here can show is not found, and says so.
    let missed = perjury(&[
        "bugs",
        "--bug",
        "torn-tail-taken",
        "--starts",
        "1",
        "--seeds",
        "1",
        "--profile",
        &profile,
    ]);
    assert_eq!(code(&missed), 1, "{}", text(&missed));
    assert!(text(&missed).contains("torn-tail-taken"), "{}", text(&missed));
}
