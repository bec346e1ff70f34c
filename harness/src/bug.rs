//! Planted bugs: one safeguard of the reference store switched off each.
//!
//! The clean store passes the same scenarios and seeds; a planted bug that is not found is a bug of
//! the harness.

pub mod acknowledge_before_sync;
pub mod acknowledgement_counted_twice;
pub mod atomic_read_without_write_back;
pub mod both_owners_accept;
pub mod cache_before_store;
pub mod changes_overlap;
pub mod compare_and_set_on_quorums;
pub mod conflict_kept;
pub mod corrupt_block_taken;
pub mod delete_resurrected_by_repair;
pub mod earlier_term_committed;
pub mod filter_misses_keys;
pub mod foreign_acknowledgements_counted;
pub mod generation_not_raised;
pub mod hint_dropped_on_failure;
pub mod hints_in_memory;
pub mod last_key_skipped;
pub mod lease_by_wall_clock;
pub mod local_quorum_for_global;
pub mod log_cut_at_bad_record;
pub mod log_removed_before_flush;
pub mod loss_bound_passed;
pub mod memtable_not_rotated;
pub mod no_conflict_record;
pub mod no_pre_vote;
pub mod one_suspicion_enough;
pub mod range_without_owner;
pub mod read_past_high_water_mark;
pub mod read_unconfirmed;
pub mod refill_races_invalidation;
pub mod removed_node_acts;
pub mod replay_applies_twice;
pub mod retry_applied_twice;
pub mod rotation_not_synced;
pub mod sessions_not_in_snapshot;
pub mod shadowed_version_kept;
pub mod stale_append_taken;
pub mod stale_heartbeat_wins;
pub mod stale_tree_hash;
pub mod tail_dropped;
pub mod term_not_persisted;
pub mod timeout_reported_as_failure;
pub mod token_lost_on_failover;
pub mod tombstone_collected_by_grace_alone;
pub mod torn_tail_taken;
pub mod vote_not_persisted;
pub mod vote_without_log_check;
pub mod wall_clock_versions;
pub mod whole_log_committed;
pub mod write_behind_window_passed;

use perjury_store::Safeguards;

/// A safeguard switched off, and what it takes to see that.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// Its name on the command line: the file name in kebab-case.
    pub name: &'static str,
    /// Its number in the project's list of planted bugs.
    pub number: u32,
    /// What goes wrong, in one sentence.
    pub about: &'static str,
    /// Switches the safeguard off.
    pub plant: fn(&mut Safeguards),
    /// The checkers expected to see it: any of them.
    pub shows: &'static [&'static str],
    /// The store whose safeguard it is.
    pub store: &'static str,
    /// The replication mode under which it shows, where the store has several.
    pub mode: &'static str,
    /// Other settings without which it is not there or does not show, by the names of their options, as options
    /// take them.
    pub settings: &'static [(&'static str, &'static str)],
    /// The workload under which it shows.
    pub workload: &'static str,
    /// The level at which it shows.
    pub level: &'static str,
    /// The kinds of fault, and single faults, under which it shows, sorted.
    pub nemesis: &'static [&'static str],
    /// The marker that tells that its code path was reached.
    pub marker: &'static str,
    /// Within how many seeds it must be found.
    pub seeds: u64,
}

impl Bug {
    /// What this setting must be, if it is one of those that the bug needs.
    pub fn setting(&self, name: &str) -> Option<&'static str> {
        self.settings.iter().find(|setting| setting.0 == name).map(|setting| setting.1)
    }
}

/// All planted bugs, by number.
pub const ALL: &[&Bug] = &[
    &acknowledge_before_sync::BUG,
    &rotation_not_synced::BUG,
    &torn_tail_taken::BUG,
    &log_cut_at_bad_record::BUG,
    &corrupt_block_taken::BUG,
    &replay_applies_twice::BUG,
    &log_removed_before_flush::BUG,
    &memtable_not_rotated::BUG,
    &filter_misses_keys::BUG,
    &shadowed_version_kept::BUG,
    &wall_clock_versions::BUG,
    &foreign_acknowledgements_counted::BUG,
    &hints_in_memory::BUG,
    &hint_dropped_on_failure::BUG,
    &delete_resurrected_by_repair::BUG,
    &tombstone_collected_by_grace_alone::BUG,
    &compare_and_set_on_quorums::BUG,
    &stale_tree_hash::BUG,
    &last_key_skipped::BUG,
    &token_lost_on_failover::BUG,
    &acknowledgement_counted_twice::BUG,
    &atomic_read_without_write_back::BUG,
    &timeout_reported_as_failure::BUG,
    &local_quorum_for_global::BUG,
    &no_conflict_record::BUG,
    &stale_heartbeat_wins::BUG,
    &one_suspicion_enough::BUG,
    &generation_not_raised::BUG,
    &both_owners_accept::BUG,
    &range_without_owner::BUG,
    &read_unconfirmed::BUG,
    &lease_by_wall_clock::BUG,
    &earlier_term_committed::BUG,
    &vote_not_persisted::BUG,
    &term_not_persisted::BUG,
    &vote_without_log_check::BUG,
    &stale_append_taken::BUG,
    &retry_applied_twice::BUG,
    &sessions_not_in_snapshot::BUG,
    &tail_dropped::BUG,
    &read_past_high_water_mark::BUG,
    &whole_log_committed::BUG,
    &changes_overlap::BUG,
    &removed_node_acts::BUG,
    &conflict_kept::BUG,
    &loss_bound_passed::BUG,
    &no_pre_vote::BUG,
    &write_behind_window_passed::BUG,
    &cache_before_store::BUG,
    &refill_races_invalidation::BUG,
];

/// All safeguards but the one that this bug, if any, is the absence of.
pub fn safeguards(planted: Option<&str>) -> Safeguards {
    let mut safeguards = Safeguards::default();
    if let Some(bug) = planted.and_then(named) {
        (bug.plant)(&mut safeguards);
    }
    safeguards
}

/// The bug of this name.
pub fn named(name: &str) -> Option<&'static Bug> {
    ALL.iter().find(|bug| bug.name == name).copied()
}
