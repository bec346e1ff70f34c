//! Which markers of the stores that were run were never reached.
//!
//! A sweep in which all held has shown little of what never happened in it: no torn tail was cut, say.

use std::collections::BTreeMap;

pub use perjury_store::marker::{ALL, Marker};

use crate::scenario::Scenario;
use crate::store;

/// The markers, of the stores and modes of these scenarios, that are not among those reached, in the order of
/// [`ALL`].
pub fn missing<'a>(
    reached: &BTreeMap<String, u64>,
    scenarios: impl IntoIterator<Item = &'a Scenario> + Clone,
) -> Vec<&'static Marker> {
    let is_possible = |marker: &Marker| {
        let mut scenarios = scenarios.clone().into_iter();
        scenarios
            .any(|scenario| marker.is_possible(&scenario.store, &scenario.mode, store::features(scenario)))
    };
    let missing = ALL.iter().copied().filter(|marker| !reached.contains_key(marker.name));
    missing.filter(|marker| is_possible(marker)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bug;

    fn scenario(store: &str, mode: &str) -> Scenario {
        Scenario { store: store.to_owned(), mode: mode.to_owned(), ..Scenario::default() }
    }

    fn names(reached: &[&str], scenarios: &[Scenario]) -> Vec<&'static str> {
        let reached = reached.iter().map(|&name| (name.to_owned(), 1)).collect();
        missing(&reached, scenarios).into_iter().map(|marker| marker.name).collect()
    }

    #[test]
    fn says_what_never_happened_in_the_stores_that_were_run() {
        let quorum = names(&[], &[scenario("quorum", "majority")]);
        assert!(quorum.contains(&"torn-tail-cut") && quorum.contains(&"write-superseded"), "{quorum:?}");
        assert!(!quorum.contains(&"snapshot-saved"), "{quorum:?}");
        let less = names(&["torn-tail-cut"], &[scenario("quorum", "majority")]);
        assert_eq!(less.len(), quorum.len() - 1);
        assert!(!less.contains(&"torn-tail-cut"));
    }

    #[test]
    fn asks_of_a_mode_only_what_can_happen_in_it() {
        let majority = names(&[], &[scenario("raft", "majority")]);
        assert!(majority.contains(&"member-removed") && !majority.contains(&"rolled-back"), "{majority:?}");
        let both = names(&[], &[scenario("raft", "majority"), scenario("raft", "asynchronous")]);
        assert!(both.contains(&"member-removed") && both.contains(&"rolled-back"), "{both:?}");
        assert_eq!(names(&[], &[]), [""; 0]);
    }

    #[test]
    fn no_marker_is_that_of_a_planted_bug() {
        let of_a_bug = |marker: &&&Marker| bug::ALL.iter().any(|bug| bug.marker == marker.name);
        assert_eq!(ALL.iter().find(of_a_bug), None);
    }
}
