//! The parts of a text as they are written, taken in one pass: no tree of JSON is built.

use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::Kind;
use crate::format::sessions::{Step, Transaction};

/// The sessions, bare or in an object.
pub(super) struct Sessions(pub(super) Vec<Vec<Written>>);

impl<'de> Deserialize<'de> for Sessions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sessions, D::Error> {
        struct Expected;

        impl<'de> Visitor<'de> for Expected {
            type Value = Sessions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of sessions, or an object with one as `data`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, sessions: A) -> Result<Sessions, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(sessions)).map(Sessions)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sessions, A::Error> {
                let mut data = None;
                while let Some(field) = map.next_key::<Field>()? {
                    match field {
                        Field::Data if data.is_some() => return Err(de::Error::duplicate_field("data")),
                        Field::Data => data = Some(Sessions(map.next_value()?)),
                        Field::Other => map.next_value::<IgnoredAny>().map(drop)?,
                    }
                }
                data.ok_or_else(|| de::Error::missing_field("data"))
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

/// The name of a field of the object around the sessions.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Data,
    #[serde(other)]
    Other,
}

/// A transaction as it is written.
#[derive(Deserialize)]
pub(super) struct Written {
    events: Vec<Event>,
    committed: bool,
}

impl Written {
    /// The transaction that it says.
    pub(super) fn transaction(self) -> Transaction {
        let kind = if self.committed { Kind::Ok } else { Kind::Fail };
        Transaction { kind, steps: self.events.into_iter().map(|Event(step)| step).collect() }
    }
}

/// An event, in either way to write it.
struct Event(Step);

impl Event {
    fn new<E: de::Error>(tag: Tag, Scalar(key): Scalar, Scalar(value): Scalar) -> Result<Event, E> {
        let is_write = matches!(tag, Tag::Write);
        if key.is_null() {
            return Err(E::custom("the variable is null"));
        }
        if is_write && value.is_null() {
            return Err(E::custom("the version of a write is null"));
        }
        Ok(Event(Step { is_write, key, value }))
    }
}

/// What an event did.
#[derive(Deserialize)]
enum Tag {
    #[serde(alias = "r")]
    Read,
    #[serde(alias = "w")]
    Write,
}

/// What an event is about.
#[derive(Deserialize)]
struct Fields {
    variable: Scalar,
    version: Scalar,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Event, D::Error> {
        struct Expected;

        impl<'de> Visitor<'de> for Expected {
            type Value = Event;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event: {\"Read\" or \"Write\": {…}}, or [\"r\" or \"w\", variable, version]")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
                let tag = map.next_key()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let Fields { variable, version } = map.next_value()?;
                match map.next_key::<IgnoredAny>()? {
                    None => Event::new(tag, variable, version),
                    Some(_) => Err(de::Error::invalid_length(2, &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Event, A::Error> {
                let missing = |position| de::Error::invalid_length(position, &self);
                let tag = seq.next_element()?.ok_or_else(|| missing(0))?;
                let variable = seq.next_element()?.ok_or_else(|| missing(1))?;
                let version = seq.next_element()?.ok_or_else(|| missing(2))?;
                Event::new(tag, variable, version)
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

/// A variable or a version.
struct Scalar(Value);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        struct Expected;

        impl Visitor<'_> for Expected {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, or an integer of 64 bits")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(Value::from(number)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(Value::from(number)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Scalar, E> {
                Ok(Scalar(Value::from(name)))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(Value::Null))
            }
        }

        deserializer.deserialize_any(Expected)
    }
}
