use std::io::BufReader;

use serde_json::json;

use super::*;
use crate::notation::{parse, print};
use crate::{Kind, Process, Value, Version};

fn problem(text: &str) -> String {
    read(&mut text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn reads_operations_however_they_stand() {
    let expected = "0:write(_,1) nemesis:heal() 1:read()=1";
    let operations = [
        "{:type :invoke :f :write, :value 1, :process 0}",
        "#jepsen.history.Op{:type :ok,\n\t:f :write ; done\n :value 1, :process 0}",
        "{:process :nemesis :type :info :f :heal :value nil :clock #object[a.B 0x4 \"\"]}",
        "#op\n {\"type\" \"invoke\" \"f\" \"read\" :process 1}",
        "{:process 1 :type :ok :f :read :value 1 1 2 :extra #{1 1}}",
    ];
    for (separator, opening, closing) in [
        ("\n", "", ""),
        ("", "", ""),
        (" ; comment\n", "; first\n", " #_ {:last :one}"),
        (",\n ", "[", "]"),
        (" ", "\n( ", " ) ; end"),
    ] {
        let text = format!("{opening}{}{closing}", operations.join(separator));
        let history = read(&mut text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(print(&history), expected, "{text}");
        let in_sequence = !opening.trim_start().is_empty() && !opening.starts_with(';');
        assert!(fits(&text, in_sequence), "{text}");
    }
}

#[test]
fn keeps_errors_that_json_has_no_words_for_as_text() {
    let error = |text: &str| {
        let text = format!("{{:type :info :process :nemesis :error {text}}}");
        read(&mut text.as_bytes()).unwrap().events().next()?.error.cloned()
    };
    assert_eq!(error(":timeout"), Some(json!(":timeout")));
    assert_eq!(error("[:socket, \"Broken pipe\"]"), Some(json!("[:socket \"Broken pipe\"]")));
    assert_eq!(error("\"Carmine connection error\""), Some(json!("Carmine connection error")));
    assert_eq!(error("[\"a\" {\"b\" 1/2}]"), Some(json!(["a", {"b": {"##": "1/2"}}])));
    assert_eq!(error("nil"), None);
}

#[test]
fn names_events_by_position_when_indices_do_not_increase() {
    let note = |index: u64| format!("{{:type :info :process :nemesis :index {index}}}\n");
    let indices = |text: String| {
        let history = read(&mut text.as_bytes()).unwrap();
        history.events().map(|event| event.index).collect::<Vec<_>>()
    };
    assert_eq!(indices(note(3) + &note(5)), [3, 5]);
    assert_eq!(indices(note(3) + &note(3)), [0, 1]);
}

#[test]
fn places_what_is_wrong() {
    let expected = "expected an operation, a map such as {:type :invoke, :f :read}";
    for (text, problem_expected) in [
        ("[\n :a]".to_owned(), format!("line 2, column 2: {expected}")),
        ("{:type :ok} 7".to_owned(), format!("line 1, column 13: {expected}")),
        ("[[]]".to_owned(), format!("line 1, column 2: {expected}")),
        ("[)".to_owned(), format!("line 1, column 2: {expected}")),
        ("]".to_owned(), format!("line 1, column 1: {expected}")),
        ("#{1}".to_owned(), format!("line 1, column 1: {expected}")),
        ("#a [1]".to_owned(), format!("line 1, column 4: {expected}")),
        ("[{:type :ok}\n ".to_owned(), "line 2, column 2: the text ends, but its ] is missing".to_owned()),
        ("#a".to_owned(), "line 1, column 1: the text ends after a tag".to_owned()),
        ("\n{:f".to_owned(), "line 2, column 4: the text ends where a value should be".to_owned()),
        ("\n {:f :read}".to_owned(), "line 2, column 2: `type` is missing: expected invoke, ok, fail or info".to_owned()),
        ("{:type :ok,\n :process -1}".to_owned(), "line 2, column 11: `process`: invalid type: integer `-1`, expected a number from 0, \"nemesis\" or null".to_owned()),
        ("{:type :ok,\n :value [1 2 12x]}".to_owned(), "line 2, column 14: 12x is no number".to_owned()),
        ("{:value\n #{1 1}}".to_owned(), "line 2, column 2: 1 stands twice in a set".to_owned()),
        ("{:type}".to_owned(), "line 1, column 7: the last key of this map has no value".to_owned()),
        ("{:f :a\n :f :a}".to_owned(), "line 2, column 5: `f` stands there twice".to_owned()),
        (
            "\n{:type :invoke :process 0 :f :a}\n{:type :ok :process 0 :f :b}".to_owned(),
            "line 3: event 1: process 0 completes b, but it had invoked a at event 0".to_owned(),
        ),
    ] {
        assert_eq!(problem(&text), problem_expected, "{text}");
    }
    // At once, and in portions of several sizes.
    for (bytes, place) in [
        (&b"{:type :ok}\n{:f \"\xff\"}"[..], "line 2, column 6"),
        (b"{:type :ok}\n\xc3", "line 2, column 1"),
        (b"{:type :ok} ;\xf0\x9f\x98", "line 1, column 14"),
    ] {
        for capacity in 1..20 {
            let error = read(&mut BufReader::with_capacity(capacity, bytes)).unwrap_err();
            assert_eq!(error.to_string(), format!("{place}: not UTF-8"), "{capacity}");
        }
        assert_eq!(read(&mut &bytes[..]).unwrap_err().to_string(), format!("{place}: not UTF-8"));
    }
}

/// Characters, comments and maps longer than what is read at once.
#[test]
fn reads_a_long_text_piece_by_piece() {
    let long = "é".repeat(300_000);
    let note = |index: u64, value: &str| {
        format!("{{:index {index}, :type :info, :process :nemesis, :f :é, :value \"{value}\"}}\n")
    };
    let mut text = format!("; {long}\n");
    for index in 0..10_000 {
        text += &note(index, if index % 5_000 == 0 { &long } else { "é" });
    }
    let history = read(&mut text.as_bytes()).unwrap();
    assert_eq!(history.events().len(), 10_000);
    assert_eq!(history.event(5_000).unwrap().value, &json!(long));

    text += &format!("{{:value \"{long}\" :f 1}}");
    let column = 2 * long.chars().count() + 15;
    assert_eq!(
        problem(&text),
        format!("line 10002, column {column}: `f`: invalid type: integer `1`, expected a string")
    );
    text.truncate(text.len() - 6);
    assert_eq!(problem(&text), "line 10002, column 1: the text ends, but this map is not closed");
}

#[test]
fn writes_what_jepsen_would() {
    let history = parse(
        "0:write(x,1)/n1? 1s7:read!(5)=null@3.0 0:info nemesis:partition(_,{\"n1\":[\"n2\"]}) 2:txn(_,[[\"r\",\"x\",null]])=[[\"r\",\"x\",[1]]]
         3:\"my f\"(_,[\"r\",1]) ?:\"\"()=1",
    );
    let mut text = Vec::new();
    write(&history.unwrap(), &mut text).unwrap();
    let expected = r#"{:index 0, :type :invoke, :process 0, :f :write, :value 1, :key "x", :node "n1"}
{:index 1, :type :invoke, :process 1, :f :read, :value nil, :key 5, :final? true, :session 7}
{:index 2, :type :ok, :process 1, :f :read, :value nil, :key 5, :final? true, :session 7, :version [3 0]}
{:index 3, :type :info, :process 0, :f :write, :value 1, :key "x", :node "n1"}
{:index 4, :type :info, :process :nemesis, :f :partition, :value {"n1" ["n2"]}}
{:index 5, :type :invoke, :process 2, :f :txn, :value [[:r "x" nil]]}
{:index 6, :type :ok, :process 2, :f :txn, :value [[:r "x" [1]]]}
{:index 7, :type :invoke, :process 3, :f "my f", :value ["r" 1]}
{:index 8, :type :ok, :process 3, :f "my f", :value ["r" 1]}
{:index 9, :type :ok, :process nil, :f nil, :value 1}
"#;
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn writes_times_and_errors() {
    let event = Event {
        time: Some(u64::MAX),
        error: Some(json!({"a": ["b", {"##": "1/2"}]})),
        version: Some(Version(vec![])),
        value: Value::from(u64::MAX),
        ..Event::new(u64::MAX, Process::Client(u64::MAX), Kind::Ok, "r?")
    };
    let history = History::new([event]).unwrap();
    let mut text = Vec::new();
    write(&history, &mut text).unwrap();
    let max = u64::MAX;
    assert_eq!(
        String::from_utf8_lossy(&text),
        format!(
            "{{:index {max}, :time {max}, :type :ok, :process {max}, :f :r?, :value {max}N, :error {{\"a\" [\"b\" {{:x 1/2}}]}}, :version []}}\n"
        )
        .replace("{:x 1/2}", "1/2")
    );
    assert_eq!(read(&mut text.as_slice()).unwrap(), history);
}
