//! `perjury check` on anybody's histories: verdicts, limits, files that cannot be read.

use std::fs;

use serde_json::{Value, json};

use crate::hard;
use crate::{code, errors, path, perjury, text};

/// An event as a line of JSON.
pub fn event(process: u64, kind: &str, function: &str, value: &Value) -> String {
    json!({"process": process, "type": kind, "f": function, "value": value}).to_string() + "\n"
}

/// One process does these one after the other: function, argument, result.
pub fn one_by_one(operations: &[(&str, Value, Value)]) -> String {
    let lines = |(function, argument, result): &(&str, Value, Value)| {
        event(0, "invoke", function, argument) + &event(0, "ok", function, result)
    };
    operations.iter().map(lines).collect()
}

fn valid() -> String {
    one_by_one(&[("write", json!(1), json!(1)), ("read", Value::Null, json!(1))])
}

fn invalid() -> String {
    one_by_one(&[("write", json!(1), json!(1)), ("read", Value::Null, Value::Null)])
}

/// Judges files with these contents, in this order; the code, the lines on standard output, the errors.
fn check(contents: &[&str], options: &[&str]) -> (i32, Vec<Value>, String) {
    let out = crate::out();
    let names: Vec<String> = (0..contents.len()).map(|number| format!("{}/{number}", path(&out))).collect();
    for (name, content) in names.iter().zip(contents) {
        fs::write(name, content).expect("written");
    }
    let names = names.iter().map(String::as_str);
    let output = perjury(
        &["check", "--json"].into_iter().chain(options.iter().copied()).chain(names).collect::<Vec<_>>(),
    );
    let lines = text(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (code(&output), lines, errors(&output))
}

/// The one line of JSON, and the code.
fn check_one(content: &str, options: &[&str]) -> (i32, Value) {
    let (code, mut lines, errors) = check(&[content], options);
    assert_eq!(lines.len(), 1, "{errors}");
    (code, lines.remove(0))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// What every line of JSON has, and perhaps one field more, in the order in which serde_json keeps them.
fn fields_and(other: Option<&'static str>) -> Vec<&'static str> {
    let always = "check_millis checks events file operations parse_millis peak_memory_bytes verdict";
    let mut fields: Vec<&str> = always.split(' ').chain(other).collect();
    fields.sort_unstable();
    fields
}

#[test]
fn says_when_nothing_was_ever_read() {
    let writes = one_by_one(&[("write", json!(1), json!(1)), ("write", json!(2), json!(2))]);
    let (code, line) = check_one(&writes, &[]);
    assert_eq!((code, &line["verdict"]), (0, &json!("valid")), "{line}");
    let told = |line: &Value| line["checks"][0]["reason"].as_str().unwrap_or_default().to_owned();
    assert!(told(&line).starts_with("nothing was ever read"), "{line}");
    let (_, line) = check_one(&valid(), &[]);
    assert_eq!(told(&line), "", "{line}");
}

#[test]
fn passes_nothing_where_nothing_is_ok_unless_the_property_is_asked_for() {
    let open = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n";
    let (code, line) = check_one(open, &[]);
    assert_eq!((code, &line["verdict"]), (2, &json!("unknown")), "{line}");
    let (code, line) = check_one(open, &["--checker", "linearizability"]);
    assert_eq!((code, &line["verdict"]), (0, &json!("valid")), "{line}");
}

#[test]
fn says_that_a_queue_may_be_one_without_order() {
    let out = crate::out();
    let file = format!("{}/queue.jsonl", path(&out));
    fs::write(&file, one_by_one(&[("enqueue", json!(1), json!(1)), ("dequeue", json!(null), json!(1))]))
        .expect("written");
    let hint = "--model unordered-queue";
    assert!(text(&perjury(&["check", &file])).replace('\n', " ").contains("unordered-queue"));
    let named = text(&perjury(&["check", &file, "--model", "fifo-queue"]));
    assert!(!named.contains(hint), "{named}");
}

#[test]
fn prints_these_fields_and_no_others() {
    let (_, line) = check_one(&invalid(), &[]);
    assert_eq!(keys(&line), fields_and(None));
    assert_eq!((&line["operations"], &line["events"]), (&json!(2), &json!(4)));
    assert!(line["parse_millis"].as_f64().is_some() && line["check_millis"].as_f64().is_some());
    let checks = line["checks"].as_array().expect("a list");
    let linearizability = checks.iter().find(|check| check["name"] == "linearizability").expect("it fits");
    let named = ["anomalies", "anomalies_found", "millis", "model", "name", "reason", "verdict"];
    assert_eq!(keys(linearizability), named);
    let anomaly = &linearizability["anomalies"][0];
    assert_eq!(keys(anomaly), ["explanation", "key", "operations", "type"]);
    assert_eq!((&anomaly["type"], &anomaly["key"]), (&json!("not-linearizable"), &Value::Null));
    assert_eq!(anomaly["operations"], json!([0, 2]));
    let integrity = checks.iter().find(|check| check["name"] == "integrity").expect("it fits");
    assert_eq!(keys(integrity), ["anomalies", "anomalies_found", "millis", "name", "reason", "verdict"]);
}

#[test]
fn ends_with_the_code_of_the_worst_verdict() {
    let (valid, invalid) = (valid(), invalid());
    let unknown = event(0, "invoke", "fly", &json!(1));
    assert_eq!(check(&[&valid, &valid], &[]).0, 0);
    assert_eq!(check(&[&valid, &unknown], &[]).0, 2);
    assert_eq!(check(&[&unknown, &invalid, &valid], &[]).0, 1);
}

#[test]
fn does_not_pass_what_shows_nothing() {
    let header = "{\"format\":\"perjury-history\",\"schema\":1}\n";
    let nemesis = "{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"healed\",\"value\":null}\n";
    for content in ["", "\n", header, nemesis] {
        let (code, line) = check_one(content, &[]);
        assert_eq!((code, &line["verdict"]), (2, &json!("unknown")), "{content:?}: {line}");
        assert_eq!(line["reason"], "no operations: there is nothing to judge", "{content:?}: {line}");
    }
}

#[test]
fn has_no_checker_for_transactions_yet() {
    let transaction = one_by_one(&[("txn", json!([["append", "x", 1]]), json!([["append", "x", 1]]))]);
    let (code, line) = check_one(&transaction, &[]);
    assert_eq!((code, &line["verdict"]), (2, &json!("unknown")));
    assert!(line["reason"].as_str().is_some_and(|reason| reason.starts_with("no checker yet")), "{line}");
}

#[test]
fn tells_of_operations_that_no_event_invoked() {
    let lone = r#"{"process":1,"type":"ok","f":"read","value":1}"#;
    let (_, line) = check_one(&(valid() + lone), &[]);
    assert_eq!((&line["operations"], &line["uninvoked"]), (&json!(3), &json!(1)), "{line}");
    assert_eq!(keys(&line), fields_and(Some("uninvoked")));
    let out = crate::out();
    let file = format!("{}/h.jsonl", path(&out));
    fs::write(&file, valid() + lone).expect("written");
    let shown = text(&perjury(&["check", &file]));
    assert!(
        shown.contains("\nuninvoked      1 of 3 operations: each counts as invoked in the moment of its"),
        "{shown}"
    );
}

#[test]
fn goes_on_after_a_file_that_cannot_be_read() {
    let cut = valid() + "{\"process\":0,\"type\":\"inv";
    let (code, lines, errors) = check(&[&cut, &invalid(), "what is this?"], &[]);
    assert_eq!(code, 254);
    assert_eq!(lines.len(), 3);
    assert_eq!(keys(&lines[0]), fields_and(Some("error")));
    assert_eq!((&lines[0]["checks"], &lines[0]["operations"]), (&json!([]), &Value::Null));
    assert!(
        lines[0]["error"].as_str().is_some_and(|error| error.contains("/0: line 5, column ")),
        "{}",
        lines[0]
    );
    let verdicts: Vec<&Value> = lines.iter().map(|line| &line["verdict"]).collect();
    assert_eq!(verdicts, ["unknown", "invalid", "unknown"]);
    assert!(errors.contains("/0: line 5, column ") && errors.contains("--format"), "{errors}");

    let output = perjury(&["check", "/no/such/history"]);
    assert_eq!(crate::code(&output), 254);
    assert!(crate::errors(&output).starts_with("error: /no/such/history: "), "{}", crate::errors(&output));
    assert!(!crate::errors(&output).contains("--help"), "{}", crate::errors(&output));
}

#[test]
fn judges_by_the_model_that_is_named() {
    let swapped = one_by_one(&[
        ("enqueue", json!(1), json!(1)),
        ("enqueue", json!(2), json!(2)),
        ("dequeue", Value::Null, json!(2)),
        ("dequeue", Value::Null, json!(1)),
    ]);
    for (model, expected) in [("unordered-queue", 0), ("fifo-queue", 1)] {
        let (code, line) = check_one(&swapped, &["--checker", "linearizability", "--model", model]);
        assert_eq!((code, &line["checks"][0]["model"]), (expected, &json!(model)), "{line}");
    }
    let (code, lines, errors) = check(&[&swapped], &["--model", "fifo-queu"]);
    assert_eq!((code, lines.len()), (254, 0));
    assert!(errors.contains("'fifo-queue'"), "{errors}");
}

#[test]
fn begins_with_the_state_that_is_given() {
    let read = one_by_one(&[("read", Value::Null, json!(7))]);
    let judge = |init| check_one(&read, &["--checker", "linearizability", "--init", init]).0;
    assert_eq!((judge("7"), judge("8"), judge("null")), (0, 1, 1));
    let (code, _, errors) = check(&[&read], &["--init", "x"]);
    assert_eq!(code, 254);
    assert!(errors.contains("write JSON, such as"), "{errors}");
}

#[test]
fn reads_the_format_that_its_content_fits_or_the_one_that_is_named() {
    let edn =
        "{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f :write, :value 1}\n";
    assert_eq!(check_one(edn, &["--checker", "integrity"]).0, 0);
    let (code, lines, errors) = check(&[edn], &["--format", "jsonl"]);
    assert_eq!((code, &lines[0]["verdict"]), (254, &json!("unknown")));
    assert!(errors.contains("line 1, column "), "{errors}");
}

#[test]
fn reads_a_folder_of_another_format() {
    let out = crate::out();
    let words = |letter: u8, numbers: &[u64]| {
        [letter]
            .into_iter()
            .chain(numbers.iter().flat_map(|number| number.to_be_bytes()))
            .collect::<Vec<u8>>()
    };
    let log = [words(b'S', &[5]), words(b'W', &[6, 7, 8]), words(b'C', &[5])].concat();
    fs::write(out.path().join("T0.log"), log).expect("written");
    let output = perjury(&["check", path(&out), "--json"]);
    let line: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!((code(&output), &line["operations"]), (2, &json!(1)), "{line}");
}

#[test]
fn says_what_was_judged_by_what_and_why() {
    let out = crate::out();
    let file = format!("{}/h", path(&out));
    fs::write(&file, invalid()).expect("written");
    let output = perjury(&["check", &file]);
    let text = text(&output);
    for part in [
        "format         jsonl, read in ",
        "judged by      ",
        "│ linearizability ┆ ",
        "verdict        invalid\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(errors(&output), "");
}

#[test]
fn keeps_the_time_that_is_allowed() {
    let started = perjury::sweep::wall_ns();
    let (code, line) =
        check_one(&hard::register(), &["--checker", "integrity,linearizability", "--time-limit", "500ms"]);
    // Half a second, a second of grace, and the rest for a busy machine.
    let spent_ns = perjury::sweep::wall_ns() - started;
    assert!(spent_ns < 20_000_000_000, "{spent_ns}");
    assert_eq!((code, &line["verdict"]), (2, &json!("unknown")), "{line}");
    assert_eq!(line["checks"][0]["verdict"], "valid", "what was decided stays: {line}");
    let reason = line["checks"][1]["reason"].as_str().expect("a reason");
    assert!(reason.contains("the time limit") && reason.contains("operations"), "{reason}");
}

#[test]
fn keeps_the_memory_that_is_allowed() {
    if !cfg!(target_os = "linux") {
        return; // Nothing tells us there how much is used.
    }
    let hard = hard::register();
    let (code, lines, _) =
        check(&[&hard, &valid()], &["--checker", "linearizability", "--memory-limit", "25MB"]);
    assert_eq!((code, &lines[0]["verdict"]), (2, &json!("unknown")), "{}", lines[0]);
    let reason = lines[0]["checks"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("the memory limit"), "{reason}");
    let bytes = lines[0]["peak_memory_bytes"].as_u64().expect("Linux tells");
    // The kernel counts pages in batches, a thread each: what is read may lack a few hundred kilobytes.
    assert!((24_000_000..120_000_000).contains(&bytes), "{bytes}");
}

#[test]
fn keeps_its_limits_while_it_reads() {
    let line = event(0, "invoke", "write", &json!(1)) + &event(0, "ok", "write", &json!(1));
    let (code, line) = check_one(&line.repeat(400_000), &["--time-limit", "1ms"]);
    assert_eq!((code, &line["verdict"]), (2, &json!("unknown")), "{line}");
    assert_eq!(line["error"], "the time limit was reached while reading");
}

#[test]
fn counts_configurations_alike_every_time() {
    let hard = hard::register();
    let judge = || {
        let (code, line) = check_one(&hard, &["--checker", "linearizability", "--work-limit", "2000"]);
        assert_eq!(code, 2, "{line}");
        line["checks"][0]["reason"].as_str().expect("a reason").to_owned()
    };
    let reason = judge();
    assert!(reason.contains("2000"), "{reason}");
    assert_eq!(reason, judge());
}

#[test]
fn explains_limits_that_are_none() {
    for (option, value, word) in [
        ("--time-limit", "60", "such as 60s"),
        ("--time-limit", "0s", "shorter than"),
        ("--memory-limit", "4G", "such as 4GiB"),
        ("--memory-limit", "0MB", "less than a byte"),
        ("--work-limit", "many", "invalid digit"),
    ] {
        let (code, lines, errors) = check(&[&valid()], &[option, value]);
        assert_eq!((code, lines.len()), (254, 0), "{option} {value}");
        assert!(errors.contains(word), "{option} {value}: {errors}");
    }
}
