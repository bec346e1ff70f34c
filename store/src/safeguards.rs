//! Every protocol decision that can be switched off, named; all on by default.
//!
//! A safeguard switched off is a planted bug: the harness must find it. Each field names the bug of
//! the project's list that its absence is.

/// Which safeguards are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Safeguards {
    /// A replica acknowledges a write only after it has synced it. Off (bug 1): it acknowledges at
    /// once, and syncs in the background, once a second.
    pub sync_before_acknowledge: bool,
    /// The directory is synced after the log has begun a new segment. Off (bug 2): only the files are.
    pub directory_synced: bool,
    /// Replay cuts a torn tail off the log. Off (bug 3): what is there of the last record is taken,
    /// the missing bytes as zeros.
    pub torn_tail_cut: bool,
    /// A bad record in the middle of the log is reported, and the replica recovers from the others.
    /// Off (bug 4): the log is cut there, silently.
    pub corrupt_record_reported: bool,
    /// A block that is read from a table must have the right checksum. Off (bug 5): it is not looked at.
    pub block_verified: bool,
    /// Segments of the log are removed once the table that stands for them is durable. Off (bug 7): before.
    pub flush_before_removal: bool,
    /// What is written during a flush goes to a new memtable. Off (bug 8): to the old one, which is thrown away after
    /// the flush.
    pub memtable_rotated: bool,
    /// The Bloom filter of a table has all of its keys. Off (bug 9): not those of the last block.
    pub filter_complete: bool,
    /// Compaction keeps the newest version of each key. Off (bug 10): the oldest.
    pub newest_kept: bool,
    /// Versions come from a hybrid logical clock. Off (bug 11): from the wall clock alone.
    pub hybrid_clock: bool,
    /// A strict quorum counts home replicas only. Off (bug 12): other nodes that keep a write for them, too.
    pub foreign_acknowledgements_refused: bool,
    /// A hint stands in the log before it counts. Off (bug 13): it is held in memory only.
    pub hints_logged: bool,
    /// A hint is dropped once its owner holds it. Off (bug 14): also after an attempt to hand it back that failed.
    pub hint_kept_on_failure: bool,
    /// Read repair hands on a tombstone like a value. Off (bug 15): it takes one for nothing, and writes the newest
    /// value once more.
    pub tombstone_repaired: bool,
    /// A tombstone is collected once every home replica has acknowledged it, and the grace period has passed. Off (bug 16):
    /// once that has passed.
    pub tombstone_acknowledged: bool,
    /// Compare-and-set is refused. Off (bug 17): it is a quorum read, then a quorum write.
    pub compare_and_set_refused: bool,
    /// A write makes stale the hashes above its leaf of a tree. Off (bug 18): those that a comparison has asked for
    /// stay as they were.
    pub tree_hash_fresh: bool,
    /// Two replicas look at all keys of a leaf that differs. Off (bug 19): not at the last one.
    pub last_key_compared: bool,
    /// Of two heartbeats of a member the newer one counts. Off (bug 26): the one that was heard last.
    pub newer_heartbeat_wins: bool,
    /// A member is down once two nodes miss it. Off (bug 27): once one does.
    pub two_accusers: bool,
    /// A start raises the generation under which a node is known. Off (bug 28): it stays the first one.
    pub generation_raised: bool,
    /// A session keeps its token when it changes coordinator. Off (bug 20): it starts an empty one.
    pub token_survives_failover: bool,
    /// A replica counts once towards a write quorum. Off (bug 21): every acknowledgement counts.
    pub distinct_acknowledgements: bool,
    /// An atomic read writes back what it returns. Off (bug 22): it returns at once.
    pub write_back: bool,
    /// A write that misses its deadline is of unknown outcome. Off (bug 23): it is reported failed.
    pub timeout_is_unknown: bool,
    /// A quorum is one of all home replicas. Off (bug 24): one of those in the coordinator's data centre passes for it.
    pub quorum_is_global: bool,
    /// While the ring changes, reads and writes ask the owners of a key before and after. Off (bug 29): those before alone.
    pub both_owners_asked: bool,
    /// A change of the ring ends once everything is handed over. Off (bug 30): once it has begun.
    pub hand_over_awaited: bool,
    /// In mode siblings all values stay that no client has seen. Off (bug 25): the later of two stays, and no record of the
    /// other one.
    pub conflict_recorded: bool,
    /// Replay begins after the snapshot. Off (bug 6): entries that the snapshot covers, and that are still
    /// in the log, are applied again, without a look at the session table.
    pub replay_after_snapshot: bool,
    /// A leader serves a read after a majority has confirmed it, or within its lease. Off (bug 31): it
    /// serves at once, as long as it takes itself for the leader.
    pub read_index: bool,
    /// Leases are measured by the monotonic clock. Off (bug 32): by the wall clock.
    pub monotonic_lease: bool,
    /// A leader commits by counting only entries of its own term. Off (bug 33): those of earlier ones too.
    pub commits_own_term: bool,
    /// A vote is durable before it is given. Off (bug 34): it is given, and not kept.
    pub vote_persisted: bool,
    /// A new term is durable before anything is said in it. Off (bug 35): it is not kept.
    pub term_persisted: bool,
    /// A vote goes only to a candidate whose log is up to date. Off (bug 36): to any.
    pub vote_log_check: bool,
    /// Entries of an earlier term's leader are refused. Off (bug 37): they are taken.
    pub stale_append_refused: bool,
    /// A retried command takes effect once. Off (bug 38): each time.
    pub session_table: bool,
    /// The session table is part of the snapshot. Off (bug 39): it is not.
    pub session_table_in_snapshot: bool,
    /// Installing a snapshot keeps the entries after it. Off (bug 40): the tail of the log is dropped.
    pub install_keeps_tail: bool,
    /// A follower reads up to its high-water mark. Off (bug 41): up to the end of its log.
    pub reads_below_high_water_mark: bool,
    /// After a restart nothing counts as committed before a leader says so. Off (bug 42): the whole log.
    pub commit_rebuilt: bool,
    /// A change of members waits for the one before, and for an entry of the leader's term. Off (bug 43):
    /// it does not.
    pub changes_one_at_a_time: bool,
    /// A removed node neither votes nor serves. Off (bug 44): it does.
    pub removed_is_silent: bool,
    /// A suffix that conflicts with the leader's is cut off. Off (bug 45): it stays.
    pub conflict_truncated: bool,
    /// An active node refuses writes past the bound of what its standby lacks. Off (bug 46): it goes on.
    pub loss_bounded: bool,
    /// A write-behind cache acknowledges only what it has reserved, within its bound. Off (bug 48): it goes on.
    pub write_behind_bounded: bool,
    /// A value enters a cache once the store has it. Off (bug 49): before, and it stays there when the write fails.
    pub store_before_cache: bool,
    /// What was read enters a cache unless the key was written since the read began. Off (bug 50): always.
    pub refill_needs_lease: bool,
    /// Elections are preceded by pre-votes, votes are withheld while a leader is heard, and a leader without
    /// a majority steps down. Off (bug 47): none of these. Leases rest on the second, so they do not hold
    /// either then.
    pub pre_vote: bool,
}

impl Default for Safeguards {
    fn default() -> Safeguards {
        Safeguards {
            sync_before_acknowledge: true,
            directory_synced: true,
            torn_tail_cut: true,
            corrupt_record_reported: true,
            block_verified: true,
            flush_before_removal: true,
            memtable_rotated: true,
            filter_complete: true,
            newest_kept: true,
            hybrid_clock: true,
            foreign_acknowledgements_refused: true,
            hints_logged: true,
            hint_kept_on_failure: true,
            tombstone_repaired: true,
            tombstone_acknowledged: true,
            compare_and_set_refused: true,
            tree_hash_fresh: true,
            last_key_compared: true,
            newer_heartbeat_wins: true,
            two_accusers: true,
            generation_raised: true,
            token_survives_failover: true,
            distinct_acknowledgements: true,
            write_back: true,
            timeout_is_unknown: true,
            quorum_is_global: true,
            both_owners_asked: true,
            hand_over_awaited: true,
            conflict_recorded: true,
            replay_after_snapshot: true,
            read_index: true,
            monotonic_lease: true,
            commits_own_term: true,
            vote_persisted: true,
            term_persisted: true,
            vote_log_check: true,
            stale_append_refused: true,
            session_table: true,
            session_table_in_snapshot: true,
            install_keeps_tail: true,
            reads_below_high_water_mark: true,
            commit_rebuilt: true,
            changes_one_at_a_time: true,
            removed_is_silent: true,
            conflict_truncated: true,
            loss_bounded: true,
            write_behind_bounded: true,
            store_before_cache: true,
            refill_needs_lease: true,
            pre_vote: true,
        }
    }
}
