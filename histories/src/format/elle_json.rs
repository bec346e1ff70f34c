//! elle-cli's JSON: one array of operation objects.
//!
//! ```text
//! [{"index":0,"process":0,"type":"invoke","f":"txn","value":[["r","x",null]]},
//!  {"index":1,"process":0,"type":"ok","f":"txn","value":[["r","x",[1,2]]]}]
//! ```
//!
//! Read object by object. The fields are those of [`jepsen_edn`](super::jepsen_edn), their values any JSON.
//! Integers in values keep all their digits, as in [`jsonl`](super::jsonl).

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Field, Fields};
use super::gather::gather;
use super::window::Piece;
use super::{Format, Read};
use crate::edn::Problem;
use crate::{Error, Event, History, exact};

/// One array of operation objects.
pub const FORMAT: Format = Format {
    name: "elle-json",
    about: "elle-cli's JSON: one array of operation objects",
    fits,
    read: Read::File(|input| read(input)),
    write: None,
};

/// Whether a first object holds only fields, and a type among them.
fn fits(head: &[u8]) -> bool {
    let begins = |text: &str| {
        let object = text.trim_ascii_start().strip_prefix('[')?.trim_ascii_start();
        let object = object.get(..object_end(object)?)?;
        serde_json::from_str::<Object<'_>>(object).ok()?.0.iter().find(|(name, _)| name == "type").map(drop)
    };
    super::text(head).and_then(begins).is_some()
}

/// What comes next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Opening,
    First,
    Object,
    Separator,
    Nothing,
}

/// Reads a whole history.
///
/// Indices that do not increase cannot name events; every event is then named by its position instead.
pub fn read(input: &mut dyn BufRead) -> Result<History, Error> {
    let mut next = Next::Opening;
    gather(input, &mut |text, is_whole, events| {
        let rest = text.trim_ascii_start();
        let start = text.len() - rest.len();
        let (expected, after) = match (next, rest.bytes().next()) {
            (Next::Nothing, None) if is_whole => return Ok(Piece::End),
            (_, None) => return Err(Problem::cut(start, "the text ends, but its array is not closed")),
            (Next::First | Next::Object, Some(b'{')) => {
                let Some(length) = object_end(rest) else {
                    return Err(Problem::cut(start, "the text ends in the middle of this object"));
                };
                let event = event(&rest[..length], events)
                    .map_err(|problem| Problem { offset: start + problem.offset, ..problem })?;
                next = Next::Separator;
                return Ok(Piece::Event(start, start + length, Box::new(event)));
            }
            (Next::Opening, Some(b'[')) => ("", Next::First),
            (Next::First | Next::Separator, Some(b']')) => ("", Next::Nothing),
            (Next::Separator, Some(b',')) => ("", Next::Object),
            (Next::Opening, _) => ("expected an array of operations", next),
            (Next::First | Next::Object, _) => ("expected an operation, an object", next),
            (Next::Separator, _) => ("expected a comma, or the end of the array", next),
            (Next::Nothing, _) => ("the array has ended, but the text goes on", next),
        };
        if !expected.is_empty() {
            return Err(Problem::new(start, expected));
        }
        next = after;
        Ok(Piece::Nothing(start + 1))
    })
}

/// The length of the object that this text begins with, as far as brackets tell.
fn object_end(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The event of this object.
fn event(text: &str, position: u64) -> Result<Event, Problem> {
    let text = on_one_line(text);
    let object: Object<'_> = serde_json::from_str(&text)
        .map_err(|error| Problem::new(error.column().saturating_sub(1), exact::words(&error)))?;
    let mut fields = Fields::new();
    for (name, raw) in object.0 {
        let Some(field) = Field::named(&name) else {
            continue;
        };
        let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        let value = exact::parse(raw.get())
            .map_err(|exact::Problem { offset, problem }| Problem::new(start + offset, problem))?;
        fields.put(field, value).map_err(|problem| Problem::new(start, problem))?;
    }
    fields.event(position).map_err(|problem| Problem::new(0, problem))
}

/// The same bytes without ends of lines, by which `serde_json` would count its columns: spaces in their
/// places, and in strings, where they are errors, another such error.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let (mut in_string, mut is_escaped) = (false, false);
    let replaced = text.chars().map(|char| {
        match char {
            '\n' => return if in_string { '\u{1}' } else { ' ' },
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
        char
    });
    Cow::Owned(replaced.collect())
}

/// The fields of an object, in their order.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an operation, an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::print;

    fn problem(text: &str) -> String {
        read(&mut text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn reads_objects_of_one_array() {
        let text = r#" [{"process":1,"type":"invoke","f":"read","value":null} ,
            {"process":1,"type":"ok",
             "f":"read","value":{"a":[1,"}]\""]},"op-index":{"x":[]}}
        ] "#;
        assert!(fits(text.as_bytes()));
        let history = read(&mut text.as_bytes()).unwrap();
        assert_eq!(print(&history), r#"1:read()={"a":[1,"}]\""]}"#);
        assert_eq!(read(&mut &b"[]"[..]).unwrap(), History::default());
    }

    #[test]
    fn places_what_is_wrong() {
        let ok = r#"{"type":"ok","f":"read"}"#;
        for (text, expected) in [
            ("", "line 1, column 1: the text ends, but its array is not closed"),
            ("{}", "line 1, column 1: expected an array of operations"),
            ("[1]", "line 1, column 2: expected an operation, an object"),
            (&format!("[{ok}\n{ok}]"), "line 2, column 1: expected a comma, or the end of the array"),
            (&format!("[{ok},]"), "line 1, column 27: expected an operation, an object"),
            (&format!("[{ok}"), "line 1, column 26: the text ends, but its array is not closed"),
            (&format!("[{ok}]\n ["), "line 2, column 2: the array has ended, but the text goes on"),
            ("[\n {\"type\":", "line 2, column 2: the text ends in the middle of this object"),
            ("[\n {\"type\"\n:ok}]", "line 3, column 2: expected a JSON value"),
            (
                "[{\"type\":\n \"ook\"}]",
                "line 2, column 2: `type`: unknown word `ook`, expected one of `invoke`, `ok`, `fail`, `info`",
            ),
            ("[{\"f\":\"read\"}]", "line 1, column 2: `type` is missing: expected invoke, ok, fail or info"),
            (
                "[{\"value\":[1,\n12345678901234567890]}]",
                "line 1, column 2: `type` is missing: expected invoke, ok, fail or info",
            ),
            ("[{\"value\":[1,\n123456789012345678901,]}]", "line 2, column 23: expected a JSON value"),
            (
                "[{\"f\":\"a\nb\"}]",
                "line 1, column 8: a control character in a string, which has to be an escape such as \\n or \\t",
            ),
            ("[{\"type\":\"ok\",\"type\":\"ok\"}]", "line 1, column 22: `type` stands there twice"),
            (
                "[{\"type\":\"invoke\",\"process\":1},\n{\"type\":\"invoke\",\"process\":1}]",
                "line 2: event 1: process 1 invokes  while its  of event 0 is still open",
            ),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
    }
}
