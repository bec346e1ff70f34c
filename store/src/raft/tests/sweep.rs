//! Many random schedules, by their numbers.

use super::run::{run, schedule};
use super::settings::{self, Setting};
use super::shrink::shrunk;
use crate::safeguards::Safeguards;

/// Actions in a schedule.
fn actions(seed: u64) -> usize {
    [60, 150, 150, 400][(seed % 4) as usize]
}

/// The first of these schedules that breaks something, and what.
fn first_broken(
    setting: &Setting,
    seeds: std::ops::Range<u64>,
    safeguards: Safeguards,
) -> Option<(u64, String)> {
    seeds.into_iter().find_map(|seed| {
        let schedule = schedule(setting, seed, actions(seed));
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
            let schedule = schedule(&setting, seed, actions(seed));
            let ended = run(&setting, seed, &schedule, Safeguards::default(), false);
            calls += ended.calls;
            for (k, v) in ended.reached {
                *reached.entry(k).or_insert(0) += v;
            }
            if let Some(b) = ended.broken {
                broken.push((seed, b));
            }
        }
        println!(
            "{} calls {calls} {reached:?} broken {} {:?}",
            setting.name,
            broken.len(),
            &broken[..broken.len().min(4)]
        );
    }
}

#[test]
fn try_off() {
    type Off = fn(&mut Safeguards);
    use settings::*;
    let offs: [(&str, &[Setting], Off); 18] = [
        ("replay_after_snapshot", &[SNAPSHOTS], |s| s.replay_after_snapshot = false),
        ("read_index", &[PLAIN, FIVE], |s| s.read_index = false),
        ("monotonic_lease", &[LEASES, PLAIN], |s| s.monotonic_lease = false),
        ("commits_own_term", &[PLAIN, FIVE], |s| s.commits_own_term = false),
        ("vote_persisted", &[PLAIN, FIVE], |s| s.vote_persisted = false),
        ("term_persisted", &[PLAIN], |s| s.term_persisted = false),
        ("vote_log_check", &[PLAIN], |s| s.vote_log_check = false),
        ("stale_append_refused", &[PLAIN, FIVE], |s| s.stale_append_refused = false),
        ("session_table", &[PLAIN], |s| s.session_table = false),
        ("session_table_in_snapshot", &[SNAPSHOTS], |s| s.session_table_in_snapshot = false),
        ("install_keeps_tail", &[SNAPSHOTS, ALL_AT_ONCE], |s| s.install_keeps_tail = false),
        ("reads_below_high_water_mark", &[PLAIN], |s| s.reads_below_high_water_mark = false),
        ("commit_rebuilt", &[PLAIN], |s| s.commit_rebuilt = false),
        ("conflict_truncated", &[PLAIN], |s| s.conflict_truncated = false),
        ("pre_vote", &[PLAIN, FIVE], |s| s.pre_vote = false),
        ("changes_one_at_a_time", &[CHURN, ALL_AT_ONCE], |s| s.changes_one_at_a_time = false),
        ("removed_is_silent", &[CHURN, ALL_AT_ONCE], |s| s.removed_is_silent = false),
        ("loss_bounded", &[ASYNCHRONOUS], |s| s.loss_bounded = false),
    ];
    for (name, settings, off) in offs {
        let mut safeguards = Safeguards::default();
        off(&mut safeguards);
        if !std::env::var("ONLY").unwrap_or_default().split(',').any(|only| name.starts_with(only)) {
            continue;
        }
        for setting in settings {
            let mut reached = std::collections::BTreeMap::new();
            let mut broken = Vec::new();
            for seed in 0..std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2000) {
                let schedule = schedule(setting, seed, actions(seed));
                let ended = run(setting, seed, &schedule, safeguards, false);
                for (k, v) in ended.reached {
                    *reached.entry(k).or_insert(0) += v;
                }
                if let Some(b) = ended.broken {
                    broken.push((seed, b));
                }
            }
            let mut kinds = std::collections::BTreeMap::new();
            for (_, b) in &broken {
                *kinds
                    .entry(b.split(':').next().unwrap().chars().take(20).collect::<String>())
                    .or_insert(0) += 1;
            }
            println!("{name} {} first {:?} {kinds:?} {reached:?}", setting.name, broken.first());
        }
    }
}

/// `SETTING=churn SEED=1671 cargo test --package perjury-store --lib repeats_one -- --ignored --nocapture`
#[test]
#[ignore = "repeats one run, for a look at it"]
fn repeats_one() {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let named = |setting: &&Setting| setting.name == variable("SETTING");
    let setting = settings::ALL.iter().find(named).expect("SETTING names a setting");
    let seed = variable("SEED").parse().expect("SEED is a number");
    let mut safeguards = Safeguards::default();
    match variable("OFF").as_str() {
        "" => {}
        "changes_one_at_a_time" => safeguards.changes_one_at_a_time = false,
        "install_keeps_tail" => safeguards.install_keeps_tail = false,
        other => panic!("{other}"),
    }
    let mut schedule = schedule(setting, seed, actions(seed));
    if run(setting, seed, &schedule, safeguards, false).broken.is_some() {
        schedule = shrunk(setting, seed, &schedule, safeguards);
    }
    let ended = run(setting, seed, &schedule, safeguards, true);
    println!("{}", ended.trace.join("\n"));
    println!("{schedule:#?}\n{:?}", ended.broken);
}
