//! An event from fields with names, as in the maps of EDN and the objects of JSON.
//!
//! What the fields mean, and what it means when they are absent, says the table of
//! [`jepsen_edn`](super::jepsen_edn).

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::edn::NUMBER;
use crate::{Event, Kind, Process, exact};

/// A field that has a meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    Index,
    Process,
    Type,
    F,
    Value,
    Key,
    Time,
    Node,
    Final,
    Error,
    Session,
    Version,
}

/// What the fields are called, the commonest first: lines are read by looking them up here.
const NAMES: &[(&str, Field)] = &[
    ("process", Field::Process),
    ("type", Field::Type),
    ("f", Field::F),
    ("value", Field::Value),
    ("time", Field::Time),
    ("index", Field::Index),
    ("key", Field::Key),
    ("session", Field::Session),
    ("version", Field::Version),
    ("node", Field::Node),
    ("final", Field::Final),
    ("final?", Field::Final),
    ("error", Field::Error),
];

impl Field {
    /// The field of this name.
    pub(super) fn named(name: &str) -> Option<Field> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// What is wrong where it must be and is not.
    pub(super) fn is_missing(self, expected: &str) -> String {
        format!("{self} is missing: expected {expected}")
    }

    /// All names.
    #[cfg(test)]
    pub(super) fn names() -> Vec<&'static str> {
        NAMES.iter().map(|(name, _)| *name).collect()
    }
}

/// Its name, in quotes.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, field)| field == self).map_or("", |(name, _)| name);
        write!(f, "`{name}`")
    }
}

/// An event in the making.
pub(super) struct Fields {
    seen: u16,
    index: Option<u64>,
    kind: Option<Kind>,
    event: Event,
}

impl Fields {
    /// Without any field.
    pub(super) fn new() -> Fields {
        let event = Event::new(0, Process::Unknown, Kind::Info, String::new());
        Fields { seen: 0, index: None, kind: None, event }
    }

    /// Puts a field in, or says what is wrong with it.
    pub(super) fn put(&mut self, field: Field, value: Value) -> Result<(), String> {
        let bit = 1 << field as u16;
        if self.seen & bit != 0 {
            return Err(format!("{field} stands there twice"));
        }
        self.seen |= bit;
        if value.is_null() {
            return Ok(());
        }
        self.set(field, value).map_err(|problem| format!("{field}: {problem}"))
    }

    fn set(&mut self, field: Field, value: Value) -> Result<(), String> {
        let event = &mut self.event;
        match field {
            Field::Index => self.index = unless_minus_one(value)?,
            Field::Process => event.process = read(value)?,
            Field::Type => self.kind = Some(read(value)?),
            Field::F => event.function = read(value)?,
            Field::Value => event.value = value,
            Field::Key => event.key = Some(read(value)?),
            Field::Time => event.time = unless_minus_one(value)?,
            Field::Node => event.node = Some(read(value)?),
            Field::Final => event.is_final = read(value)?,
            Field::Error => event.error = Some(value),
            Field::Session => event.session = Some(read(value)?),
            Field::Version => event.version = Some(read(value)?),
        }
        Ok(())
    }

    /// The event, which is at this position among the events.
    pub(super) fn event(mut self, position: u64) -> Result<Event, String> {
        self.event.kind = self.kind.ok_or_else(|| Field::Type.is_missing("invoke, ok, fail or info"))?;
        self.event.index = self.index.unwrap_or(position);
        Ok(self.event)
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    if let Some(Value::String(number)) = value.get(NUMBER) {
        return Err(format!("{} is no integer of 64 bits", exact::shown(number)));
    }
    serde_json::from_value(value).map_err(|error| exact::words(&error))
}

/// A number, or -1, with which Jepsen says that there is none.
fn unless_minus_one(value: Value) -> Result<Option<u64>, String> {
    match value.as_i64() {
        Some(-1) => Ok(None),
        _ => read(value).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(name: &str, value: Value) -> String {
        Fields::new().put(Field::named(name).unwrap(), value).unwrap_err()
    }

    #[test]
    fn takes_every_field() {
        let mut fields = Fields::new();
        for (name, value) in [
            ("index", json!(7)),
            ("process", json!(3)),
            ("type", json!("ok")),
            ("f", json!("read")),
            ("value", json!([1])),
            ("key", json!("x")),
            ("time", json!(5)),
            ("node", json!("n1")),
            ("final?", json!(true)),
            ("error", json!("e")),
            ("session", json!(2)),
            ("version", json!([1, -2])),
        ] {
            fields.put(Field::named(name).unwrap(), value).unwrap();
        }
        let expected = Event {
            index: 7,
            time: Some(5),
            process: Process::Client(3),
            kind: Kind::Ok,
            function: "read".to_owned(),
            value: json!([1]),
            key: Some("x".into()),
            node: Some("n1".to_owned()),
            error: Some(json!("e")),
            is_final: true,
            session: Some(2),
            version: Some(crate::Version(vec![1, -2])),
        };
        assert_eq!(fields.event(0), Ok(expected));
    }

    #[test]
    fn needs_a_type_only() {
        let mut fields = Fields::new();
        fields.put(Field::Type, json!("info")).unwrap();
        fields.put(Field::Time, json!(-1)).unwrap();
        fields.put(Field::Index, json!(-1)).unwrap();
        assert_eq!(fields.event(9), Ok(Event::new(9, Process::Unknown, Kind::Info, "")));
        assert_eq!(
            Fields::new().event(0),
            Err("`type` is missing: expected invoke, ok, fail or info".to_owned())
        );
    }

    #[test]
    fn says_what_is_wrong_with_a_field() {
        for (name, value, expected) in [
            (
                "type",
                json!("go"),
                "`type`: unknown word `go`, expected one of `invoke`, `ok`, `fail`, `info`",
            ),
            ("f", json!(1), "`f`: invalid type: integer `1`, expected a string"),
            ("index", json!(-2), "`index`: invalid value: integer `-2`, expected a number from 0"),
            ("index", json!({"##": "1/2"}), "`index`: 1/2 is no integer of 64 bits"),
            ("time", json!(-2), "`time`: invalid value: integer `-2`, expected a number from 0"),
            ("time", json!(1.5), "`time`: invalid type: floating point `1.5`, expected a number from 0"),
            (
                "process",
                json!("n"),
                "`process`: invalid value: string \"n\", expected a number from 0, \"nemesis\" or null",
            ),
            ("key", json!([]), "`key`: invalid type: list, expected a string or a signed 64-bit integer"),
            ("final", json!(1), "`final`: invalid type: integer `1`, expected a boolean"),
            ("version", json!(1), "`version`: invalid type: integer `1`, expected a list"),
        ] {
            assert_eq!(problem(name, value), expected);
        }
        let mut fields = Fields::new();
        fields.put(Field::Final, json!(null)).unwrap();
        assert_eq!(fields.put(Field::Final, json!(true)), Err("`final` stands there twice".to_owned()));
    }
}
