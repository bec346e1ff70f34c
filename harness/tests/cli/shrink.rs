//! `perjury shrink`, and `perjury run` of the file that it writes.

use std::fs;

use serde_json::Value;

use super::{code, errors, out, path, perjury, text};

/// A planted bug that shows at once in a small scenario.
const BUG: [&str; 12] = [
    "--bug",
    "compare-and-set-on-quorums",
    "--nemesis",
    "none",
    "--time",
    "2s",
    "--nodes",
    "3",
    "--clients",
    "4",
    "--rate",
    "60",
];

#[test]
fn shrinks_a_run_to_a_file_that_shows_the_same() {
    let out = out();
    let small = format!("{}/small.json", path(&out));
    let shrink = ["shrink", "--seed", "1", "--runs", "40", "--json", "--out", &small];
    let output = perjury(&[shrink.as_slice(), &BUG].concat());
    assert_eq!(code(&output), 0, "{}", errors(&output));
    let shrunk: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let size = |when: &str| shrunk[when]["operations"].as_u64().expect("a number");
    assert!(size("before") > 100 && size("after") <= 20, "{shrunk}");
    assert_eq!(shrunk["signature"]["guarantee"], "linearizability");

    let replayed = perjury(&["run", "--scenario", &small, "--out", path(&out)]);
    let text = text(&replayed);
    assert_eq!(code(&replayed), 1, "{text}{}", errors(&replayed));
    assert!(text.starts_with("seed 1\n") && text.contains("not-linearizable on k"), "{text}");
    assert!(text.contains("operations by a script") && text.contains(" --script '[{"), "{text}");
    let usage = perjury(&["run", "--scenario", &small, "--time", "3s"]);
    assert!(code(&usage) == 254 && errors(&usage).contains("cannot be used with"), "{}", errors(&usage));

    let again = perjury(&["shrink", &small, "--runs", "0"]);
    assert_eq!(code(&again), 0, "{}", errors(&again));
    assert!(out.path().join("shrunk.json").exists(), "beside the file");
}

#[test]
fn refuses_what_cannot_be_shrunk() {
    let out = out();
    let file = out.path().join("bad.json");
    let named = file.to_str().expect("UTF-8");
    for (content, hint) in [
        ("{\"perjury\": \"scenario\",\n \"schema\": one}", "line 2 column"),
        ("[]", "perjury shrink writes such files"),
    ] {
        fs::write(&file, content).expect("written");
        for arguments in [vec!["shrink", named], vec!["run", "--scenario", named]] {
            let output = perjury(&arguments);
            assert_eq!(code(&output), 254);
            assert!(
                errors(&output).contains(hint) && errors(&output).contains("bad.json"),
                "{}",
                errors(&output)
            );
        }
    }
    let valid =
        ["shrink", "--seed", "1", "--time", "100ms", "--nemesis", "none", "--nodes", "3", "--clients", "1"];
    let output = perjury(&valid);
    assert_eq!(code(&output), 254);
    assert!(errors(&output).contains("broke no promise"), "{}", errors(&output));
    assert!(errors(&perjury(&["shrink"])).contains("--seed"), "it says what is missing");
}
