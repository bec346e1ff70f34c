//! EDN: what is printed reads back, and JSON goes there and back.

use std::borrow::Cow;

use perjury_histories::edn::{self, Edn};
use perjury_histories::format::jepsen_edn;
use perjury_histories::{History, Kind, Process};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::strategies::{events, notable_histories, strings, values};

/// Names of symbols, keywords and tags.
fn names() -> impl Strategy<Value = Cow<'static, str>> {
    "[a-zé][a-z0-9é.*+!_?$%&=<>':#|-]{0,5}(/[a-z+<]{1,3})?"
        .prop_filter("is no symbol", |name| !matches!(name.as_str(), "nil" | "true" | "false"))
        .prop_map(Cow::Owned)
}

fn digits(pattern: &'static str) -> impl Strategy<Value = Cow<'static, str>> {
    pattern.prop_map(Cow::Owned)
}

/// Any EDN of moderate depth; not a number, which equals nothing, excepted.
fn edns() -> impl Strategy<Value = Edn<'static>> {
    let scalars = prop_oneof![
        Just(Edn::Nil),
        any::<bool>().prop_map(Edn::Bool),
        any::<i64>().prop_map(Edn::Integer),
        digits("-?[1-9][0-9]{19,25}").prop_map(Edn::Big),
        digits("-?(0|[1-9][0-9]{0,25})/[1-9][0-9]{0,5}").prop_map(Edn::Ratio),
        prop_oneof![any::<f64>(), Just(f64::INFINITY), Just(f64::NEG_INFINITY)].prop_map(Edn::Float),
        digits("-?(0|[1-9][0-9]{0,25})(\\.[0-9]{0,3})?([eE][+-]?[0-9]{1,3})?").prop_map(Edn::Decimal),
        prop_oneof![any::<char>(), prop::char::range('\0', '\u{ff}')].prop_map(Edn::Character),
        prop_oneof![strings(), "[\\x00-\\x7f]{0,5}"].prop_map(|text| Edn::Text(Cow::Owned(text))),
        names().prop_map(Edn::Symbol),
        names().prop_map(Edn::Keyword),
    ];
    scalars.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Edn::List),
            vec(inner.clone(), 0..4).prop_map(Edn::Vector),
            vec(inner.clone(), 0..4).prop_map(Edn::Set),
            vec((inner.clone(), inner.clone()), 0..4).prop_map(Edn::Map),
            (names(), inner).prop_map(|(tag, value)| Edn::Tagged(tag, Box::new(value))),
        ]
    })
}

proptest! {
    #[test]
    fn reads_back_what_it_prints(value in edns()) {
        let text = value.to_string();
        prop_assert_eq!(edn::parse(&text), Ok(value), "{}", text);
    }

    #[test]
    fn takes_json_there_and_back(value in values()) {
        let text = Edn::from_json(&value).to_string();
        prop_assert_eq!(edn::parse(&text).unwrap().into_json(), Ok(value), "{}", text);
    }

    /// What has a JSON form keeps it on the way through EDN, also where JSON has no words of its own.
    #[test]
    fn keeps_the_json_of_any_edn(value in edns()) {
        if let Ok(json) = value.into_json() {
            let text = Edn::from_json(&json).to_string();
            prop_assert_eq!(edn::parse(&text).unwrap().into_json(), Ok(json), "{}", text);
        }
    }

    #[test]
    fn places_problems_within_the_text(text in "[\\[\\](){}#_:;\"\\\\a1/.,M \né+-]{0,30}") {
        match edn::parse(&text) {
            Ok(value) => {
                let again = value.to_string();
                prop_assert_eq!(edn::parse(&again), Ok(value), "{}", again);
            }
            Err(problem) => prop_assert!(text.is_char_boundary(problem.offset), "{}", problem),
        }
    }
}

/// A history, written as Jepsen's EDN and read back.
fn again(history: &History) -> History {
    let mut bytes = Vec::new();
    jepsen_edn::write(history, &mut bytes).unwrap();
    jepsen_edn::read(&mut bytes.as_slice())
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&bytes)))
}

proptest! {
    #[test]
    fn reads_back_any_event(event in events()) {
        prop_assume!((event.process, event.kind) != (Process::Unknown, Kind::Invoke));
        let history = History::new([event]).unwrap();
        prop_assert_eq!(again(&history), history);
    }

    #[test]
    fn reads_back_any_history(history in notable_histories()) {
        prop_assert_eq!(again(&history), history);
    }
}
