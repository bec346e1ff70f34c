//! JSON values, read without losing the digits of an integer.
//!
//! `serde_json` reads an integer beyond 64 bits as a float and so drops digits in silence: two written
//! values would become one. Its `arbitrary_precision` would keep them, but makes every number of every
//! history a string on the heap, for all users of `serde_json` in the program. Here such an integer becomes
//! what EDN's become in JSON: `12345678901234567890123` is `{"##":"12345678901234567890123N"}`.

use std::ops::Range;

use serde_json::Value;

use crate::edn::NUMBER;

/// What is wrong with a JSON text, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    /// The offending byte of the text, from 0.
    pub(crate) offset: usize,
    pub(crate) problem: String,
}

/// The value of this JSON text, which must hold nothing else.
pub(crate) fn parse(text: &str) -> Result<Value, Problem> {
    let problem = |error: serde_json::Error| Problem {
        offset: error.column().saturating_sub(1),
        problem: words(&error),
    };
    let value: Value = serde_json::from_str(text).map_err(problem)?;
    if !has_huge_float(&value) {
        return Ok(value);
    }
    let integers = huge_integers(text);
    let Some(first) = integers.first() else { return Ok(value) };
    // The text was valid; what can be wrong now is that the number needs a level too many.
    serde_json::from_str(&with_digits(text, &integers)).map_err(|_| Problem {
        offset: first.start,
        problem: format!(
            "{} does not fit 64 bits, and is nested too deep to keep its digits",
            &text[first.clone()]
        ),
    })
}

/// The value that this JSON denotes, as it would be read from a history: with every digit of its integers.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_value(text: &str) -> Result<Value, String> {
    parse(text).map_err(|Problem { problem, .. }| problem)
}

/// The same text with what keeps their digits in the place of these integers.
fn with_digits(text: &str, integers: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(text.len() + 10 * integers.len());
    let mut at = 0;
    for integer in integers {
        kept.push_str(&text[at..integer.start]);
        kept.push_str(&format!("{{\"{NUMBER}\":\"{}N\"}}", &text[integer.clone()]));
        at = integer.end;
    }
    kept.push_str(&text[at..]);
    kept
}

/// The message of a `serde_json` error without its place, which means nothing outside one line, and without
/// names of types, which mean nothing to who wrote the file.
pub(crate) fn words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    OURS.iter().fold(shown(message), |message, (theirs, ours)| message.replace(theirs, ours))
}

/// At most so many characters at each end of a text from a file are shown.
const SHOWN_MAX: usize = 100;

/// A text from a file as a person can read it: a part of a long one, and nothing that a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let after = |(at, char): (usize, char)| at + char.len_utf8();
    let head = text.char_indices().nth(SHOWN_MAX - 1).map_or(text.len(), after);
    let tail = text.char_indices().nth_back(SHOWN_MAX - 1).map_or(0, |(at, _)| at);
    let plain = |text: &str| -> String {
        let each =
            |char: char| if char.is_control() { char.escape_default().to_string() } else { char.into() };
        text.chars().map(each).collect()
    };
    match head < tail {
        true => format!("{}…{}", plain(&text[..head]), plain(&text[tail..])),
        false => plain(text),
    }
}

/// What is wrong where a text is cut short.
pub(crate) const ENDS: &str = "the text ends inside";

/// What `serde_json` says, and what is meant.
const OURS: &[(&str, &str)] = &[
    ("expected u64", "expected a number from 0"),
    ("expected i64", "expected an integer of 64 bits"),
    ("expected a sequence", "expected a list"),
    ("invalid type: sequence", "invalid type: list"),
    ("invalid type: map", "invalid type: object"),
    ("EOF while parsing", ENDS),
    ("trailing comma", "expected something after the comma"),
    ("unknown variant", "unknown word"),
    ("unexpected end of hex escape", "a \\u escape that is half a character"),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a control character in a string, which has to be an escape such as \\n or \\t",
    ),
    ("trailing characters", "expected nothing more here"),
    ("recursion limit exceeded", "nested more than 127 levels deep"),
    ("key must be a string", "expected the name of a field in double quotes"),
    ("expected value", "expected a JSON value"),
];

/// Whether a number lies where only integers that did not fit, and some true floats, are found.
fn has_huge_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() && number.as_f64().is_some_and(|float| float.abs() >= 2f64.powi(63))
        }
        Value::Array(values) => values.iter().any(has_huge_float),
        Value::Object(fields) => fields.values().any(has_huge_float),
        _ => false,
    }
}

/// The integers of this valid JSON text that do not fit 64 bits.
fn huge_integers(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let length = bytes[at..]
                    .iter()
                    .take_while(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .count();
                let number = &text[at..at + length];
                let is_integer = !number.contains(['.', 'e', 'E']);
                if is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                    found.push(at..at + length);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    found
}

/// The offset after the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_integers_of_64_bits() {
        for text in ["18446744073709551615", "-9223372036854775808"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn keeps_floats_of_any_size() {
        for text in ["1e300", "-1e300", "18446744073709551616.0", "0.1", "2.2250738585072014e-308"] {
            assert_eq!(parse(text).unwrap(), json!(text.parse::<f64>().unwrap()));
        }
    }

    #[test]
    fn keeps_the_digits_of_larger_integers() {
        for (text, expected) in [
            ("18446744073709551616", json!({"##": "18446744073709551616N"})),
            (" -9223372036854775809 ", json!({"##": "-9223372036854775809N"})),
            (
                r#"[1e300,"\"1",{"1234567890123456789012":[1234567890123456789012,123456789012345678901]}]"#,
                json!([1e300, "\"1", {"1234567890123456789012":
                    [{"##": "1234567890123456789012N"}, {"##": "123456789012345678901N"}]}]),
            ),
        ] {
            assert_eq!(parse(text), Ok(expected.clone()), "{text}");
            assert_eq!(crate::edn::Edn::from_json(&expected).into_json(), Ok(expected), "as EDN has it");
        }
    }

    #[test]
    fn refuses_larger_integers_on_the_last_level() {
        let nested =
            |depth: usize| format!("{}1234567890123456789012{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(126)).is_ok());
        let problem = parse(&nested(127)).unwrap_err();
        assert_eq!(problem.offset, 127);
        assert!(problem.problem.contains("is nested too deep to keep its digits"), "{problem:?}");
    }

    #[test]
    fn takes_digits_in_a_string_for_no_number() {
        assert!(parse(r#"["1234567890123456789012",1e300]"#).is_ok());
    }

    #[test]
    fn places_a_syntax_error() {
        let problem = parse("[1,]").unwrap_err();
        assert_eq!((problem.offset, problem.problem.as_str()), (3, "expected something after the comma"));
    }
}
