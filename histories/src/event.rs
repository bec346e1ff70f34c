//! One entry of a history.
//!
//! The fields are those of Jepsen's operations, plus two of our own: `session` and `version`.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Who did it: a client's process, or the nemesis that injects faults.
///
/// A process does one thing at a time. After an unknown outcome it retires, and its client goes on
/// under a new number; the [`Event::session`] stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// A client's process.
    Client(u64),
    /// The injector of faults, and the observer of the store's inside.
    Nemesis,
    /// No process is known: only a lone completion may be without one.
    Unknown,
}

/// What an event says of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was asked for.
    Invoke,
    /// It happened.
    Ok,
    /// It certainly did not happen.
    Fail,
    /// It may have happened, or may yet happen; or, from the nemesis, a note.
    Info,
}

/// The object that an operation acts on, within a keyed store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Key {
    /// A number.
    Number(i64),
    /// A name.
    Name(String),
}

/// Where in the store's own order a write of a key took effect; compared lexicographically.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub Vec<i64>);

/// One entry of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number in the original history; reports name events by it.
    pub index: u64,
    /// True time in nanoseconds since the start, where known.
    pub time: Option<u64>,
    /// Who did it.
    pub process: Process,
    /// Invocation, or how it ended.
    pub kind: Kind,
    /// What was done: `read`, `write`, `cas`, `add`, `partition`, …
    pub function: String,
    /// Argument of an invocation, or result of a completion.
    pub value: Value,
    /// The object it acts on, where the store has several.
    pub key: Option<Key>,
    /// The node that served it, or that a fault struck.
    pub node: Option<String>,
    /// Why it failed, or why its outcome is unknown.
    pub error: Option<Value>,
    /// Whether it belongs to the final reads, after all faults were healed.
    pub is_final: bool,
    /// The client, which keeps its session token when its process number changes.
    pub session: Option<u64>,
    /// On ok: where in the store's order of this key the write read or written took effect.
    pub version: Option<Version>,
}

impl Event {
    /// An event with everything optional left out, and a null value.
    pub fn new(index: u64, process: Process, kind: Kind, function: impl Into<String>) -> Event {
        Event {
            index,
            time: None,
            process,
            kind,
            function: function.into(),
            value: Value::Null,
            key: None,
            node: None,
            error: None,
            is_final: false,
            session: None,
            version: None,
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Process::Client(number) => write!(f, "{number}"),
            Process::Nemesis => f.write_str("nemesis"),
            Process::Unknown => f.write_str("?"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Invoke => "invoke",
            Kind::Ok => "ok",
            Kind::Fail => "fail",
            Kind::Info => "info",
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Number(number) => write!(f, "{number}"),
            Key::Name(name) => f.write_str(name),
        }
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Key {
        Key::Name(name.to_owned())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, number) in self.0.iter().enumerate() {
            write!(f, "{}{number}", if position == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Key {
        Key::Number(number)
    }
}

/// A client as its number, the nemesis as its name, nobody known as null.
impl Serialize for Process {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Process::Client(number) => serializer.serialize_u64(*number),
            Process::Nemesis => serializer.serialize_str("nemesis"),
            Process::Unknown => serializer.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for Process {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Process, D::Error> {
        struct Expected;

        impl Visitor<'_> for Expected {
            type Value = Process;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0, \"nemesis\" or null")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Process, E> {
                Ok(Process::Client(number))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Process, E> {
                match name {
                    "nemesis" => Ok(Process::Nemesis),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
            }

            fn visit_unit<E: de::Error>(self) -> Result<Process, E> {
                Ok(Process::Unknown)
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct Expected;

        impl Visitor<'_> for Expected {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a signed 64-bit integer")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Key, E> {
                Ok(Key::Number(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Key, E> {
                match i64::try_from(number) {
                    Ok(number) => Ok(Key::Number(number)),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(Key::Name(name.to_owned()))
            }
        }

        deserializer.deserialize_any(Expected)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_processes_as_jepsen_does() {
        for (process, value) in [
            (Process::Client(u64::MAX), json!(u64::MAX)),
            (Process::Nemesis, json!("nemesis")),
            (Process::Unknown, json!(null)),
        ] {
            assert_eq!(serde_json::to_value(process).unwrap(), value);
            assert_eq!(serde_json::from_value::<Process>(value).unwrap(), process);
        }
    }

    #[test]
    fn tells_a_number_from_a_name_in_a_key() {
        for (key, value) in [(Key::Number(-7), json!(-7)), (Key::from("-7"), json!("-7"))] {
            assert_eq!(serde_json::to_value(&key).unwrap(), value);
            assert_eq!(serde_json::from_value::<Key>(value).unwrap(), key);
        }
        assert!(Key::from(-7) != Key::from("-7"));
    }

    #[test]
    fn orders_versions_number_by_number() {
        let version = |numbers: &[i64]| Version(numbers.to_vec());
        assert!(version(&[2]) < version(&[10]));
        assert!(version(&[1, 9]) < version(&[2]));
        assert!(version(&[1]) < version(&[1, 0]));
        assert_eq!(version(&[1, -2, 3]).to_string(), "1.-2.3");
    }
}
