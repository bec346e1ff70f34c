//! Many random schedules, by their numbers.

use super::run::{run, schedule};
use super::settings::{self, Setting};
use crate::safeguards::Safeguards;

/// Actions in a schedule.
const ACTIONS: usize = 150;

/// The first of these schedules that breaks something, and what.
fn first_broken(
    setting: &Setting,
    seeds: std::ops::Range<u64>,
    safeguards: Safeguards,
) -> Option<(u64, String)> {
    seeds.into_iter().find_map(|seed| {
        let schedule = schedule(setting, seed, ACTIONS);
        run(setting, seed, &schedule, safeguards, false).broken.map(|broken| (seed, broken))
    })
}

#[test]
fn try_it() {
    for setting in settings::ALL {
        let (mut calls, mut reached) = (0, std::collections::BTreeMap::new());
        let mut broken = Vec::new();
        let seeds: u64 = std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
        for seed in 0..seeds {
            let schedule = schedule(&setting, seed, ACTIONS);
            let ended = run(&setting, seed, &schedule, Safeguards::default(), false);
            calls += ended.calls;
            for (k, v) in ended.reached {
                *reached.entry(k).or_insert(0) += v;
            }
            if let Some(b) = ended.broken {
                broken.push((seed, b));
            }
        }
        println!("{} calls {calls} {reached:?} broken {} {:?}", setting.name, broken.len(), &broken[..broken.len().min(4)]);
    }
}
