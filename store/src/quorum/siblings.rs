//! Siblings: the values of a key of which none was written by somebody who had seen another.
//!
//! ```text
//! c1 reads {}   writes a   n1.1: a              ┐
//! c2 reads {}   writes b   n2.1: b              ┴► joined: a and b, seen n1.1 and n2.1
//! c3 reads a, b and what was seen; writes c over them  ► c alone, seen n1.1, n2.1 and n3.1
//! n4 gets n1.1: a once more                            ► c alone: it has seen n1.1, and does not hold it any more
//! ```
//!
//! What a replica holds is a value of its own, and to join two of them is all that ever happens to it: in any order, and
//! as often as anybody likes. A write is such a value, too, with one sibling, and with the [`Context`] that its client
//! had read (Almeida, Shoker and Baquero 2018: a delta of a causal store of dots). So nothing that no client has seen is
//! ever taken away, and nothing that was taken away comes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::message::Entry;
use super::version::Version;

pub mod context;
mod dots;

pub use context::{Actor, Context, Dot};
pub use dots::Dots;

/// The values of a key, each with its dot, and all dots that these values have taken the place of.
///
/// - Every sibling's dot has been seen.
/// - Where two replicas have seen the same, they hold the same siblings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings {
    seen: Context,
    values: BTreeMap<Dot, Option<Vec<u8>>>,
}

impl Siblings {
    /// A write of this value (none: a tombstone), by somebody who had seen this.
    pub fn write(mut seen: Context, dot: Dot, value: Option<Vec<u8>>) -> Siblings {
        seen.insert(dot);
        Siblings { seen, values: BTreeMap::from([(dot, value)]) }
    }

    /// What an entry holds. One that holds no siblings holds nothing: it comes from a broken node.
    pub fn of(entry: &Entry) -> Siblings {
        let bytes = entry.value.as_deref().unwrap_or_default();
        postcard::from_bytes(bytes).unwrap_or_default()
    }

    /// The entry that holds them.
    pub fn to_entry(&self) -> Entry {
        let value = Some(postcard::to_stdvec(self).expect("plain data"));
        Entry { version: self.version(), atomic: false, value }
    }

    /// What has been seen: it goes to the client with the values, and back with its write.
    pub fn seen(&self) -> &Context {
        &self.seen
    }

    /// The values, of which none is above another. None of them: a tombstone.
    pub fn values(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.values.values().map(Option::as_deref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none: nothing was written.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Everything that either holds, but for what the other one has seen and does not hold any more.
    pub fn join(mut self, mut other: Siblings) -> Siblings {
        self.values.retain(|dot, _| other.values.contains_key(dot) || !other.seen.contains(dot));
        other.values.retain(|dot, _| !self.seen.contains(dot));
        self.values.append(&mut other.values);
        Siblings { seen: self.seen.union(&other.seen), values: self.values }
    }

    /// Forgets all but the last of them, as if it had seen the others.
    pub fn forget_conflict(&mut self) {
        let last = self.values.keys().max_by_key(|dot| (dot.number, dot.actor)).copied();
        self.values.retain(|dot, _| Some(*dot) == last);
    }

    /// How much has been seen, and a hash of it: who has seen more has a higher version, and two that have seen the same
    /// have the same. Of two others it says only that they differ.
    fn version(&self) -> Version {
        let hash = xxh3_128(&self.seen.encode());
        Version {
            millis: self.seen.count(),
            counter: hash as u32,
            node: (hash >> 32) as u16,
            incarnation: (hash >> 48) as u32,
        }
    }
}

#[cfg(test)]
mod tests;
