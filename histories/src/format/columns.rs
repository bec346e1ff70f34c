//! An event in columns, as Jepsen prints operations for people.
//!
//! ```text
//! 3⇥:invoke⇥:cas⇥[1 2]                       process, type, function, value
//! 3⇥:info⇥:cas⇥[1 2]⇥:connection-error       … and an error
//! 3⇥:info⇥:cas⇥:timed-out                    an error in the value's place
//! ```

use super::fields::{Field, Fields};
use crate::edn::{self, Cursor, Edn, Problem};
use crate::{Event, Value};

/// The event of this line, which is at this position among the events.
///
/// The value is EDN; an error is plain text, from the tab after the value to the end.
pub(super) fn event(line: &str, position: u64) -> Result<Event, Problem> {
    let mut fields = Fields::new();
    let mut at = 0;
    for field in [Field::Process, Field::Type, Field::F] {
        at += blanks(&line[at..]);
        let rest = &line[at..];
        let length = rest.find(is_blank).unwrap_or(rest.len());
        put(&mut fields, field, edn::parse(&rest[..length]), at)?;
        at += length;
    }
    at += blanks(&line[at..]);
    let mut cursor = Cursor::new(&line[at..], true);
    match cursor.value() {
        Ok(Edn::Keyword(name)) if name == "timed-out" => {
            put_error(&mut fields, ":timed-out", at)?;
        }
        value => put(&mut fields, Field::Value, value, at)?,
    }
    at += cursor.offset();
    let rest = line[at..].trim_ascii();
    if !rest.is_empty() {
        if !line[at..].starts_with('\t') {
            return Err(Problem::new(at, "expected a tab and an error, or the end of the line"));
        }
        put_error(&mut fields, rest, at + blanks(&line[at..]))?;
    }
    fields.event(position).map_err(|problem| Problem::new(0, problem))
}

fn put_error(fields: &mut Fields, text: &str, at: usize) -> Result<(), Problem> {
    fields.put(Field::Error, Value::from(text)).map_err(|problem| Problem::new(at, problem))
}

/// Puts in the value of the column that begins here.
fn put(fields: &mut Fields, field: Field, value: Result<Edn<'_>, Problem>, at: usize) -> Result<(), Problem> {
    value
        .and_then(Edn::into_json)
        .and_then(|value| fields.put(field, value).map_err(|problem| Problem::new(0, problem)))
        // The line is whole: no more text could mend it.
        .map_err(|Problem { offset, problem, .. }| Problem::new(at + offset, problem))
}

fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t')
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_blank).len()
}

/// The first line of this text, without its end and with the length that includes it; that line may be cut
/// when the text goes on.
pub(super) fn first_line(text: &str, is_whole: bool) -> Result<(&str, usize), Problem> {
    match text.find('\n') {
        Some(length) => Ok((text[..length].trim_ascii_end(), length + 1)),
        None if is_whole => Ok((text.trim_ascii_end(), text.len())),
        None => Err(Problem::cut(0, "the text ends in the middle of a line")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Kind, Process};

    #[test]
    fn reads_columns() {
        let expected =
            Event { value: json!([1, 2]), ..Event::new(5, Process::Client(3), Kind::Invoke, "cas") };
        for line in ["3\t:invoke\t:cas\t[1 2]", "3   :invoke :cas    [1 2]", "3\t:invoke\t:cas\t[1 2]\t"] {
            assert_eq!(event(line, 5), Ok(expected.clone()));
        }
        let note = Event {
            value: json!({"n1": ["n2", "n3"]}),
            ..Event::new(0, Process::Nemesis, Kind::Info, "start")
        };
        assert_eq!(event(":nemesis\t:info\t:start\t{\"n1\" #{\"n3\" \"n2\"}}", 0), Ok(note));
    }

    #[test]
    fn reads_errors() {
        let with = |value: Value, error: &str| Event {
            value,
            error: Some(json!(error)),
            ..Event::new(0, Process::Client(3), Kind::Info, "cas")
        };
        assert_eq!(event("3\t:info\t:cas\t1\t:eof", 0), Ok(with(json!(1), ":eof")));
        assert_eq!(event("3\t:info\t:cas\tnil\ta {:b\t\"c", 0), Ok(with(json!(null), "a {:b\t\"c")));
        assert_eq!(event("3\t:info\t:cas\t:timed-out", 0), Ok(with(json!(null), ":timed-out")));
        assert_eq!(event("3\t:info\t:cas\t:timed", 0).unwrap().value, json!("timed"));
    }

    #[test]
    fn places_what_is_wrong() {
        for (line, offset, expected) in [
            ("", 0, "the text ends where a value should be"),
            ("3", 1, "the text ends where a value should be"),
            (
                "x\t:ok\t:read\t1",
                0,
                "`process`: invalid value: string \"x\", expected a number from 0, \"nemesis\" or null",
            ),
            (
                "3\t:ook\t:read\t1",
                2,
                "`type`: unknown word `ook`, expected one of `invoke`, `ok`, `fail`, `info`",
            ),
            ("3\tnil\t:read\t1", 0, "`type` is missing: expected invoke, ok, fail or info"),
            ("3\t:ok\t7\t1", 6, "`f`: invalid type: integer `7`, expected a string"),
            ("3\t:ok\t:read\t", 12, "the text ends where a value should be"),
            ("3\t:ok\t:read\t[1", 12, "the text ends, but this vector is not closed"),
            ("3\t:ok\t:read\t1 2", 13, "expected a tab and an error, or the end of the line"),
            ("3\t:ok\t:read\t:timed-out\t:eof", 23, "`error` stands there twice"),
        ] {
            let found = event(line, 0).unwrap_err();
            assert_eq!(
                (found.offset, found.problem.as_str(), found.is_cut),
                (offset, expected, false),
                "{line}"
            );
        }
    }
}
