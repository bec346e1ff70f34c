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
    let offs: [(&str, Off); 15] = [
        ("replay_after_snapshot", |s| s.replay_after_snapshot = false),
        ("read_index", |s| s.read_index = false),
        ("monotonic_lease", |s| s.monotonic_lease = false),
        ("commits_own_term", |s| s.commits_own_term = false),
        ("vote_persisted", |s| s.vote_persisted = false),
        ("term_persisted", |s| s.term_persisted = false),
        ("vote_log_check", |s| s.vote_log_check = false),
        ("stale_append_refused", |s| s.stale_append_refused = false),
        ("session_table", |s| s.session_table = false),
        ("session_table_in_snapshot", |s| s.session_table_in_snapshot = false),
        ("install_keeps_tail", |s| s.install_keeps_tail = false),
        ("reads_below_high_water_mark", |s| s.reads_below_high_water_mark = false),
        ("commit_rebuilt", |s| s.commit_rebuilt = false),
        ("conflict_truncated", |s| s.conflict_truncated = false),
        ("pre_vote", |s| s.pre_vote = false),
    ];
    for (name, off) in offs {
        let mut safeguards = Safeguards::default();
        off(&mut safeguards);
        for setting in [settings::PLAIN, settings::FIVE] {
            println!("{name} {} {:?}", setting.name, first_broken(&setting, 0..1000, safeguards));
        }
    }
}
