//! What is read: standard input, files that are no histories, options that make no sense of a history.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::check::one_by_one;
use crate::{code, errors, path, perjury, text};

/// Runs the program with this on its standard input.
fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perjury"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // It may end before it has read everything.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("it ends")
}

fn register() -> String {
    one_by_one(&[("write", json!(1), json!(1)), ("read", Value::Null, json!(1))])
}

fn line(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn reads_standard_input() {
    let checked = piped(&["check", "-", "--json"], register().as_bytes());
    assert_eq!((code(&checked), &line(&checked)["file"]), (0, &json!("-")), "{}", errors(&checked));
    assert_eq!(line(&checked)["operations"], 2);
    let edn = piped(&["convert", "-", "--to", "jepsen-edn"], register().as_bytes());
    assert!(text(&edn).starts_with("{:index 0, :type :invoke"), "{}", errors(&edn));
    let seen = piped(&["inspect", "-"], &edn.stdout);
    assert!(text(&seen).contains("4 of 4 events shown"), "{}", text(&seen));
}

#[test]
fn says_what_is_wrong_on_standard_input() {
    let cut = piped(&["check", "-"], b"{\"type\":");
    assert_eq!(code(&cut), 254);
    assert!(errors(&cut).starts_with("error: standard input: line 1, column "), "{}", errors(&cut));
    let folder = piped(&["check", "-", "--format", "cobra-log-dir"], b"");
    assert_eq!(code(&folder), 254);
    assert!(
        errors(&folder).contains("is a format of folders: name the folder itself"),
        "{}",
        errors(&folder)
    );
    let twice = piped(&["check", "-", "-"], b"");
    assert_eq!(code(&twice), 254);
    assert!(errors(&twice).contains("can be read only once"), "{}", errors(&twice));
}

#[test]
fn says_how_to_unpack_what_is_compressed() {
    let gzip = piped(&["check", "-", "--json"], b"\x1f\x8b\x08\0\0\0\0\0");
    assert_eq!(code(&gzip), 254);
    let error = line(&gzip)["error"].as_str().expect("an error").to_owned();
    assert!(
        error.contains("compressed with gzip") && error.contains("zcat FILE | perjury check -"),
        "{error}"
    );
}

#[test]
fn takes_blanks_after_the_commas_of_a_list() {
    let checked =
        piped(&["check", "-", "--json", "--checker", "integrity, linearizability"], register().as_bytes());
    let names: Vec<Value> = line(&checked)["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| check["name"].clone())
        .collect();
    assert_eq!(names, ["integrity", "linearizability"]);
}

#[test]
fn refuses_options_that_make_no_sense_of_the_history() {
    for (options, expected) in [
        (
            ["--model", "fifo-queue"],
            "--model fifo-queue has enqueue, dequeue, but the functions of this history are read, write",
        ),
        (["--model", "counter"], "--model counter has "),
    ] {
        let output = piped(&[&["check", "-", "--json"], options.as_slice()].concat(), register().as_bytes());
        let line = line(&output);
        assert_eq!((code(&output), &line["verdict"], &line["checks"]), (254, &json!("unknown"), &json!([])));
        assert!(line["error"].as_str().is_some_and(|error| error.contains(expected)), "{line}");
    }
    let counter = one_by_one(&[("add", json!(1), json!(1)), ("read", Value::Null, json!(1))]);
    let output = piped(&["check", "-", "--model", "counter", "--init", "\"x\""], counter.as_bytes());
    assert_eq!(code(&output), 254, "{}", text(&output));
    assert!(
        errors(&output).contains("--init \"x\" is nothing that a counter can hold at first"),
        "{}",
        errors(&output)
    );
}

#[test]
fn refuses_an_ending_that_names_no_format() {
    let out = crate::out();
    let [input, output] = ["h.jsonl", "h.json"].map(|name| format!("{}/{name}", path(&out)));
    fs::write(&input, register()).expect("written");
    let refused = perjury(&["convert", &input, &output]);
    assert_eq!(code(&refused), 254);
    assert!(errors(&refused).contains("add --to jsonl or --to jepsen-edn"), "{}", errors(&refused));
    assert_eq!(code(&perjury(&["convert", &input, &output, "--to", "jsonl"])), 0);
}

#[test]
fn says_that_no_event_has_the_index() {
    let shown = piped(&["inspect", "-", "--around", "99"], register().as_bytes());
    assert!(text(&shown).contains("; no event has the index 99: they go from 0 to 3"), "{}", text(&shown));
    let shown = piped(&["inspect", "-", "--around", "2"], register().as_bytes());
    assert!(!text(&shown).contains("no event has"), "{}", text(&shown));
}
