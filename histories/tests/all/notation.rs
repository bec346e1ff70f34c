//! The notation: what it can say is read back, and bad text gives an error with its column.

use perjury_histories::{Event, History, Key, Kind, Process, Version, notation};
use proptest::prelude::*;
use serde_json::json;

use crate::strategies;

fn parse(text: &str) -> History {
    notation::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn problem(text: &str) -> String {
    notation::parse(text).unwrap_err().to_string()
}

proptest! {
    #[test]
    fn reads_back_any_history_it_can_say(history in strategies::notable_histories()) {
        let text = notation::print(&history);
        let again = notation::parse(&text);
        prop_assert!(again.is_ok(), "{}: {}", text, again.unwrap_err());
        prop_assert_eq!(&again.unwrap(), &history, "{}", text);
    }

    #[test]
    fn reads_whatever_it_prints(events in prop::collection::vec(strategies::events(), 0..8)) {
        let mut history = History::default();
        for (index, event) in (0..).zip(events) {
            let version = event.version.clone().filter(|version| !version.0.is_empty());
            let _ = history.push(Event { index, version, ..event });
        }
        let again = notation::parse(&notation::print(&history)).unwrap();
        prop_assert_eq!(again.events().len(), history.events().len());
    }

    #[test]
    fn survives_any_text(
        text in r#"(nemesis|read|ok|fail|[0-9]|[-:(),_=@./!?#s"]|\[|\]|\{|é| |\n){0,24}"#
    ) {
        if let Err(error) = notation::parse(&text) {
            prop_assert!(error.to_string().contains("column"), "{}", error);
        }
    }
}

#[test]
fn writes_a_whole_operation_as_two_events() {
    let history = parse("1s7:read(x)/n2=5@3.1");
    let invocation = Event {
        key: Some(Key::from("x")),
        node: Some("n2".to_owned()),
        session: Some(7),
        ..Event::new(0, Process::Client(1), Kind::Invoke, "read")
    };
    let completion = Event {
        index: 1,
        kind: Kind::Ok,
        value: json!(5),
        version: Some(Version(vec![3, 1])),
        ..invocation.clone()
    };
    assert_eq!(history, History::new([invocation, completion]).unwrap());
}

#[test]
fn repeats_the_argument_in_a_completion_that_names_no_value() {
    for text in ["0:write(x,1)", "0:write(x,1)? 0:ok", "0:write(x,1):info", "0:write(x,1)? 0:fail"] {
        assert_eq!(parse(text).at(1).value, &json!(1), "{text}");
    }
    assert_eq!(parse("0:write(x,1)=null").at(1).value, &json!(null));
}

#[test]
fn writes_a_note_as_one_event() {
    let history = parse(r#"nemesis:acknowledge(x)/n1@3 nemesis:partition(_, {"nodes": ["n1", "n2"]})"#);
    let acknowledge = Event {
        key: Some(Key::from("x")),
        node: Some("n1".to_owned()),
        version: Some(Version(vec![3])),
        ..Event::new(0, Process::Nemesis, Kind::Info, "acknowledge")
    };
    let partition = Event {
        value: json!({"nodes": ["n1", "n2"]}),
        ..Event::new(1, Process::Nemesis, Kind::Info, "partition")
    };
    assert_eq!(history, History::new([acknowledge, partition]).unwrap());
}

#[test]
fn tells_words_from_numbers_and_keywords() {
    let value = |text: &str| parse(&format!("0:write(x,{text})")).at(0).value.clone();
    assert_eq!(value("one-2"), json!("one-2"));
    assert_eq!(value("\"null\""), json!("null"));
    assert_eq!(value("null"), json!(null));
    assert_eq!(value("-1.5e+3"), json!(-1500.0));
    assert_eq!(value("[ \"a\", {} ]"), json!(["a", {}]));
    assert_eq!(parse("0:read(-3)").at(0).key, Some(&Key::Number(-3)));
    assert_eq!(parse("0:read(\"-3\")").at(0).key, Some(&Key::from("-3")));
}

#[test]
fn takes_any_white_space_between_terms() {
    assert_eq!(parse("  0:read(x)\n\t1:write( x , 2 )\n"), parse("0:read(x) 1:write(x,2)"));
    assert_eq!(parse(" \n "), History::default());
}

#[test]
fn says_where_it_stopped_understanding() {
    for (text, expected) in [
        ("0:read(x) 0;read(x)", "line 1, column 12: expected ':' and a function"),
        ("0:read(x)\n 1:read[x]", "line 2, column 8: expected '('"),
        ("0:write(é)", "line 1, column 9: expected a key, or _"),
        ("0:write(\"é\",)", "line 1, column 13: expected a value"),
        ("0:write(x,1", "line 1, column 12: expected ')'"),
        ("0:write(x,[1)", "line 1, column 11: not JSON: expected `,` or `]`"),
        ("0:write(x,01)", "line 1, column 11: 01: invalid number"),
        ("0:read(x)=1@", "line 1, column 13: expected a version"),
        ("0:read(x)=1@3.x", "line 1, column 15: expected the next number of a version"),
        ("0:read(x):maybe", "line 1, column 10: unexpected ':'"),
        ("0:read(x)=1?", "line 1, column 12: unexpected '?'"),
        ("bob:read(x)", "line 1, column 1: expected a process: a number, nemesis or ?"),
        ("-1:read(x)", "line 1, column 1: expected a process: a number, nemesis or ?, not -1"),
        ("0:write(x,[1e999])", "line 1, column 16: number out of range"),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn says_which_term_makes_the_history_malformed() {
    for (text, expected) in [
        ("0:read(x)? 1:ok", "line 1, column 12: process 1 has nothing open"),
        ("?:ok", "line 1, column 1: process ? has nothing open"),
        (
            "0:read(x)? 0:write(x,1)",
            "line 1, column 12: event 1: process 0 invokes write while its read of event 0 is still open",
        ),
        (
            "#5 0:read(x) #6 0:read(x)",
            "line 1, column 17: event 6: its index does not exceed that of the event before it, 6",
        ),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
}
