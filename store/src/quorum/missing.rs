//! What a node that lost something has still to get from one peer.
//!
//! ```text
//! last write wins   listed: k at v7                      held at v7 or above: there
//! siblings          listed: k, otherwise than here       sent: that state ── all of it held: there
//! ```

use std::collections::BTreeMap;

use super::conflict::Conflict;
use super::message::Entry;
use super::replica::Replica;
use super::version::Version;

/// Keys, and what each must come to hold.
#[derive(Clone, Debug, Default)]
pub struct Missing(BTreeMap<String, Need>);

/// When a key is there.
#[derive(Clone, Debug)]
enum Need {
    /// Once it is held at this version, or above.
    Version(Version),
    /// Nobody knows, before the peer has sent what it holds.
    Entry(Option<Entry>),
}

impl Missing {
    /// These keys, at the versions at which a peer holds them.
    pub fn new<'a>(listed: impl Iterator<Item = &'a (String, Version)>, conflict: Conflict) -> Missing {
        let need = |version| match conflict {
            Conflict::LastWriteWins => Need::Version(version),
            Conflict::Siblings { .. } => Need::Entry(None),
        };
        Missing(listed.map(|(key, version)| (key.clone(), need(*version))).collect())
    }

    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// The peer has sent what it holds of a key.
    pub fn sent(&mut self, key: &str, entry: &Entry) {
        if let Some(Need::Entry(sent @ None)) = self.0.get_mut(key) {
            *sent = Some(entry.clone());
        }
    }

    /// Takes out what is held by now. Of siblings that is also what did not differ any more when all that both keep was
    /// compared once more.
    pub fn retain(&mut self, replica: &Replica, differing: Option<&Missing>) {
        let differs = |key: &String| differing.is_none_or(|differing| differing.0.contains_key(key));
        self.0.retain(|key, need| {
            let held = replica.get(key);
            let is_held =
                |so: &dyn Fn(&Entry) -> bool| held.as_ref().is_some_and(|held| so(&held.kept.entry));
            match need {
                Need::Version(version) => !is_held(&|held| held.version >= *version),
                Need::Entry(None) => differs(key),
                Need::Entry(Some(sent)) => {
                    differs(key) && !is_held(&|held| replica.conflict().covers(held, sent))
                }
            }
        });
    }
}
