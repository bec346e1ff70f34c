use serde_json::json;

use super::*;
use crate::edn::parse;

fn value(text: &str) -> Value {
    parse(text).unwrap().into_json().unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

fn problem(text: &str) -> String {
    parse(text).unwrap().into_json().unwrap_err().problem
}

#[test]
fn says_in_json_what_json_has_words_for() {
    for (text, expected) in [
        ("nil", json!(null)),
        ("[true \"a\" 1.5 -1 12N]", json!([true, "a", 1.5, -1, 12])),
        ("18446744073709551615", json!(u64::MAX)),
        ("(:a :b/c d \\e)", json!(["a", "b/c", "d", "e"])),
        ("{:a 1 \"b\" 2 c 3 \\d 4}", json!({"a": 1, "b": 2, "c": 3, "d": 4})),
        ("{1 2 nil 3 [:a \"b\"] 4}", json!({"1": 2, "nil": 3, "[:a \"b\"]": 4})),
        ("{0 10, 1 10}", json!({"0": 10, "1": 10})),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn keeps_other_numbers_and_tags_apart_from_everything() {
    for (text, expected) in [
        ("1/2", json!({"##": "1/2"})),
        ("0.50M", json!({"##": "0.50M"})),
        ("##Inf", json!({"##": "##Inf"})),
        ("##-Inf", json!({"##": "##-Inf"})),
        ("##NaN", json!({"##": "##NaN"})),
        ("18446744073709551616", json!({"##": "18446744073709551616N"})),
        ("-9223372036854775809N", json!({"##": "-9223372036854775809N"})),
        ("#inst \"2026\"", json!({"#inst": "2026"})),
        ("#object[a.B 0x10 \"\"]", json!({"#object": ["a.B", 16, ""]})),
    ] {
        assert_eq!(value(text), expected, "{text}");
        let back = Edn::from_json(&expected).to_string();
        assert_eq!(value(&back), expected, "{back}");
    }
}

#[test]
fn orders_sets() {
    let text = "#{:b [2] \"a\" 10 9 nil true 9.5 9.0 false {:a 1} [1 3] 18446744073709551615 -1 [1]}";
    let expected = json!([
        null, false, true, -1, 9, 9.0, 9.5, 10, u64::MAX, "a", "b", [1], [1, 3], [2], {"a": 1}
    ]);
    assert_eq!(value(text), expected);
    assert_eq!(value("#{3 1 2}"), value("#{2 3 1}"));
}

#[test]
fn refuses_what_would_become_the_same() {
    for (text, expected) in [
        ("#{1 2 1N}", "1 stands twice in a set"),
        ("#{:a \"a\"}", "\"a\" stands twice in a set"),
        ("{:a 1 :a 2}", "the key a stands twice in a map"),
        ("[{1 2 \"1\" 3}]", "the key 1 stands twice in a map"),
        ("{:## \"1/2\"}", "as JSON this map would be the same as 1/2"),
        ("{\"#inst\" {:a 1}}", "as JSON this map would be the same as #inst {\"a\" 1}"),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn takes_other_objects_for_maps() {
    for value in [
        json!({"##": "12"}),
        json!({"##": "1.5"}),
        json!({"##": "+1/2"}),
        json!({"##": "1234567890123456789012"}),
        json!({"##": 1}),
        json!({"##": "##inf"}),
        json!({"#1": 2}),
        json!({"#a b": 2}),
        json!({"#inst": 1, "b": 2}),
        json!({"": {"#": 1}}),
    ] {
        let edn = Edn::from_json(&value);
        assert!(matches!(edn, Edn::Map(_)), "{value}");
        assert_eq!(edn.into_json().unwrap(), value);
    }
}

#[test]
fn gives_levels_to_objects_that_stand_for_numbers() {
    let nested = |depth: usize, inner: &str| format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(126, "1/2")).unwrap().into_json().is_ok());
    assert!(problem(&nested(127, "1/2")).contains("nested more than 127 levels deep"));
    assert!(parse(&nested(127, "1")).unwrap().into_json().is_ok());
}
