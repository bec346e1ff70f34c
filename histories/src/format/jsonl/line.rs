//! One line: an event as a JSON object.

use std::fmt;
use std::io::{self, Write};

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::exact;
use crate::{Event, Key, Kind, Process, Version};

/// What is wrong with a line.
pub(super) struct Wrong {
    /// In bytes, from 1.
    pub(super) column: Option<usize>,
    pub(super) problem: String,
    /// Whether the line ended too early.
    pub(super) is_eof: bool,
}

/// The event of this line, which is at this position among the events.
pub(super) fn parse(text: &str, position: u64) -> Result<Event, Wrong> {
    // Without this, serde would take an array for the fields in some order.
    let start = text.len() - text.trim_ascii_start().len();
    if !text[start..].starts_with('{') {
        let problem = "expected an event, a JSON object".to_owned();
        return Err(Wrong { column: Some(start + 1), problem, is_eof: false });
    }
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let column = Some(error.column()).filter(|&column| column > 0);
        let problem = exact::words(&error);
        let is_eof = error.is_eof() || problem.contains("EOF while parsing");
        Wrong { column, problem, is_eof }
    })?;
    Ok(Event {
        index: line.index.unwrap_or(position),
        time: line.time,
        process: line.process,
        kind: line.kind,
        value: line.value.map_or(Ok(Value::Null), |raw| value(Field::Value, raw, text))?,
        key: line.key,
        node: line.node,
        error: line.error.map(|raw| value(Field::Error, raw, text)).transpose()?,
        function: line.function,
        is_final: line.is_final,
        session: line.session,
        version: line.version,
    })
}

/// The value of this part of the line.
fn value(field: Field, raw: &RawValue, line: &str) -> Result<Value, Wrong> {
    exact::parse(raw.get()).map_err(|exact::Problem { offset, problem }| {
        let start = raw.get().as_ptr() as usize - line.as_ptr() as usize;
        Wrong { column: Some(start + offset + 1), problem: format!("{field}: {problem}"), is_eof: false }
    })
}

/// The fields of a line, with those values still unread that may be anything.
struct Line<'a> {
    index: Option<u64>,
    time: Option<u64>,
    process: Process,
    kind: Kind,
    function: String,
    value: Option<&'a RawValue>,
    key: Option<Key>,
    node: Option<String>,
    error: Option<&'a RawValue>,
    is_final: bool,
    session: Option<u64>,
    version: Option<Version>,
}
