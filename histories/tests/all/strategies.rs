//! Random events and histories.

use perjury_histories::{Event, History, Key, Kind, Process, Value, Version};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::Map;

/// Any JSON value of moderate depth, with the largest and the smallest numbers.
pub fn values() -> impl Strategy<Value = Value> {
    let scalars = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        strings().prop_map(Value::from),
    ];
    scalars.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(strings(), inner, 0..4).prop_map(|fields| Value::from(Map::from_iter(fields))),
        ]
    })
}

/// Words, what looks like a number or a keyword, and any characters at all.
pub fn strings() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9_-]{0,4}",
        prop_oneof!["null", "_", "ok", "nemesis", "-?[0-9]{1,3}", "e5"].prop_map(String::from),
        any::<String>(),
    ]
}

fn keys() -> impl Strategy<Value = Key> {
    prop_oneof![any::<i64>().prop_map(Key::Number), strings().prop_map(Key::Name)]
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Invoke), Just(Kind::Ok), Just(Kind::Fail), Just(Kind::Info)]
}

fn processes() -> impl Strategy<Value = Process> {
    prop_oneof![
        4 => (0..4_u64).prop_map(Process::Client),
        1 => any::<u64>().prop_map(Process::Client),
        1 => Just(Process::Nemesis),
        1 => Just(Process::Unknown),
    ]
}

prop_compose! {
    /// Any event; a null error, which is as good as none, excepted.
    pub fn events()(
        (index, process, kind, function) in (any::<u64>(), processes(), kinds(), strings()),
        (value, key, time, node) in (values(), of(keys()), of(any::<u64>()), of(strings())),
        error in of(values().prop_filter("is none", |error| !error.is_null())),
        (is_final, session) in (any::<bool>(), of(any::<u64>())),
        version in of(vec(any::<i64>(), 0..4)),
    ) -> Event {
        let version = version.map(Version);
        Event { index, time, process, kind, function, value, key, node, error, is_final, session, version }
    }
}

/// Histories that the notation can say: no times, no errors, and completions that share function, key,
/// session and finality with their invocations.
pub fn notable_histories() -> impl Strategy<Value = History> {
    vec((events(), 1..3_u64), 0..12).prop_map(|drafts| {
        let mut history = History::default();
        let mut open = std::collections::BTreeMap::<Process, Event>::new();
        let mut index = 0;
        for (draft, gap) in drafts {
            let mut event = Event { index, time: None, error: None, ..draft };
            let invocation = open.remove(&event.process);
            match (event.process, event.kind, invocation) {
                (Process::Nemesis, _, _) => (event.kind, event.session) = (Kind::Info, None),
                (Process::Unknown, Kind::Invoke, _) => event.kind = Kind::Ok,
                (_, _, Some(invocation)) => {
                    event.kind = if event.kind == Kind::Invoke { Kind::Info } else { event.kind };
                    event.node = event.node.or(invocation.node);
                    event.function = invocation.function;
                    event.key = invocation.key;
                    event.session = invocation.session;
                    event.is_final = invocation.is_final;
                }
                (_, Kind::Invoke, None) => {
                    event.version = None;
                    open.insert(event.process, event.clone());
                }
                _ => {}
            }
            event.version = event.version.filter(|version| !version.0.is_empty());
            history.push(event).expect("well formed");
            index += gap;
        }
        history
    })
}
