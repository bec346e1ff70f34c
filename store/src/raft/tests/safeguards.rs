//! Random schedules find each safeguard that is switched off: the judges see what they should.

use super::run::{run, schedule};
use super::settings::{self, Setting};
use crate::safeguards::Safeguards;

/// A safeguard, and how its absence shows.
struct Planted {
    name: &'static str,
    off: fn(&mut Safeguards),
    /// Said where the absence has its effect.
    marker: &'static str,
    setting: Setting,
    /// How the verdict begins; several, where it depends on the schedule.
    shows: &'static [&'static str],
}

const READ: &str = "goes back behind";
const ANSWER: &str = "the log says otherwise";
const COMPLETENESS: &str = "leader-completeness";
const MATCHING: &str = "log-matching";
const MACHINES: &str = "state-machine-safety";

const PLANTED: [Planted; 18] = [
    Planted {
        name: "replay_after_snapshot",
        off: |safeguards| safeguards.replay_after_snapshot = false,
        marker: "entry-replayed-twice",
        setting: settings::SNAPSHOTS,
        shows: &[ANSWER, MACHINES, "n"],
    },
    Planted {
        name: "read_index",
        off: |safeguards| safeguards.read_index = false,
        marker: "read-unconfirmed",
        setting: settings::PLAIN,
        shows: &[READ],
    },
    Planted {
        name: "monotonic_lease",
        off: |safeguards| safeguards.monotonic_lease = false,
        marker: "lease-by-wall-clock",
        setting: settings::LEASES,
        shows: &[READ],
    },
    Planted {
        name: "commits_own_term",
        off: |safeguards| safeguards.commits_own_term = false,
        marker: "earlier-term-committed",
        setting: settings::PLAIN,
        shows: &[COMPLETENESS],
    },
    Planted {
        name: "vote_persisted",
        off: |safeguards| safeguards.vote_persisted = false,
        marker: "vote-not-persisted",
        setting: settings::PLAIN,
        shows: &["one-leader-per-term", "monotonic-term"],
    },
    Planted {
        name: "term_persisted",
        off: |safeguards| safeguards.term_persisted = false,
        marker: "term-not-persisted",
        setting: settings::PLAIN,
        shows: &["monotonic-term"],
    },
    Planted {
        name: "vote_log_check",
        off: |safeguards| safeguards.vote_log_check = false,
        marker: "vote-without-log-check",
        setting: settings::PLAIN,
        shows: &[COMPLETENESS],
    },
    Planted {
        name: "stale_append_refused",
        off: |safeguards| safeguards.stale_append_refused = false,
        marker: "stale-append-taken",
        setting: settings::PLAIN,
        shows: &[COMPLETENESS, MATCHING],
    },
    Planted {
        name: "session_table",
        off: |safeguards| safeguards.session_table = false,
        marker: "retry-applied-twice",
        setting: settings::PLAIN,
        shows: &[ANSWER],
    },
    Planted {
        name: "session_table_in_snapshot",
        off: |safeguards| safeguards.session_table_in_snapshot = false,
        marker: "sessions-not-in-snapshot",
        setting: settings::SNAPSHOTS,
        shows: &[ANSWER, MACHINES],
    },
    Planted {
        name: "install_keeps_tail",
        off: |safeguards| safeguards.install_keeps_tail = false,
        marker: "tail-dropped",
        setting: settings::SNAPSHOTS,
        shows: &["monotonic-applied-index", COMPLETENESS],
    },
    Planted {
        name: "reads_below_high_water_mark",
        off: |safeguards| safeguards.reads_below_high_water_mark = false,
        marker: "read-past-high-water-mark",
        setting: settings::PLAIN,
        shows: &[READ, ANSWER],
    },
    Planted {
        name: "commit_rebuilt",
        off: |safeguards| safeguards.commit_rebuilt = false,
        marker: "whole-log-committed",
        setting: settings::PLAIN,
        shows: &[MACHINES],
    },
    Planted {
        name: "changes_one_at_a_time",
        off: |safeguards| safeguards.changes_one_at_a_time = false,
        marker: "changes-overlap",
        setting: settings::CHURN,
        shows: &[COMPLETENESS],
    },
    Planted {
        name: "removed_is_silent",
        off: |safeguards| safeguards.removed_is_silent = false,
        marker: "removed-node-acts",
        setting: settings::CHURN,
        shows: &[COMPLETENESS, "one-leader-per-term"],
    },
    Planted {
        name: "conflict_truncated",
        off: |safeguards| safeguards.conflict_truncated = false,
        marker: "conflict-kept",
        setting: settings::PLAIN,
        shows: &[MATCHING, MACHINES],
    },
    Planted {
        name: "loss_bounded",
        off: |safeguards| safeguards.loss_bounded = false,
        marker: "loss-bound-passed",
        setting: settings::ASYNCHRONOUS,
        shows: &["lost"],
    },
    Planted {
        name: "pre_vote",
        off: |safeguards| safeguards.pre_vote = false,
        marker: "pre-vote-skipped",
        setting: settings::PLAIN,
        shows: &["a node cut off one way", "no progress"],
    },
];

/// Schedules that may pass before one fails.
const SEEDS_MAX: u64 = 2_000;

/// Switches off the safeguard of this name.
///
/// # Panics
/// If it is none of the protocol's.
pub fn switch_off(name: &str, safeguards: &mut Safeguards) {
    let planted = PLANTED.iter().find(|planted| planted.name == name);
    (planted.unwrap_or_else(|| panic!("{name} is no safeguard of the protocol")).off)(safeguards);
}

/// The first schedule from `from` on that shows the absence of a safeguard: it passes with all of them on.
fn finds(name: &str, from: u64) {
    let planted = PLANTED.iter().find(|planted| planted.name == name).expect("a safeguard of the protocol");
    let mut safeguards = Safeguards::default();
    (planted.off)(&mut safeguards);
    let setting = &planted.setting;
    let found = (from..from + SEEDS_MAX).find_map(|seed| {
        let ended = run(setting, seed, &schedule(setting, seed), safeguards, false);
        let has_bitten = ended.reached.contains_key(planted.marker);
        ended.broken.filter(|_| has_bitten).map(|broken| (seed, broken))
    });
    let (seed, broken) = found.unwrap_or_else(|| panic!("{SEEDS_MAX} schedules broke nothing"));
    let is_expected = planted.shows.iter().any(|shows| broken.starts_with(shows));
    assert!(is_expected, "seed {seed} shows something else: {broken}");
    let clean = run(setting, seed, &schedule(setting, seed), Safeguards::default(), false);
    assert_eq!(clean.broken, None, "with all safeguards on, seed {seed}");
    println!("{name}: seed {seed}: {broken}");
}

#[test]
fn finds_entries_replayed_twice() {
    finds("replay_after_snapshot", 0);
}

#[test]
fn finds_reads_that_nobody_confirmed() {
    finds("read_index", 0);
}

#[test]
fn finds_leases_by_the_wall_clock() {
    finds("monotonic_lease", 0);
}

#[test]
fn finds_entries_of_earlier_terms_committed_by_counting() {
    finds("commits_own_term", 0);
}

#[test]
fn finds_votes_that_are_forgotten() {
    finds("vote_persisted", 0);
}

#[test]
fn finds_terms_that_are_forgotten() {
    finds("term_persisted", 0);
}

#[test]
fn finds_votes_for_whoever_asks() {
    finds("vote_log_check", 0);
}

#[test]
fn finds_appends_of_leaders_of_the_past() {
    finds("stale_append_refused", 0);
}

#[test]
fn finds_retries_that_take_effect_twice() {
    finds("session_table", 0);
}

#[test]
fn finds_snapshots_without_sessions() {
    finds("session_table_in_snapshot", 0);
}

#[test]
fn finds_installs_that_drop_the_tail() {
    finds("install_keeps_tail", 0);
}

#[test]
fn finds_reads_past_the_high_water_mark() {
    finds("reads_below_high_water_mark", 0);
}

#[test]
fn finds_logs_taken_for_committed() {
    finds("commit_rebuilt", 0);
}

#[test]
fn finds_changes_of_members_that_overlap() {
    finds("changes_one_at_a_time", 0);
}

#[test]
fn finds_removed_nodes_that_act() {
    finds("removed_is_silent", 0);
}

#[test]
fn finds_conflicts_that_are_kept() {
    finds("conflict_truncated", 0);
}

#[test]
fn finds_losses_past_the_bound() {
    finds("loss_bounded", 0);
}

#[test]
fn finds_leaders_deposed_by_a_node_that_is_cut_off() {
    finds("pre_vote", 0);
}
