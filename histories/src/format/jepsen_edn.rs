//! Jepsen's history in EDN: one operation map after the other, or one vector or list of them.
//!
//! ```text
//! {:index 0, :time 17, :type :invoke, :process 0, :f :cas, :value [1 2]}
//! {:index 1, :time 19, :type :info, :process :nemesis, :f :kill, :value {"n1" :killed}}
//! #jepsen.history.Op{:index 2, :time 23, :type :ok, :process 0, :f :cas, :value [1 2]}
//! ```
//!
//! A map may span several lines, and several maps may share one. Names are keywords, or strings:
//!
//! | field | value | when absent or nil |
//! |---|---|---|
//! | `:type` | `:invoke`, `:ok`, `:fail`, `:info` | an error |
//! | `:f` | a name | no name, the empty string |
//! | `:process` | a number, or `:nemesis` | [`Process::Unknown`](crate::Process::Unknown) |
//! | `:index` | a number; Jepsen's -1 is none | its position among the events, from 0 |
//! | `:time` | nanoseconds; Jepsen's -1 is none | not known |
//! | `:value`, `:error` | anything | none |
//! | `:key` | a name or an integer | the store has one object only |
//! | `:final?`, `:final` | true for final reads | false |
//! | `:node`, `:session`, `:version` | a name, a number, a vector of integers | none |
//!
//! Other fields are passed over. Values are turned into JSON as [`Edn::into_json`] says. An error in which
//! keywords, symbols, characters, lists or sets occur is kept as the text of its EDN, because errors are
//! there for people: `[:socket "Broken pipe"]` becomes the string `[:socket "Broken pipe"]`.
//!
//! # What is written
//!
//! One map per line, in the order of fields that Jepsen has, then ours. Types, functions and the names of
//! micro-operations are keywords, other strings strings. Knossos and Elle read what they know and pass
//! over `:key`, `:node`, `:final?`, `:session` and `:version`. A key stays a field of its own:
//! Jepsen's `independent` makes pairs `[key value]` of the values, but only in memory are those more than
//! vectors; in a file nothing tells them from other vectors, so none are made here and none are taken
//! apart. What is written reads back as the same history.

use std::io::BufRead;

use super::fields::{Field, Fields};
use super::gather::gather;
use super::window::Piece;
use super::{Format, Read};
use crate::edn::{Cursor, Edn, Problem};
use crate::{Error, Event, History};

mod write;

pub use write::write;

/// Operation maps one after the other.
pub const FORMAT: Format = Format {
    name: "jepsen-edn",
    about: "Jepsen's history in EDN: one operation map per line",
    fits: |head| super::text(head).is_some_and(|text| fits(text, false)),
    read: Read::File(|input| read(input)),
    write: Some(|history, output| write(history, output)),
};

const EXPECTED: &str = "expected an operation, a map such as {:type :invoke, :f :read}";

/// Whether this text begins like operation maps, in a vector or list or not.
pub(super) fn fits(text: &str, in_sequence: bool) -> bool {
    let mut cursor = Cursor::new(text, false);
    let mut starts_map = || {
        cursor.skip(0).ok()?;
        if in_sequence {
            cursor.peek().filter(|byte| matches!(byte, b'[' | b'('))?;
            cursor.advance(1);
            cursor.skip(0).ok()?;
            if matches!(cursor.peek(), Some(b']' | b')')) {
                return Some(true);
            }
        }
        if cursor.peek()? == b'#' {
            cursor.tag().ok()?;
            cursor.skip(0).ok()?;
        }
        cursor.peek().filter(|&byte| byte == b'{')?;
        cursor.advance(1);
        cursor.skip(0).ok()?;
        Some(matches!(cursor.peek()?, b':' | b'}'))
    };
    starts_map().unwrap_or(false)
}

/// Reads a whole history.
///
/// Indices that do not increase cannot name events; every event is then named by its position instead.
pub fn read(input: &mut dyn BufRead) -> Result<History, Error> {
    let mut sequence = None;
    gather(input, &mut |text, is_whole, events| {
        let mut cursor = Cursor::new(text, is_whole);
        cursor.skip(0)?;
        let start = cursor.offset();
        let bracket = Ok(Piece::Nothing(start + 1));
        match (cursor.peek(), sequence) {
            (Some(b'{' | b'#'), _) => {
                let event = operation(&mut cursor, events)?;
                Ok(Piece::Event(start, cursor.offset(), Box::new(event)))
            }
            (Some(b'['), None) => {
                sequence = Some(b']');
                bracket
            }
            (Some(b'('), None) => {
                sequence = Some(b')');
                bracket
            }
            (Some(closing), Some(expected)) if closing == expected => {
                sequence = None;
                bracket
            }
            (Some(_), _) => Err(Problem::new(start, EXPECTED)),
            (None, None) if is_whole => Ok(Piece::End),
            (None, Some(closing)) => {
                Err(Problem::cut(start, format!("the text ends, but its {} is missing", char::from(closing))))
            }
            (None, None) => Err(Problem::cut(start, "the text ends")),
        }
    })
}

/// The event of the operation map that begins here.
pub(super) fn operation(cursor: &mut Cursor<'_>, position: u64) -> Result<Event, Problem> {
    let start = cursor.offset();
    // A set begins like a tag.
    if cursor.peek() == Some(b'#') && cursor.peek_after(1) != Some(b'{') {
        cursor.tag()?;
        cursor.skip(0)?;
    }
    let opening = cursor.offset();
    match cursor.peek() {
        Some(b'{') => cursor.advance(1),
        Some(_) => return Err(Problem::new(opening, EXPECTED)),
        None => return Err(Problem::cut(start, "the text ends after a tag")),
    }
    let mut fields = Fields::new();
    while !cursor.closes("map", b'}', opening, 0)? {
        entry(cursor, &mut fields)?;
    }
    fields.event(position).map_err(|problem| Problem::new(start, problem))
}

/// One entry of an operation map.
fn entry(cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<(), Problem> {
    let key = cursor.value()?;
    cursor.expect_value_of_key(0)?;
    let start = cursor.offset();
    let value = cursor.value()?;
    let (Edn::Keyword(name) | Edn::Text(name)) = key else {
        return Ok(());
    };
    let Some(field) = Field::named(&name) else {
        return Ok(());
    };
    let value = if field == Field::Error { error(value) } else { value };
    let value = value.into_json().map_err(|problem| Problem { offset: start, ..problem })?;
    fields.put(field, value).map_err(|problem| Problem::new(start, problem))
}

/// An error as it is kept: with what JSON has no words for, its text.
pub(super) fn error(value: Edn<'_>) -> Edn<'_> {
    match value.is_json_like() {
        true => value,
        false => Edn::Text(value.to_string().into()),
    }
}

#[cfg(test)]
mod tests;
