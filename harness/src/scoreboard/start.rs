//! One start: seeds, each with its own scenario, until the bug is seen.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use serde::Serialize;

use crate::bug::Bug;
use crate::render;
use crate::scenario::Scenario;
use crate::signature::Signature;
use crate::swarm::{self, Profile};
use crate::sweep::wall_ns;
use crate::{store, trial};

/// What one start came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Start {
    /// Its first seed.
    pub first: u64,
    /// Runs that it took.
    pub seeds: u64,
    /// In how many of them the code path of the bug was reached.
    pub reached: u64,
    /// Simulated time of all of them.
    pub simulated_ns: u64,
    /// Real time of all of them, one after the other.
    pub wall_ns: u64,
    /// The run that showed it, if any did.
    pub found: Option<Found>,
}

/// A run that showed a planted bug.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Its seed.
    pub seed: u64,
    /// What the seed drew.
    pub scenario: Scenario,
    /// What it shows.
    pub signature: Signature,
    /// The expected checkers that saw it.
    pub expected: Vec<String>,
    /// Other guarantees that were broken in that run.
    pub others: Vec<String>,
    /// The verdict of the clean store in the same run.
    pub clean_verdict: String,
}

/// Tries seeds until an expected checker sees the bug. None, where it was stopped before it knew.
pub(super) fn hunt(
    bug: &'static Bug,
    profile: &Profile,
    seeds: Range<u64>,
    stop: &AtomicBool,
) -> anyhow::Result<Option<Start>> {
    let mut profile = profile.clone();
    profile.fix("bug", bug.name)?;
    let begin = wall_ns();
    let mut start =
        Start { first: seeds.start, seeds: 0, reached: 0, simulated_ns: 0, wall_ns: 0, found: None };
    for seed in seeds {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let scenario = swarm::draw(&profile, seed, None)?;
        let system = store::named(&scenario.store).context("the store of the bug exists")?;
        let (_, report) =
            trial::try_seed(system, &scenario, seed, &mut |_| {}).with_context(|| format!("seed {seed}"))?;
        start.seeds += 1;
        start.simulated_ns += report.simulated_ns;
        start.reached += u64::from(report.markers.contains_key(bug.marker));
        let mut broken: Vec<String> = render::broken(&report).map(|row| row.guarantee.clone()).collect();
        broken.dedup();
        let (expected, others): (Vec<_>, Vec<_>) =
            broken.into_iter().partition(|name| bug.shows.contains(&name.as_str()));
        if !expected.is_empty() {
            start.wall_ns = wall_ns() - begin;
            let clean = Scenario { bug: None, ..scenario.clone() };
            let clean_verdict = trial::try_seed(system, &clean, seed, &mut |_| {})?.1.verdict;
            let signature = Signature::of(&report).context("a promise was broken")?;
            start.found = Some(Found { seed, scenario, signature, expected, others, clean_verdict });
            return Ok(Some(start));
        }
    }
    start.wall_ns = wall_ns() - begin;
    Ok(Some(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bug;

    /// What a debug build simulates in a second. The power loss of all that ends each run is fault enough.
    const SMALL: &str = "time = '2s'\nworkload = 'register'\nlevel = 'quorum'\nnodes = 3\nreplication = 3\n\
                         clients = 10\nrate = 100\nkeys = 2\nnemesis = []";

    fn hunted(bug: &str, seeds: Range<u64>) -> Start {
        let bug = bug::named(bug).expect("a bug");
        let profile = Profile::parse(SMALL).expect("a profile");
        hunt(bug, &profile, seeds, &AtomicBool::new(false)).expect("hunted").expect("not stopped")
    }

    #[test]
    fn finds_a_bug_and_lets_the_clean_store_pass() {
        let start = hunted("acknowledge-before-sync", 0..3);
        let found = start.found.expect("found");
        assert!(found.expected.iter().any(|name| name == "durability" || name == "replica-durability"));
        assert_eq!((found.clean_verdict.as_str(), start.seeds), ("valid", found.seed + 1));
        assert!(start.reached > 0);
    }

    #[test]
    fn gives_up_after_its_seeds() {
        let start = hunted("token-lost-on-failover", 0..2);
        assert_eq!((start.seeds, start.found.map(|found| found.seed)), (2, None));
    }
}
