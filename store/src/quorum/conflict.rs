//! What becomes of two writes of a key of which neither knew the other.
//!
//! | conflict | the store holds | a write that was acknowledged |
//! |---|---|---|
//! | last write wins | the value of the higher version | may be gone, and nobody is told |
//! | siblings | [both](Siblings), until a client that has read them writes over them | stays, or was seen by who wrote over it |
//!
//! Everything that compares copies asks here: the replica that takes one in, the read that puts answers together, the
//! exchange that looks for what a peer lacks.

use std::borrow::Cow;

use super::message::{Entry, Response};
use super::read::answer;
use super::repair::{self, Answers};
use super::siblings::Siblings;
use super::version::Version;
use crate::marker;

/// How conflicts are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The higher version stays.
    LastWriteWins,
    /// All that no client has seen stay.
    Siblings {
        /// They do: the safeguard. Else the later one stays, and counts as written by somebody who had seen the others.
        recorded: bool,
    },
}

impl Conflict {
    /// Whether nothing is new in an entry for who holds another one.
    pub fn covers(self, held: &Entry, entry: &Entry) -> bool {
        match self {
            Conflict::LastWriteWins => held.rank() >= entry.rank(),
            Conflict::Siblings { .. } => Siblings::of(held).seen().includes(Siblings::of(entry).seen()),
        }
    }

    /// What is held once an entry is taken in that is not covered, and the marker of what that came to.
    pub fn merge(self, held: Option<&Entry>, entry: Entry) -> (Entry, Option<&'static str>) {
        let (Conflict::Siblings { recorded }, Some(held)) = (self, held) else {
            return (entry, None);
        };
        let held = Siblings::of(held);
        let before = held.len();
        let mut joined = held.join(Siblings::of(&entry));
        let reached = match joined.len() {
            0 | 1 if before <= 1 => None,
            _ if !recorded => Some("conflict-not-recorded"),
            after if after > before => Some(marker::SIBLINGS_HELD.name),
            after if after < before => Some(marker::SIBLINGS_MERGED.name),
            _ => None,
        };
        if !recorded {
            joined.forget_conflict();
        }
        (joined.to_entry(), reached)
    }

    /// What the replicas hold together that have answered a read.
    pub fn together(self, answers: &Answers) -> Option<Cow<'_, Entry>> {
        match self {
            Conflict::LastWriteWins => repair::newest(answers).map(Cow::Borrowed),
            Conflict::Siblings { recorded } => {
                let held = answers.values().flatten().map(Siblings::of);
                let mut joined = held.fold(Siblings::default(), Siblings::join);
                if !recorded {
                    joined.forget_conflict();
                }
                (!joined.is_empty()).then(|| Cow::Owned(joined.to_entry()))
            }
        }
    }

    /// What a client is told of it.
    pub fn answer(self, entry: Option<Entry>) -> Response {
        if self == Conflict::LastWriteWins {
            return answer(entry);
        }
        let siblings = entry.as_ref().map(Siblings::of).unwrap_or_default();
        Response::Siblings {
            values: siblings.values().map(|value| value.map(<[u8]>::to_vec)).collect(),
            context: siblings.seen().encode(),
            version: entry.map(|entry| entry.version),
        }
    }

    /// Whether a copy of one version may lack something that a copy of the other one has. Of siblings, versions do not
    /// tell which of two has more, nor whether each lacks something.
    pub fn may_lack(self, version: Version, other: Version) -> bool {
        match self {
            Conflict::LastWriteWins => version < other,
            Conflict::Siblings { .. } => version != other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::siblings::{Actor, Context, Dot};

    fn blind(node: u16) -> Entry {
        let dot = Dot { actor: Actor { node, incarnation: 1 }, number: 1 };
        Siblings::write(Context::default(), dot, Some(vec![node as u8])).to_entry()
    }

    #[test]
    fn siblings_stay_beside_each_other_until_somebody_has_seen_both() {
        let conflict = Conflict::Siblings { recorded: true };
        let (one, other) = (blind(1), blind(2));
        assert!(!conflict.covers(&one, &other) && !conflict.covers(&other, &one));
        let (both, reached) = conflict.merge(Some(&one), other.clone());
        assert_eq!((Siblings::of(&both).len(), reached), (2, Some("siblings-held")));
        assert!(conflict.covers(&both, &one) && conflict.covers(&both, &other));
        let dot = Dot { actor: Actor { node: 3, incarnation: 1 }, number: 1 };
        let over = Siblings::write(Siblings::of(&both).seen().clone(), dot, Some(vec![9])).to_entry();
        let (merged, reached) = conflict.merge(Some(&both), over);
        assert_eq!((Siblings::of(&merged).len(), reached), (1, Some("siblings-merged")));
        assert!(conflict.covers(&merged, &both));
        assert!(
            conflict.may_lack(one.version, other.version) && conflict.may_lack(other.version, one.version)
        );
    }

    #[test]
    fn without_the_record_the_later_one_stays_alone() {
        let conflict = Conflict::Siblings { recorded: false };
        let (both, reached) = conflict.merge(Some(&blind(1)), blind(2));
        assert_eq!(reached, Some("conflict-not-recorded"));
        assert_eq!(Siblings::of(&both).values().collect::<Vec<_>>(), [Some([2].as_slice())]);
        assert!(conflict.covers(&both, &blind(1)));
    }

    #[test]
    fn a_read_is_told_all_that_the_replicas_hold_together() {
        let conflict = Conflict::Siblings { recorded: true };
        let answers = Answers::from([(0, Some(blind(1))), (1, None), (2, Some(blind(2)))]);
        let together = conflict.together(&answers).expect("two of them hold something");
        assert!(repair::stale(&answers, &together).eq([0, 1, 2]));
        let Response::Siblings { values, context, version } =
            conflict.answer(Some(together.clone().into_owned()))
        else {
            panic!("siblings");
        };
        assert_eq!((values, version), (vec![Some(vec![1]), Some(vec![2])], Some(together.version)));
        assert_eq!(Context::decode(&context).map(|seen| seen.count()), Some(2));
        assert_eq!(conflict.together(&Answers::from([(0, None)])), None);
    }
}
