//! JSON values, read without losing the digits of an integer.
//!
//! `serde_json` reads an integer beyond 64 bits as a float and so drops digits in silence: two written
//! values would become one. Its `arbitrary_precision` would keep them, but makes every number of every
//! history a string on the heap, for all users of `serde_json` in the program. Here such an integer is
//! an error instead; whoever has them writes them as strings.

use serde_json::Value;

/// What is wrong with a JSON text, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    /// The offending byte of the text, from 0.
    pub(crate) offset: usize,
    pub(crate) problem: String,
}

/// The value of this JSON text, which must hold nothing else.
pub(crate) fn parse(text: &str) -> Result<Value, Problem> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Problem { offset: error.column().saturating_sub(1), problem: words(&error) })?;
    match has_huge_float(&value).then(|| find_huge_integer(text)).flatten() {
        None => Ok(value),
        Some((offset, digits)) => Err(Problem {
            offset,
            problem: format!("the integer {digits} does not fit 64 bits: write it as a string"),
        }),
    }
}

/// The message of a `serde_json` error without its place, which means nothing outside one line.
pub(crate) fn words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&place).unwrap_or(&message).to_owned()
}

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

/// The first integer of this valid JSON text that does not fit 64 bits, and its offset.
fn find_huge_integer(text: &str) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
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
                    return Some((at, number));
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
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
    fn refuses_integers_that_would_lose_digits() {
        for (text, offset) in [
            ("18446744073709551616", 0),
            ("-9223372036854775809", 0),
            (r#"[1e300,"\"1",[1234567890123456789012]]"#, 14),
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(problem.offset, offset, "{text}");
            assert!(problem.problem.contains("does not fit 64 bits"), "{problem:?}");
        }
    }

    #[test]
    fn takes_digits_in_a_string_for_no_number() {
        assert!(parse(r#"["1234567890123456789012",1e300]"#).is_ok());
    }

    #[test]
    fn places_a_syntax_error() {
        let problem = parse("[1,]").unwrap_err();
        assert_eq!((problem.offset, problem.problem.as_str()), (3, "trailing comma"));
    }
}
