//! Jepsen's independent keys: `[key value]` for every value.

use std::fs;

use serde_json::{Value, json};

use crate::{code, errors, path, perjury, text};

/// One process after the other: function, asked, answered.
fn edn(operations: &[(&str, &str, &str)]) -> String {
    let event = |process: usize, kind: &str, (function, value): (&str, &str)| {
        format!("{{:type :{kind}, :f :{function}, :value {value}, :process {process}}}\n")
    };
    let operation = |(process, (function, asked, answered)): (usize, &(&str, &str, &str))| {
        event(process, "invoke", (function, asked)) + &event(process, "ok", (function, answered))
    };
    let note = "{:type :info, :f :start, :value [:isolated {}], :process :nemesis}\n";
    note.to_owned() + &operations.iter().enumerate().map(operation).collect::<String>()
}

/// Two registers, the second of which is finally read as this.
fn registers(read: &str) -> String {
    edn(&[
        ("write", "[:x 1]", "[:x 1]"),
        ("write", "[:y 2]", "[:y 2]"),
        ("cas", "[:y [2 3]]", "[:y [2 3]]"),
        ("read", "[:x nil]", "[:x 1]"),
        ("read", "[:y nil]", read),
    ])
}

fn checked(content: &str, options: &[&str]) -> (i32, String) {
    let out = crate::out();
    let file = format!("{}/history.edn", path(&out));
    fs::write(&file, content).expect("written");
    let output = perjury(&[&["check", &file], options].concat());
    (code(&output), text(&output) + &errors(&output))
}

fn json_of(content: &str) -> (i32, Value) {
    let (code, line) = checked(content, &["--json"]);
    (code, serde_json::from_str(&line).expect("one line of JSON"))
}

#[test]
fn judges_every_key_by_itself() {
    let (code, line) = json_of(&registers("[:y 3]"));
    assert_eq!((code, &line["verdict"], &line["split_by_key"]), (0, &json!("valid"), &json!(true)), "{line}");
    let (code, line) = json_of(&registers("[:y 2]"));
    assert_eq!((code, &line["verdict"]), (1, &json!("invalid")), "{line}");
    let checks = line["checks"].as_array().expect("a list");
    let anomalies = checks.iter().flat_map(|check| check["anomalies"].as_array().expect("a list"));
    let found: Vec<_> = anomalies.map(|anomaly| (&anomaly["key"], &anomaly["operations"])).collect();
    // As they stand in the file.
    assert_eq!(found, [(&json!("y"), &json!([3, 5, 9]))]);
}

#[test]
fn says_that_it_split_and_draws_what_was_read() {
    let (code, said) = checked(&registers("[:y 2]"), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("keys           inside of the values, which are [key, value] pairs"), "{said}");
    assert!(said.contains("read y = 2") && said.contains("cas y"), "{said}");
    let (_, said) = checked(&edn(&[("write", "1", "1"), ("read", "nil", "1")]), &[]);
    assert!(!said.contains("pairs"), "{said}");
}

#[test]
fn judges_sets_and_leaves_registers_of_pairs_alone() {
    let set = |read| edn(&[("add", "[7 1]", "[7 1]"), ("add", "[8 1]", "[8 1]"), ("read", "[7 nil]", read)]);
    let (code, line) = json_of(&set("[7 #{1}]"));
    assert_eq!((code, &line["checks"][0]["name"]), (0, &json!("set")), "{line}");
    assert_eq!(json_of(&set("[7 #{}]")).0, 1);
    let (code, line) = json_of(&edn(&[("write", "[7 1]", "[7 1]"), ("read", "nil", "[7 1]")]));
    assert_eq!((code, line.get("split_by_key")), (0, None), "{line}");
}

#[test]
fn inspects_a_key() {
    let out = crate::out();
    let file = format!("{}/history.edn", path(&out));
    fs::write(&file, registers("[:y 3]")).expect("written");
    let output = perjury(&["inspect", &file, "--key", "x"]);
    let said = text(&output);
    assert!(said.contains("split by key") && said.contains("4 of 11 events shown"), "{said}");
}

#[test]
fn converts_what_the_file_says() {
    let out = crate::out();
    let (file, copy) = (format!("{}/history.edn", path(&out)), format!("{}/copy.jsonl", path(&out)));
    fs::write(&file, registers("[:y 3]")).expect("written");
    let output = perjury(&["convert", &file, &copy]);
    assert_eq!((code(&output), errors(&output).as_str()), (0, ""));
    assert!(fs::read_to_string(&copy).expect("a file").contains(r#""value":["x",1]"#));
}
