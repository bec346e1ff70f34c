//! How many anomalies there are, and how many of them are listed and drawn.

use std::fs;

use serde_json::{Value, json};

use crate::check::{event, one_by_one};
use crate::{path, perjury, text};

/// A history with so many reads of what nobody wrote.
fn garbage_reads(count: u64) -> String {
    let garbage =
        |number| event(0, "invoke", "read", &Value::Null) + &event(0, "ok", "read", &json!(100 + number));
    one_by_one(&[("write", json!(1), json!(1))]) + &(0..count).map(garbage).collect::<String>()
}

/// What the program prints of it, in words and as JSON.
fn judged(history: &str) -> (String, Value) {
    let out = crate::out();
    let file = format!("{}/h", path(&out));
    fs::write(&file, history).expect("written");
    let words = text(&perjury(&["check", &file, "--checker", "integrity"]));
    let json = perjury(&["check", &file, "--checker", "integrity", "--json"]);
    (words, serde_json::from_slice(&json.stdout).expect("JSON"))
}

#[test]
fn counts_the_anomalies_that_it_does_not_list() {
    let (words, line) = judged(&garbage_reads(20));
    let check = &line["checks"][0];
    assert_eq!(
        (check["anomalies"].as_array().map(Vec::len), &check["anomalies_found"]),
        (Some(16), &json!(20))
    );
    assert_eq!(check["reason"], "20 anomalies, 16 of them listed");
    assert!(check.get("may_be_more").is_none(), "{check}");
    let hint = "… only 3 are drawn: integrity found 20 anomalies, 16 of them listed, which --json prints\n";
    assert!(words.contains(hint), "{words}");
    let last = check["anomalies"][15]["explanation"].as_str().expect("a text");
    assert!(!last.contains("more"), "each explains itself alone: {last}");
}

#[test]
fn lists_all_of_a_few() {
    let (words, line) = judged(&garbage_reads(5));
    let check = &line["checks"][0];
    assert_eq!(
        (check["anomalies"].as_array().map(Vec::len), &check["anomalies_found"]),
        (Some(5), &json!(5))
    );
    assert!(words.contains("only 3 are drawn: integrity found 5 anomalies, which --json prints"), "{words}");
    let (words, line) = judged(&garbage_reads(1));
    assert_eq!(line["checks"][0]["reason"], "1 anomaly");
    assert!(!words.contains("are drawn"), "{words}");
}
