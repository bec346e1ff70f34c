//! JSON Lines: what is written is read back, byte for byte the same every time.

use perjury_histories::format::jsonl::{self, Writer};
use perjury_histories::{Event, EventRef, Key, Kind, Process, Version, notation};
use proptest::prelude::*;
use serde_json::json;

use crate::strategies;

fn write(events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for event in events {
        writer.write(event).unwrap();
    }
    writer.finish().unwrap()
}

fn read(text: &str) -> Vec<Event> {
    jsonl::read(text.as_bytes()).unwrap().events().map(EventRef::to_event).collect()
}

proptest! {
    #[test]
    fn reads_back_any_event(event in strategies::events()) {
        prop_assume!((event.process, event.kind) != (Process::Unknown, Kind::Invoke));
        let bytes = write(std::slice::from_ref(&event));
        let again = read(std::str::from_utf8(&bytes).unwrap());
        prop_assert_eq!(write(&again), bytes);
        prop_assert_eq!(again, [event]);
    }

    #[test]
    fn reads_back_any_history(history in strategies::notable_histories()) {
        let mut bytes = Vec::new();
        jsonl::write(&history, &mut bytes).unwrap();
        prop_assert_eq!(jsonl::read(bytes.as_slice()).unwrap(), history);
    }
}

#[test]
fn writes_the_fields_in_their_order() {
    let full = Event {
        index: 7,
        time: Some(5),
        process: Process::Client(3),
        kind: Kind::Ok,
        function: "read".to_owned(),
        value: json!({"b": [1, 2.5], "a": "é\n"}),
        key: Some(Key::Number(-1)),
        node: Some("n1".to_owned()),
        error: Some(json!("late")),
        is_final: true,
        session: Some(9),
        version: Some(Version(vec![1, 0])),
    };
    let bare = Event { error: Some(json!(null)), ..Event::new(8, Process::Unknown, Kind::Info, "") };
    assert_eq!(
        String::from_utf8(write(&[full, bare])).unwrap(),
        concat!(
            r#"{"format":"perjury-history","schema":1}"#,
            "\n",
            r#"{"index":7,"process":3,"type":"ok","f":"read","value":{"a":"é\n","b":[1,2.5]},"key":-1,"#,
            r#""time":5,"node":"n1","final":true,"error":"late","session":9,"version":[1,0]}"#,
            "\n",
            r#"{"index":8,"process":null,"type":"info","f":null,"value":null}"#,
            "\n",
        )
    );
}

#[test]
fn writes_a_header_even_for_an_empty_history() {
    let bytes = write(&[]);
    assert_eq!(bytes, b"{\"format\":\"perjury-history\",\"schema\":1}\n");
    assert_eq!(jsonl::read(bytes.as_slice()).unwrap().events().len(), 0);
}

#[test]
fn reads_events_with_as_little_as_a_type_and_a_function() {
    let events = read(
        "\n{\"type\":\"ok\",\"f\":\"read\"}\r\n \n{\"f\":null,\"x\":[{}],\"type\":\"fail\",\"process\":3}",
    );
    assert_eq!(
        events,
        [
            Event::new(0, Process::Unknown, Kind::Ok, "read"),
            Event::new(1, Process::Client(3), Kind::Fail, ""),
        ]
    );
}

#[test]
fn takes_null_for_absent() {
    let absent = ["index", "process", "value", "key", "time", "node", "final", "error", "session", "version"];
    for field in absent {
        let events = read(&format!(r#"{{"type":"ok","f":"read","{field}":null}}"#));
        assert_eq!(events, [Event::new(0, Process::Unknown, Kind::Ok, "read")], "{field}");
    }
}

#[test]
fn takes_jepsens_time_of_minus_one_for_none() {
    assert_eq!(read(r#"{"type":"ok","f":"read","time":-1}"#)[0].time, None);
}

#[test]
fn renumbers_a_history_whose_indices_name_no_single_event() {
    let line =
        |index| format!("{{\"index\":{index},\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"x\"}}\n");
    let indices = |text: String| {
        let history = jsonl::read(text.as_bytes()).unwrap();
        history.events().map(|event| event.index).collect::<Vec<_>>()
    };
    assert_eq!(indices(line(3) + &line(7)), [3, 7]);
    assert_eq!(indices(line(3) + &line(3)), [0, 1]);
    assert_eq!(indices(line(4) + &line(3) + &line(9)), [0, 1, 2]);
}

#[test]
fn writes_what_the_notation_says() {
    let mut bytes = Vec::new();
    jsonl::write(&notation::parse("0s7:read!(x)/n2=1@3").unwrap(), &mut bytes).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap().lines().last().unwrap(),
        concat!(
            r#"{"index":1,"process":0,"type":"ok","f":"read","value":1,"key":"x","#,
            r#""node":"n2","final":true,"session":7,"version":[3]}"#
        )
    );
}
