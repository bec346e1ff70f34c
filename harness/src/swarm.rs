//! Swarm testing: each seed draws its own scenario, so that rare combinations happen.
//!
//! ```text
//! profile ──┐
//! seed ─────┼─> draw: store, mode, nodes, levels, workload, load, faults, rhythm, latencies ──> scenario
//! parent ───┘   a scenario that reached something rare: most of it stays, some is drawn again
//! ```
//!
//! Alex Groce, Chaoqiang Zhang, Eric Eide, Yang Chen and John Regehr: Swarm Testing (ISSTA 2012): a random subset of
//! the features finds more than all of them at once, because features hide each other's bugs.
//!
//! What is drawn is a [`Scenario`], which its own command repeats: neither profile nor parent is needed for that.

pub mod choice;
pub mod dimension;
pub mod profile;

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};

use crate::rng::Rng;
use crate::run;
use crate::scenario::Scenario;
use crate::store;
use dimension::{DIMENSIONS, Draw, SHAPE};
pub use profile::Profile;

/// How often a draw that cannot be run is thrown away before the profile is to blame.
const ATTEMPTS: u64 = 200;
/// How much of its parent a scenario draws again.
const REDRAWN: f64 = 0.25;

/// The scenario of this seed: drawn anew, or from a `parent` of which most stays.
///
/// # Errors
/// When the profile leaves nothing that can be run: what was wrong with the last attempt.
pub fn draw(profile: &Profile, seed: u64, parent: Option<&Scenario>) -> anyhow::Result<Scenario> {
    draw_where(profile, seed, parent, |_| true)
}

/// The first attempt that can be run, of those for which the right things were drawn.
fn draw_where(
    profile: &Profile,
    seed: u64,
    parent: Option<&Scenario>,
    is_wanted: impl Fn(&[&str]) -> bool,
) -> anyhow::Result<Scenario> {
    let rng = Rng::new(seed).fork("swarm");
    let mut problem = String::new();
    for attempt in 0..ATTEMPTS {
        let (scenario, drawn) = attempt_to(profile, &rng.fork(&attempt.to_string()), parent);
        let system = store::named(&scenario.store).context("the store of the profile does not exist")?;
        match run::problem(system, &scenario) {
            _ if !is_wanted(&drawn) => {}
            None => return Ok(scenario),
            Some(words) => problem = words,
        }
    }
    bail!("this leaves no scenario that can be run: {problem}")
}

/// Checks that each value which this profile names is that of a scenario that can be run: one that is only drawn again,
/// again and again, would leave out what somebody asked for.
///
/// # Errors
/// With the dimension, and what is wrong with the value, or that no scenario looks at it.
pub fn check(profile: &Profile) -> anyhow::Result<()> {
    draw(profile, 0, None)?;
    if let Some(name) = unused(profile).first() {
        bail!(
            "{name}: no scenario looks at it, with the store, mode, workload and bug that are fixed; leave it out"
        );
    }
    for (name, single) in profile.singles() {
        let drawn = draw_where(&single, 0, None, |drawn| drawn.contains(&name));
        drawn.with_context(|| format!("{name}: one of its values"))?;
    }
    Ok(())
}

/// What this profile fixes or weights, and every one of many draws passes over: a setting of another store, or of another
/// mode, than those that it names.
pub fn unused(profile: &Profile) -> Vec<&'static str> {
    let rng = Rng::new(0).fork("unused");
    let drawn: BTreeSet<&str> = (0..ATTEMPTS)
        .flat_map(|attempt| attempt_to(profile, &rng.fork(&attempt.to_string()), None).1)
        .collect();
    let named = DIMENSIONS.iter().map(|dimension| dimension.name).filter(|name| profile.says(name));
    named.filter(|name| !drawn.contains(name)).collect()
}

/// A scenario, which may be none that can be run, and the names of what was drawn for it.
fn attempt_to(profile: &Profile, rng: &Rng, parent: Option<&Scenario>) -> (Scenario, Vec<&'static str>) {
    let mut scenario = parent.cloned().unwrap_or_default();
    let mut drawn = Vec::new();
    for dimension in DIMENSIONS {
        let mut rng = rng.fork(dimension.name);
        // What a store cannot do without stays with the parent: all else depends on it.
        let is_kept = parent.is_some() && (SHAPE.contains(&dimension.name) || !rng.chance(REDRAWN));
        if !is_kept {
            let mut draw = Draw { name: dimension.name, profile, rng: &mut rng, is_drawn: false };
            (dimension.draw)(&mut draw, &mut scenario);
            drawn.extend(draw.is_drawn.then_some(dimension.name));
        }
    }
    (scenario, drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command, workload};

    fn drawn(seeds: std::ops::Range<u64>) -> Vec<Scenario> {
        seeds.map(|seed| draw(&Profile::default(), seed, None).expect("a scenario")).collect()
    }

    #[test]
    fn draws_the_same_for_the_same_seed() {
        assert_eq!(drawn(0..50), drawn(0..50));
    }

    #[test]
    fn draws_everything_sooner_or_later() {
        let scenarios = drawn(0..400);
        let distinct =
            |of: &dyn Fn(&Scenario) -> String| scenarios.iter().map(of).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(&|scenario| scenario.store.clone()), store::ALL.len());
        assert_eq!(distinct(&|scenario| scenario.workload.clone()), workload::ALL.len());
        assert_eq!(distinct(&|scenario| scenario.mode.clone()), 7);
        let faults: BTreeSet<&str> =
            scenarios.iter().flat_map(|scenario| scenario.nemesis.iter().map(String::as_str)).collect();
        let missing: Vec<_> =
            crate::nemesis::Kind::ALL.iter().filter(|kind| !faults.contains(kind.name())).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(distinct(&command::options) > 390, "no two are alike");
    }

    #[test]
    fn most_scenarios_have_few_kinds_of_faults() {
        let few = drawn(0..400).iter().filter(|scenario| scenario.nemesis.len() <= 2).count();
        assert!((240..340).contains(&few), "{few}");
    }

    #[test]
    fn keeps_to_what_a_bug_needs() {
        let profile =
            Profile::parse("bug = 'filter-misses-keys'\nwithout = ['exchange']").expect("a profile");
        for seed in 0..20 {
            let scenario = draw(&profile, seed, None).expect("a scenario");
            assert_eq!(
                (scenario.storage.as_str(), scenario.without),
                ("tables", vec!["exchange".to_owned()])
            );
        }
    }

    #[test]
    fn keeps_the_store_and_most_of_a_parent() {
        let parent = &drawn(0..1)[0];
        let child = |seed| draw(&Profile::default(), seed, Some(parent)).expect("a child");
        let children: Vec<Scenario> = (0..20).map(child).collect();
        assert!(children.iter().all(|child| child.store == parent.store && child.mode == parent.mode));
        let same = |child: &&Scenario| child.workload == parent.workload;
        assert!(children.iter().filter(same).count() >= 10);
        assert!(children.iter().any(|child| child != parent));
    }

    #[test]
    fn says_what_no_scenario_looks_at() {
        for (text, names) in [
            ("nodes = 5", &[][..]),
            ("store = 'quorum'\nsnapshot-every = 9", &["snapshot-every"]),
            ("store = 'raft'\nread-quorum = 1\nloss-entries = 9", &["read-quorum"]),
            ("mode = 'majority'\nloss-entries = 9", &["loss-entries"]),
            ("workload = 'set'\nread-percent = 20", &["read-percent"]),
            ("store = 'raft'\nwithout = ['exchange']", &["without"]),
            ("store = 'quorum'\nwithout = ['exchange']", &[]),
            ("bug = 'filter-misses-keys'\nstorage = 'log'", &["storage"]),
            ("bug = 'filter-misses-keys'\nstorage = 'tables'", &[]),
            ("bug = 'read-unconfirmed'\nstore = 'quorum'", &["store"]),
            ("bug = 'read-unconfirmed'\nstore = 'raft'", &[]),
        ] {
            assert_eq!(unused(&Profile::parse(text).expect("a profile")), names, "{text}");
        }
    }

    #[test]
    fn each_value_of_a_profile_must_be_one_that_can_be_run() {
        for (text, words) in [
            (
                "nodes = [3, 5000]",
                "nodes: one of its values: this leaves no scenario that can be run: nodes 5000",
            ),
            ("read-percent = { min = 20, max = 120 }", "read-percent 120: take 0 to 100"),
            ("batch-bytes = 0", "batch-bytes 0: take 1 to"),
        ] {
            let error = check(&Profile::parse(text).expect("a profile")).expect_err(text);
            assert!(format!("{error:#}").contains(words), "{error:#}");
        }
        let fine = "nodes = [3, 5]\nlevel = { quorum = 1, leader = 0.5 }\nlatency = '5ms..10ms'";
        check(&Profile::parse(fine).expect("a profile")).expect("all can be run");
    }

    #[test]
    fn says_what_a_profile_makes_impossible() {
        let profile =
            Profile::parse("store = 'quorum'\nmode = 'majority'\nworkload = 'bank'").expect("a profile");
        let error = draw(&profile, 0, None).expect_err("quorums keep registers only");
        assert!(error.to_string().contains("workload bank: quorums keep registers only"), "{error}");
    }
}
