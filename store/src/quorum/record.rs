//! What a node writes to its log.
//!
//! ```text
//! k, v7                   this node holds k at v7
//! hint: for n5, k, v8     it keeps v8 of k for n5, which did not answer
//! back: n5, k, v8         n5 holds it: the hint is dropped
//! window: held 3, …       the store has what its cache acknowledged up to number 3
//! gone: k, v7             every home replica has had this tombstone for long: it is dropped
//! layout 5                it was decided who is on the ring, and is in force here from now on
//! promised 7              it takes no ballot below that for the next one
//! ```
//!
//! What is held is encoded as it always was, beginning with its key. What is no copy begins with an empty key, which no
//! client can use.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cache::Window;
use super::message::{Entry, NodeId};
use super::ring::agreement::Pledge;
use super::ring::layout::Layout;
use super::version::Version;
use crate::protocol;

/// An entry, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The key.
    pub key: String,
    /// What it holds now. The value stands last, so that a torn record loses value bytes first.
    pub entry: Entry,
}

/// One record of the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    /// This node holds this.
    Held(Record),
    /// What it keeps for others has changed.
    Hints(HintChange),
    /// What its cache may lose has changed.
    Window(Window),
    /// A tombstone is dropped, which every home replica has had for long.
    Collected {
        /// The key.
        key: String,
        /// The tombstone.
        version: Version,
    },
    /// Who is on the ring from now on.
    Layout(Layout),
    /// What it has pledged for the decision who is next.
    Pledge(Pledge),
}

/// A change of the hints that a node keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HintChange {
    /// This is kept for a home replica.
    Kept {
        /// The home replica.
        owner: NodeId,
        /// What is kept.
        record: Record,
    },
    /// The home replica holds this version, or a higher one: what is kept up to it is dropped.
    HandedBack {
        /// The home replica.
        owner: NodeId,
        /// The key.
        key: String,
        /// The version.
        version: Version,
    },
}

/// What begins with an empty key: changes of hints as ever, and what came after them.
#[derive(Serialize, Deserialize)]
enum NoCopy {
    Kept { owner: NodeId, record: Record },
    HandedBack { owner: NodeId, key: String, version: Version },
    Window(Window),
    Collected { key: String, version: Version },
    Layout(Layout),
    Pledge(Pledge),
}

impl From<NoCopy> for Logged {
    fn from(no_copy: NoCopy) -> Logged {
        match no_copy {
            NoCopy::Kept { owner, record } => Logged::Hints(HintChange::Kept { owner, record }),
            NoCopy::HandedBack { owner, key, version } => {
                Logged::Hints(HintChange::HandedBack { owner, key, version })
            }
            NoCopy::Window(window) => Logged::Window(window),
            NoCopy::Collected { key, version } => Logged::Collected { key, version },
            NoCopy::Layout(layout) => Logged::Layout(layout),
            NoCopy::Pledge(pledge) => Logged::Pledge(pledge),
        }
    }
}

impl protocol::Record for Logged {
    /// A key of one byte at version zero, without a value.
    const BYTES_MIN: usize = 8;
    const NEEDS_ALL_BEFORE: bool = false;

    fn key(encoded: &[u8]) -> Option<&str> {
        let (key, _) = postcard::take_from_bytes::<&str>(encoded).ok()?;
        (!key.is_empty()).then_some(key)
    }
}

impl Serialize for Logged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Logged::Held(record) => record.serialize(serializer),
            Logged::Hints(change) => ("", change).serialize(serializer),
            Logged::Window(window) => ("", NoCopy::Window(*window)).serialize(serializer),
            Logged::Collected { key, version } => {
                let (key, version) = (key.clone(), *version);
                ("", NoCopy::Collected { key, version }).serialize(serializer)
            }
            Logged::Layout(layout) => ("", NoCopy::Layout(layout.clone())).serialize(serializer),
            Logged::Pledge(pledge) => ("", NoCopy::Pledge(pledge.clone())).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Logged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Logged, D::Error> {
        deserializer.deserialize_tuple(2, KeyFirst)
    }
}

/// Reads the key, which tells what follows.
struct KeyFirst;

impl<'de> Visitor<'de> for KeyFirst {
    type Value = Logged;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key and an entry, or an empty key and what is no copy")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Logged, A::Error> {
        let missing = |number| A::Error::invalid_length(number, &self);
        let key: String = parts.next_element()?.ok_or_else(|| missing(0))?;
        if key.is_empty() {
            let no_copy: Option<NoCopy> = parts.next_element()?;
            return no_copy.map(Logged::from).ok_or_else(|| missing(1));
        }
        let entry = parts.next_element()?.ok_or_else(|| missing(1))?;
        Ok(Logged::Held(Record { key, entry }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Record as _;
    use crate::quorum::ring::agreement::Ballot;

    fn record(key: &str) -> Record {
        let version = Version { millis: 7, ..Version::default() };
        Record { key: key.to_owned(), entry: Entry { version, atomic: false, value: Some(vec![1, 2]) } }
    }

    fn encoded(logged: &Logged) -> Vec<u8> {
        postcard::to_stdvec(logged).expect("plain data")
    }

    #[test]
    fn what_is_written_is_read() {
        let (key, version) = ("k".to_owned(), Version::default());
        let all = [
            Logged::Held(record("k")),
            Logged::Hints(HintChange::Kept { owner: 3, record: record("k") }),
            Logged::Hints(HintChange::HandedBack { owner: 3, key: key.clone(), version }),
            Logged::Window(Window { held: 3, reserved: 300 }),
            Logged::Collected { key, version },
            Logged::Layout(Layout::first(vec![0, 2])),
            Logged::Pledge(Pledge::Promised(3, Ballot::NEVER)),
        ];
        for logged in all {
            assert_eq!(postcard::from_bytes(&encoded(&logged)), Ok(logged));
        }
    }

    #[test]
    fn what_is_held_is_encoded_as_it_always_was() {
        let held = Logged::Held(record("k"));
        assert_eq!(encoded(&held), postcard::to_stdvec(&record("k")).expect("plain data"));
        assert_eq!(Logged::key(&encoded(&held)), Some("k"));
    }

    #[test]
    fn a_hint_is_not_named_by_a_key() {
        let hint = Logged::Hints(HintChange::Kept { owner: 3, record: record("k") });
        assert_eq!(Logged::key(&encoded(&hint)), None);
    }

    #[test]
    fn the_shortest_is_as_long_as_said() {
        let entry = Entry { version: Version::default(), atomic: false, value: None };
        let held = Logged::Held(Record { key: "k".to_owned(), entry });
        let (key, version) = ("k".to_owned(), Version::default());
        let gone = Logged::Collected { key: key.clone(), version };
        let dropped = Logged::Hints(HintChange::HandedBack { owner: 0, key, version });
        assert_eq!(encoded(&held).len(), Logged::BYTES_MIN);
        let window = Logged::Window(Window::default());
        assert!([dropped, window, gone].iter().all(|logged| encoded(logged).len() >= Logged::BYTES_MIN));
    }
}
