//! Many random schedules, by their numbers.
//!
//! A schedule that breaks something is repeated, cut down to what is needed, and traced:
//!
//! ```text
//! SETTING=churn SEED=1671 cargo test --package perjury-store --lib repeats_one -- --ignored --nocapture
//! ```
//!
//! `OFF=read_index` switches a safeguard off, too. The long sweep takes `SETTING` (all, if it is not given) and
//! `SEEDS`, as `0..20000`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::run::{run, schedule};
use super::safeguards;
use super::settings::{self, Setting};
use super::shrink::shrunk;
use crate::safeguards::Safeguards;

/// Schedules of each setting in a short sweep.
const SHORT: Range<u64> = 0..60;
/// And in a long one, unless it is told.
const LONG: Range<u64> = 0..20_000;

/// What a sweep came to.
#[derive(Debug, Default)]
struct Swept {
    broken: Vec<(u64, String)>,
    calls: usize,
    reached: BTreeMap<&'static str, u64>,
}

fn sweep(setting: &Setting, seeds: Range<u64>) -> Swept {
    let mut swept = Swept::default();
    for seed in seeds {
        let ended = run(setting, seed, &schedule(setting, seed), Safeguards::default(), false);
        swept.calls += ended.calls;
        swept.broken.extend(ended.broken.map(|broken| (seed, broken)));
        for (marker, times) in ended.reached {
            *swept.reached.entry(marker).or_default() += times;
        }
    }
    swept
}

/// Nothing breaks, and the sweep reached what it is for.
fn keeps_its_promises(setting: &Setting, reaches: &[&str]) {
    let swept = sweep(setting, SHORT);
    assert_eq!(swept.broken, [], "{}", setting.name);
    let missed: Vec<_> = reaches.iter().filter(|marker| !swept.reached.contains_key(**marker)).collect();
    assert!(missed.is_empty(), "{} never reached {missed:?}: {:?}", setting.name, swept.reached);
}

#[test]
fn keeps_its_promises_with_three_voters() {
    let reaches = ["conflict-truncated", "leader-deposed-with-uncommitted", "retry-recognised"];
    keeps_its_promises(&settings::PLAIN, &reaches);
}

#[test]
fn keeps_its_promises_with_five_voters() {
    keeps_its_promises(&settings::FIVE, &["conflict-truncated", "leadership-transferred"]);
}

#[test]
fn keeps_its_promises_while_members_change() {
    keeps_its_promises(&settings::CHURN, &["member-removed"]);
}

#[test]
fn keeps_its_promises_with_small_snapshots() {
    keeps_its_promises(&settings::SNAPSHOTS, &["snapshot-saved", "snapshot-installed"]);
}

#[test]
fn keeps_its_promises_while_clocks_drift() {
    keeps_its_promises(&settings::LEASES, &["lease-read", "lease-missed"]);
}

#[test]
fn keeps_its_promises_with_all_of_it_at_once() {
    keeps_its_promises(&settings::ALL_AT_ONCE, &["member-removed", "snapshot-installed"]);
}

#[test]
fn keeps_its_promises_with_synchronous_copies() {
    keeps_its_promises(&settings::SYNCHRONOUS, &["standby-missing"]);
}

#[test]
fn keeps_its_promises_with_asynchronous_copies() {
    keeps_its_promises(&settings::ASYNCHRONOUS, &["standby-missing", "rolled-back"]);
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number"))
}

#[test]
#[ignore = "a long sweep: minutes"]
fn long_sweep() {
    let seeds = variable("SEEDS").map_or(LONG, |seeds| {
        let (from, to) = seeds.split_once("..").expect("SEEDS is a range, as 0..1000");
        number(from)..number(to)
    });
    let wanted = variable("SETTING");
    let is_wanted = |setting: &&Setting| wanted.as_ref().is_none_or(|wanted| wanted == setting.name);
    let mut broken = Vec::new();
    for setting in settings::ALL.iter().filter(is_wanted) {
        let swept = sweep(setting, seeds.clone());
        println!("{}: seeds {seeds:?}, {} calls, {:?}", setting.name, swept.calls, swept.reached);
        println!("{}: broken {} {:?}", setting.name, swept.broken.len(), swept.broken.first());
        broken.extend(swept.broken);
    }
    assert_eq!(broken, []);
}

#[test]
#[ignore = "repeats one run, for a look at it"]
fn repeats_one() {
    let wanted = variable("SETTING").expect("SETTING names a setting");
    let named = |setting: &&Setting| setting.name == wanted;
    let setting = settings::ALL.iter().find(named).expect("SETTING names a setting");
    let seed = number(&variable("SEED").expect("SEED says which"));
    let mut safeguards = Safeguards::default();
    if let Some(off) = variable("OFF") {
        safeguards::switch_off(&off, &mut safeguards);
    }
    let mut schedule = schedule(setting, seed);
    if run(setting, seed, &schedule, safeguards, false).broken.is_some() {
        schedule = shrunk(setting, seed, &schedule, safeguards);
    }
    let ended = run(setting, seed, &schedule, safeguards, true);
    println!("{}\n{:?}", ended.trace.join("\n"), ended.broken);
}
