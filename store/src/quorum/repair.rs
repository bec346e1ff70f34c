//! Read repair: a read that sees home replicas differ brings those up to date that hold less.
//!
//! | repair | when | which reads |
//! |---|---|---|
//! | in the foreground | before the answer, which waits until a majority holds what is returned | at level atomic, whenever fewer than a majority do: its promise rests on it |
//! | in the background | after the answer; nobody waits for it | at the other levels one in so many ([`Config::read_repair_one_in`]), unless the store does without |
//!
//! A tombstone is repaired like a value: a replica that missed the delete gets it.
//!
//! [`Config::read_repair_one_in`]: super::config::Config::read_repair_one_in

use std::collections::BTreeMap;

use super::message::{Entry, NodeId};
use super::needed::Needed;

/// What the home replicas of a key have answered so far: what each holds, if anything.
pub type Answers = BTreeMap<NodeId, Option<Entry>>;

/// The newest of what they hold.
pub fn newest(answers: &Answers) -> Option<&Entry> {
    answers.values().flatten().max_by_key(|entry| entry.version)
}

/// Whether fewer than so many hold this: then a later read could miss it, and return something older (the new-old
/// inversion), unless it is repaired in the foreground.
pub fn is_unsettled(answers: &Answers, entry: &Entry, needed: &Needed) -> bool {
    let holds = |held: &Option<Entry>| held.as_ref().is_some_and(|held| held.version == entry.version);
    !needed.is_met(answers.iter().filter(|(_, held)| holds(held)).map(|(node, _)| node))
}

/// Those that hold less than this, or nothing: whom the background repairs.
pub fn stale<'a>(answers: &'a Answers, entry: &'a Entry) -> impl Iterator<Item = NodeId> + 'a {
    let is_stale = |held: &Option<Entry>| held.as_ref().is_none_or(|held| held.version < entry.version);
    answers.iter().filter(move |(_, held)| is_stale(held)).map(|(&node, _)| node)
}

/// The newest value where a tombstone is newer: what a repair would bring back that took the tombstone for nothing.
pub fn deleted(answers: &Answers) -> Option<&[u8]> {
    let newest = newest(answers).filter(|newest| newest.value.is_none())?;
    let before = answers.values().flatten().filter(|held| held.version < newest.version);
    before.filter(|held| held.value.is_some()).max_by_key(|held| held.version)?.value.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::config::Config;
    use crate::quorum::message::Level;
    use crate::quorum::ring::{Homes, Owners};
    use crate::quorum::version::Version;

    fn four_nodes() -> Config {
        Config::new(0, (1..=4).map(|number| format!("n{number}")).collect())
    }

    /// By node: the millisecond of its version, and whether it is a value.
    fn answers(held: &[Option<(u64, bool)>]) -> Answers {
        let entry = |(millis, is_value): (u64, bool)| Entry {
            version: Version { millis, ..Version::default() },
            atomic: false,
            value: is_value.then(|| vec![millis as u8]),
        };
        (0..).zip(held.iter().map(|held| held.map(entry))).collect()
    }

    #[test]
    fn those_are_stale_that_hold_less_or_nothing() {
        let answers = answers(&[Some((5, true)), Some((4, true)), None, Some((5, true))]);
        let newest = newest(&answers).unwrap();
        assert_eq!(stale(&answers, newest).collect::<Vec<_>>(), [1, 2]);
        let owners = Owners { old: Homes::from_iter(0..4), new: None };
        let needed = |level| Needed::new(&four_nodes(), level, true, &owners);
        assert!(is_unsettled(&answers, newest, &needed(Level::All)));
        assert!(!is_unsettled(&answers, newest, &needed(Level::Quorum)));
    }

    #[test]
    fn a_tombstone_is_the_newest_like_a_value() {
        let answers = answers(&[Some((5, false)), Some((4, true)), Some((3, true))]);
        assert_eq!(newest(&answers).unwrap().value, None);
        assert_eq!(deleted(&answers), Some([4].as_slice()));
    }

    #[test]
    fn nothing_is_deleted_below_a_value() {
        assert_eq!(deleted(&answers(&[Some((5, true)), Some((4, false)), Some((3, true))])), None);
        assert_eq!(deleted(&answers(&[Some((5, false)), None])), None);
    }
}
