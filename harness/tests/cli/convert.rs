//! `perjury convert`, and the lists that say what there is.

use std::fs;

use serde_json::{Value, json};

use crate::check::one_by_one;
use crate::{code, errors, path, perjury, text};

/// A history in which every field of an event occurs.
const HISTORY: &str = r#"{"format":"perjury-history","schema":1}
{"index":0,"process":0,"type":"invoke","f":"write","value":[1,{"a b":null}],"key":"x","time":5,"node":"n1","session":3}
{"index":1,"process":"nemesis","type":"info","f":"partition","value":{"state":"start"},"time":6}
{"index":4,"process":0,"type":"info","f":"write","value":1.5,"key":"x","time":7,"error":"timeout","session":3}
{"index":5,"process":7,"type":"invoke","f":"read","value":null,"key":8,"time":8,"final":true}
{"index":6,"process":7,"type":"ok","f":"read","value":"a\"b","key":8,"time":9,"final":true,"version":[3,-1]}
"#;

#[test]
fn goes_to_edn_and_comes_back_the_same() {
    let out = crate::out();
    let [first, edn, last] = ["h.jsonl", "h.edn", "again.jsonl"].map(|name| format!("{}/{name}", path(&out)));
    fs::write(&first, HISTORY).expect("written");
    let there = perjury(&["convert", &first, &edn]);
    assert_eq!((code(&there), text(&there), errors(&there)), (0, String::new(), String::new()));
    assert!(fs::read_to_string(&edn).expect("a file").starts_with("{:index 0"));
    let back = perjury(&["convert", &edn, &last, "--from", "jepsen-edn", "--to", "jsonl"]);
    assert_eq!((code(&back), errors(&back)), (0, String::new()));
    // Fields may stand in another order in the first file; the format prints each history in one way.
    let canonical = perjury(&["convert", &first]);
    assert_eq!(fs::read_to_string(&last).expect("a file"), text(&canonical));
    assert_eq!(text(&perjury(&["convert", &edn, "-"])), text(&canonical));
}

#[test]
fn overwrites_only_what_it_may_and_leaves_no_halves() {
    let out = crate::out();
    let [input, output, wrong] =
        ["h.jsonl", "o.jsonl", "w.jsonl"].map(|name| format!("{}/{name}", path(&out)));
    fs::write(&input, one_by_one(&[("write", json!(1), json!(1))])).expect("written");
    fs::write(&output, "precious").expect("written");
    fs::write(&wrong, "{\"process\":").expect("written");
    let refused = perjury(&["convert", &input, &output]);
    assert_eq!(code(&refused), 254);
    assert!(errors(&refused).contains("exists already: --force replaces it"), "{}", errors(&refused));
    assert_eq!(code(&perjury(&["convert", &wrong, &output, "--force"])), 254);
    let nowhere = perjury(&["convert", &input, &format!("{}/nowhere/o.jsonl", path(&out))]);
    assert_eq!(code(&nowhere), 254);
    assert!(errors(&nowhere).contains("there is no such folder to write into"), "{}", errors(&nowhere));
    assert_eq!(fs::read_to_string(&output).expect("a file"), "precious");
    assert_eq!(code(&perjury(&["convert", &input, &output, "--force"])), 0);
    assert!(fs::read_to_string(&output).expect("a file").starts_with("{\"format\":\"perjury-history\""));
    assert_eq!(fs::read_dir(out.path()).expect("a folder").count(), 3, "no drafts are left");
    assert_eq!(code(&perjury(&["convert", &input, "--to", "plume-text"])), 254, "it can only be read");
}

#[test]
#[cfg(unix)]
fn replaces_files_only_and_writes_behind_links() {
    let out = crate::out();
    let [input, target, link] =
        ["h.jsonl", "target.jsonl", "link.jsonl"].map(|name| format!("{}/{name}", path(&out)));
    fs::write(&input, one_by_one(&[("write", json!(1), json!(1))])).expect("written");
    fs::write(&target, "old").expect("written");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    assert_eq!(code(&perjury(&["convert", &input, &link, "--force"])), 0);
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert!(fs::read_to_string(&target).expect("a file").starts_with("{\"format\""));
    let folder = perjury(&["convert", &input, path(&out), "--force", "--to", "jsonl"]);
    assert_eq!(code(&folder), 254);
    assert!(errors(&folder).contains("is a folder"), "{}", errors(&folder));
    let device = perjury(&["convert", &input, "/dev/null", "--force"]);
    assert_eq!(code(&device), 254);
    assert!(errors(&device).contains("is no regular file"), "{}", errors(&device));
}

#[test]
fn lists_models_and_formats() {
    let list = |what| -> Value {
        serde_json::from_slice(&perjury(&["list", what, "--json"]).stdout).expect("one JSON object")
    };
    let names = |what| -> Vec<Value> {
        list(what)[what].as_array().expect("a list").iter().map(|entry| entry["name"].clone()).collect()
    };
    assert!(names("models").contains(&json!("priority-queue")));
    assert!(names("formats").contains(&json!("cobra-log-dir")));
    assert!(text(&perjury(&["list", "formats"])).contains("can be written"));
}

#[test]
fn says_that_nothing_passes_a_filter() {
    let out = crate::out();
    let file = format!("{}/h.jsonl", path(&out));
    fs::write(&file, HISTORY).expect("written");
    let output = perjury(&["inspect", &file, "--key", "y"]);
    assert_eq!(code(&output), 0);
    let printed = text(&output);
    assert!(printed.contains("0 of 5 events shown; no event has key y, but there is 8, x"), "{printed}");
    let missing = perjury(&["inspect", "/no/such/history"]);
    assert_eq!(code(&missing), 254);
    assert!(!errors(&missing).contains("--help"), "{}", errors(&missing));
}
