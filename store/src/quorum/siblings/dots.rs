//! Naming writes.

use std::collections::BTreeMap;

use super::{Actor, Dot};

/// Keys whose last number is remembered.
const KEYS_MAX: usize = 100_000;

/// The dots that one node issues, in one incarnation.
///
/// - None is issued twice: the incarnation is raised, durably, at each start, and within it the numbers of a key rise.
/// - The numbers of a key have no gaps, so that what was seen of it stays short: but where it was forgotten meanwhile.
#[derive(Debug)]
pub struct Dots {
    actor: Actor,
    last: BTreeMap<String, u64>,
    /// No key that was forgotten had a higher number.
    forgotten: u64,
    keys_max: usize,
}

impl Dots {
    /// The dots of this actor.
    pub fn new(actor: Actor) -> Dots {
        Dots { actor, last: BTreeMap::new(), forgotten: 0, keys_max: KEYS_MAX }
    }

    /// The next dot of a key.
    pub fn next(&mut self, key: &str) -> Dot {
        if self.last.len() >= self.keys_max && !self.last.contains_key(key) {
            let highest = std::mem::take(&mut self.last).into_values().max();
            self.forgotten = self.forgotten.max(highest.unwrap_or_default());
        }
        let last = self.last.entry(key.to_owned()).or_insert(self.forgotten);
        *last += 1;
        Dot { actor: self.actor, number: *last }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ACTOR: Actor = Actor { node: 1, incarnation: 1 };

    #[test]
    fn the_numbers_of_a_key_have_no_gaps() {
        let mut dots = Dots::new(ACTOR);
        let numbers = ["a", "b", "a", "a", "b"].map(|key| dots.next(key).number);
        assert_eq!(numbers, [1, 1, 2, 3, 2]);
    }

    #[test]
    fn a_key_that_was_forgotten_goes_on_above() {
        let mut dots = Dots { keys_max: 2, ..Dots::new(ACTOR) };
        let mut issued = BTreeSet::new();
        for key in ["a", "a", "b", "c", "a", "d", "b", "c", "a"] {
            assert!(issued.insert((key, dots.next(key))), "{key} twice: {issued:?}");
        }
    }

    #[test]
    fn no_incarnation_issues_what_another_has() {
        let again = Actor { incarnation: 2, ..ACTOR };
        assert_ne!(Dots::new(ACTOR).next("a"), Dots::new(again).next("a"));
    }
}
