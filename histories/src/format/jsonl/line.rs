//! One line: an event as a JSON object.

use std::fmt;
use std::io::{self, Write};

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::exact;
use crate::format::fields::Field;
use crate::{Event, EventRef, Key, Kind, Process, Version};

/// What is wrong with a line.
pub(super) struct Wrong {
    /// In bytes, from 1.
    pub(super) column: Option<usize>,
    pub(super) problem: String,
    /// Whether the line ends too early.
    pub(super) is_eof: bool,
}

/// What a line says.
pub(super) struct Parsed {
    pub(super) index: Option<u64>,
    /// Its index means nothing.
    pub(super) event: Event,
}

/// The event of this line, given without its end.
pub(super) fn parse(text: &str) -> Result<Parsed, Wrong> {
    // Without this, serde would take an array for the fields in some order.
    let start = text.len() - text.trim_ascii_start().len();
    if !text[start..].starts_with('{') {
        let problem = "expected an event, a JSON object".to_owned();
        return Err(Wrong { column: Some(start + 1), problem, is_eof: false });
    }
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let column = Some(error.column()).filter(|&column| column > 0);
        // What a cut leaves is mostly an unexpected end, but "1." is a wrong number.
        let is_eof = error.to_string().contains("EOF while parsing") || !text.ends_with('}');
        Wrong { column, problem: exact::words(&error), is_eof }
    })?;
    let missing =
        |field: Field, expected| Wrong { column: None, problem: field.is_missing(expected), is_eof: false };
    let event = Event {
        index: 0,
        time: line.time,
        process: line.process.unwrap_or(Process::Unknown),
        kind: line.kind.ok_or_else(|| missing(Field::Type, "invoke, ok, fail or info"))?,
        function: line.function.ok_or_else(|| missing(Field::F, "the name of a function, or null"))?,
        value: line.value.map_or(Ok(Value::Null), |raw| value(Field::Value, raw, text))?,
        key: line.key,
        node: line.node,
        error: line.error.map(|raw| value(Field::Error, raw, text)).transpose()?,
        is_final: line.is_final.unwrap_or(false),
        session: line.session,
        version: line.version,
    };
    Ok(Parsed { index: line.index, event })
}

/// The value of this part of the line.
fn value(field: Field, raw: &RawValue, line: &str) -> Result<Value, Wrong> {
    exact::parse(raw.get()).map_err(|exact::Problem { offset, problem }| {
        let start = raw.get().as_ptr() as usize - line.as_ptr() as usize;
        Wrong { column: Some(start + offset + 1), problem: format!("{field}: {problem}"), is_eof: false }
    })
}

/// The fields of a line; those that may be any JSON are not yet built.
#[derive(Default)]
struct Line<'a> {
    index: Option<u64>,
    process: Option<Process>,
    kind: Option<Kind>,
    function: Option<String>,
    value: Option<&'a RawValue>,
    key: Option<Key>,
    time: Option<u64>,
    node: Option<String>,
    is_final: Option<bool>,
    error: Option<&'a RawValue>,
    session: Option<u64>,
    version: Option<Version>,
}

/// The name of a field, which may mean nothing.
struct Name(Option<Field>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
                Ok(Name(Field::named(name)))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Line<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line<'de>, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Line<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event, a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line<'de>, A::Error> {
                let mut line = Line::default();
                let mut seen = 0_u32;
                while let Some(Name(field)) = map.next_key()? {
                    let Some(field) = field else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let bit = 1 << field as u32;
                    if seen & bit != 0 {
                        return Err(de::Error::custom(format!("{field} stands there twice")));
                    }
                    seen |= bit;
                    // serde_json finds the place of the error again at the end of the message.
                    line.take(field, &mut map)
                        .map_err(|error| de::Error::custom(format!("{field}: {error}")))?;
                }
                Ok(line)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl<'de> Line<'de> {
    /// Reads the value of this field.
    fn take<A: MapAccess<'de>>(&mut self, field: Field, map: &mut A) -> Result<(), A::Error> {
        match field {
            Field::Index => self.index = map.next_value()?,
            Field::Process => self.process = map.next_value()?,
            Field::Type => self.kind = map.next_value()?,
            Field::F => self.function = Some(map.next_value::<Option<String>>()?.unwrap_or_default()),
            Field::Value => self.value = Some(map.next_value()?),
            Field::Key => self.key = map.next_value()?,
            Field::Time => self.time = map.next_value::<Time>()?.0,
            Field::Node => self.node = map.next_value()?,
            Field::Final => self.is_final = map.next_value()?,
            Field::Error => self.error = map.next_value()?,
            Field::Session => self.session = map.next_value()?,
            Field::Version => self.version = map.next_value()?,
        }
        Ok(())
    }
}

/// A time, or Jepsen's -1 where none was taken.
struct Time(Option<u64>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        struct Expected;

        impl Visitor<'_> for Expected {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nanoseconds from 0, or -1 for none")
            }

            fn visit_u64<E: de::Error>(self, time: u64) -> Result<Time, E> {
                Ok(Time(Some(time)))
            }

            fn visit_i64<E: de::Error>(self, time: i64) -> Result<Time, E> {
                match time {
                    -1 => Ok(Time(None)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(time), &self)),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Time, E> {
                Ok(Time(None))
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

/// The fields as they are written, in this order.
#[derive(Serialize)]
struct Written<'a> {
    index: u64,
    process: Process,
    r#type: Kind,
    f: Option<&'a str>,
    value: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#final: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a Version>,
}

/// Writes the line of this event, its end included.
pub(super) fn print(event: EventRef<'_>, output: &mut impl Write) -> io::Result<()> {
    let written = Written {
        index: event.index,
        process: event.process,
        r#type: event.kind,
        f: Some(event.function).filter(|function| !function.is_empty()),
        value: event.value,
        key: event.key,
        time: event.time,
        node: event.node,
        r#final: event.is_final.then_some(true),
        error: event.error.filter(|error| !error.is_null()),
        session: event.session,
        version: event.version,
    };
    serde_json::to_writer(&mut *output, &written)?;
    output.write_all(b"\n")
}
