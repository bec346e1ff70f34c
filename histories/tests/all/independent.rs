//! Keys inside of values: whatever history has keys, its tuples are told and taken apart again.

use perjury_histories::{Event, History, Key, Kind, Process, Value};
use proptest::prelude::*;

use crate::strategies::notable_histories;

/// The key of what this process does.
fn key_of(process: Process) -> Key {
    match process {
        Process::Client(number) if number % 2 == 0 => Key::Number(-7),
        Process::Client(_) => Key::from("x"),
        _ => Key::from(""),
    }
}

/// This history with a key for every operation, and one operation that asks.
fn with_keys(history: &History) -> History {
    let asked = history.events().last().map_or(0, |event| event.index + 1);
    let mut events = history.to_events();
    for event in events.iter_mut().filter(|event| event.process != Process::Nemesis) {
        event.key = Some(key_of(event.process));
    }
    let client = Process::Client(u64::MAX - 10);
    let ask = |index, kind| Event { key: Some(key_of(client)), ..Event::new(index, client, kind, "ask!") };
    events.push(ask(asked, Kind::Invoke));
    events.push(Event { value: Value::from(5), ..ask(asked + 1, Kind::Ok) });
    History::new(events).expect("well formed")
}

/// The same with its keys inside of the values, as Jepsen has them.
fn with_tuples(history: &History) -> History {
    let events = history.to_events().into_iter().map(|event| match event.key {
        Some(key) if event.process != Process::Nemesis => {
            let key = serde_json::to_value(&key).expect("a key");
            Event { key: None, value: Value::from(vec![key, event.value]), ..event }
        }
        key => Event { key, ..event },
    });
    History::new(events).expect("well formed")
}

proptest! {
    #[test]
    fn takes_tuples_apart(history in notable_histories()) {
        let keyed = with_keys(&history);
        let mut split = with_tuples(&keyed);
        prop_assert!(split.split_by_key());
        prop_assert_eq!(&split, &keyed);
        prop_assert!(!split.split_by_key());
        prop_assert_eq!(split, keyed);
    }

    #[test]
    fn leaves_other_histories_as_they_are(history in notable_histories()) {
        let mut split = history.clone();
        let is_split = split.split_by_key();
        prop_assert_eq!(is_split, split != history);
    }
}
