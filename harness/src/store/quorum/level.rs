//! Levels of the leaderless family: their names, and what each is in the words of the store.

use perjury_store::quorum::message::Level;

use crate::scenario::Scenario;
use crate::system::Choice;

/// The level that is never mixed with another one on a key.
pub(super) const ATOMIC: &str = "atomic";

/// All levels, in the order in which `mixed` deals them out: the first so many where there is one data centre only.
pub(super) const LEVELS: &[Choice] = &[
    Choice { name: "quorum", about: "writes wait for W replicas, reads for R" },
    Choice { name: ATOMIC, about: "both wait for majorities, in two phases: linearizable" },
    Choice { name: "all", about: "both wait for all N replicas" },
    Choice { name: "one", about: "both wait for one replica" },
    Choice { name: "local-quorum", about: "both wait for a majority in the coordinator's data centre" },
    Choice { name: "each-quorum", about: "both wait for a majority in every data centre" },
];

/// Levels that are not about data centres.
pub(super) const WITHOUT_CENTRES: usize = 4;

/// The first of the scenario's levels that is atomic, if any.
pub(super) fn atomic(scenario: &Scenario) -> Option<&str> {
    scenario.levels().into_iter().find(|level| level.split('/').any(|part| part == ATOMIC))
}

/// Write and read level of `one/all`; of `one`, both.
pub(super) fn pair(level: &str) -> (Level, Level) {
    let (write, read) = level.split_once('/').unwrap_or((level, level));
    (stored(write), stored(read))
}

fn stored(name: &str) -> Level {
    match name {
        "one" => Level::One,
        "all" => Level::All,
        ATOMIC => Level::Atomic,
        "local-quorum" => Level::LocalQuorum,
        "each-quorum" => Level::EachQuorum,
        _ => Level::Quorum,
    }
}

/// What is wrong with the name of a level: it must be one for writes and reads, or `WRITE/READ`.
pub(super) fn problem(level: &str) -> Option<String> {
    let unknown = |name: &str| {
        let names = LEVELS.iter().map(|level| level.name).collect::<Vec<_>>();
        let words = || {
            format!(
                "'{name}' is no level of this store: take {}, mixed, or a pair WRITE/READ such as one/all",
                names.join(", ")
            )
        };
        (!names.contains(&name)).then(words)
    };
    let Some((write, read)) = level.split_once('/') else { return unknown(level) };
    unknown(write).or_else(|| unknown(read)).or_else(|| {
        (write != read && [write, read].contains(&ATOMIC)).then(|| {
            format!(
                "'{level}' mixes atomic with another level on one key: atomic reads and writes go together"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_levels_writes_at_one_and_reads_at_the_other() {
        assert_eq!(pair("one/all"), (Level::One, Level::All));
        assert_eq!(pair("atomic"), (Level::Atomic, Level::Atomic));
        assert_eq!(pair("each-quorum/local-quorum"), (Level::EachQuorum, Level::LocalQuorum));
    }

    #[test]
    fn refuses_levels_that_the_store_does_not_have() {
        for level in
            ["one", "quorum", "all", "atomic", "one/all", "atomic/atomic", "each-quorum/local-quorum"]
        {
            assert_eq!(problem(level), None, "{level}");
        }
        for level in ["", "two", "one/", "one/mixed", "one/atomic", "leader", "one/all/one"] {
            assert!(problem(level).is_some(), "{level}");
        }
    }
}
