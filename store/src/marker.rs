//! Markers: what must happen sometimes, or a test has not tested much.
//!
//! A node tells its observer that it came by ([`Observer::reached`](crate::env::Observer::reached)). Over many
//! runs each of these should be seen at least once: a store that was never made to cut a torn tail has not been
//! shown to do it right. Paths that are open only while a safeguard is off have names of their own, which are not
//! among these.

use crate::features::Features;

/// Something that happens in the store as it is meant to be, when enough goes wrong around it.
#[derive(Debug, PartialEq, Eq)]
pub struct Marker {
    /// Its name in reports.
    pub name: &'static str,
    /// The families whose nodes can come by.
    pub families: &'static [&'static str],
    /// The modes of replication in which they can; none: in any.
    pub modes: &'static [&'static str],
    /// They can only where nodes have these.
    pub needs: Features,
    /// What happened, in one sentence.
    pub about: &'static str,
}

impl Marker {
    /// Whether nodes of this family, in this mode of replication, with these features, can come by.
    pub fn is_possible(&self, family: &str, mode: &str, features: Features) -> bool {
        let in_mode = self.modes.is_empty() || self.modes.contains(&mode);
        self.families.contains(&family) && in_mode && features.cover(self.needs)
    }

    const fn any(name: &'static str, about: &'static str) -> Marker {
        Marker { name, families: &["quorum", "raft"], modes: &[], needs: Features::NONE, about }
    }

    const fn quorum(name: &'static str, about: &'static str) -> Marker {
        Marker { name, families: &["quorum"], modes: &[], needs: Features::NONE, about }
    }

    const fn raft(name: &'static str, about: &'static str) -> Marker {
        Marker { name, families: &["raft"], modes: &[], needs: Features::NONE, about }
    }

    const fn tables(name: &'static str, about: &'static str) -> Marker {
        Marker { needs: Features::TABLES, ..Marker::quorum(name, about) }
    }

    const fn ring(name: &'static str, about: &'static str) -> Marker {
        Marker { needs: Features::RING_CHANGES, ..Marker::quorum(name, about) }
    }

    /// In these modes only.
    const fn only(self, modes: &'static [&'static str]) -> Marker {
        Marker { modes, ..self }
    }
}

/// The modes of family quorum in which the last write of a key wins.
const ONE_VALUE: &[&str] = &["majority", "sloppy"];

/// Declares markers, each with its sentence, and the list of all of them.
macro_rules! markers {
    ($($constant:ident = $marker:expr;)*) => {
        $(#[doc = concat!("See [`Marker::about`]: `", stringify!($constant), "`.")] pub const $constant: Marker = $marker;)*
        /// Every marker, by family.
        pub const ALL: &[&Marker] = &[$(&$constant),*];
    };
}

markers! {
    TORN_TAIL_CUT = Marker::any("torn-tail-cut", "a start cut off bytes that no sync had covered");
    CORRUPT_RECORD_REPORTED = Marker::any("corrupt-record-reported", "a start found a record bad that had been synced");
    APPEND_FAILED = Marker::any("append-failed", "a record did not fit the disk, and left no trace in the log");
    SYNC_FAILED = Marker::any("sync-failed", "a sync failed, and the node stopped");
    RECOVERED_FROM_THE_OTHERS = Marker::quorum("recovered-from-the-others", "a damaged node caught up from all others");
    WRITE_SUPERSEDED = Marker::quorum("write-superseded", "a write reached a replica that held a later one");
    WRITE_LEFT_HALF_DONE = Marker::quorum("write-left-half-done", "a write missed its deadline, and some replicas hold it");
    WRITE_BACK_NEEDED = Marker::quorum("write-back-needed", "an atomic read wrote back what too few replicas held").only(ONE_VALUE);
    STALE_REPLICA_REPAIRED = Marker::quorum("stale-replica-repaired", "a read saw replicas differ, and repaired one");
    REPLICAS_BELOW_FLOOR = Marker::quorum("replicas-below-floor", "enough replicas answered a read, with less than its session had seen");
    VERSION_AHEAD_OF_CLOCK = Marker::quorum("version-ahead-of-clock", "a version was given out that the wall clock had not reached").only(ONE_VALUE);
    EXCHANGE_DIFFERED = Marker::quorum("exchange-differed", "two nodes compared what they hold, and found that it differs");
    HINT_STORED = Marker::quorum("hint-stored", "a node kept a write for a home replica that did not answer").only(&["sloppy"]);
    HINT_HANDED_BACK = Marker::quorum("hint-handed-back", "a home replica got what was kept for it").only(&["sloppy"]);
    HINTS_FULL = Marker::quorum("hints-full", "a node refused to keep more for others").only(&["sloppy"]);
    TOMBSTONE_COLLECTED = Marker::quorum("tombstone-collected", "a home replica dropped a tombstone that all of them have had").only(&["majority"]);
    CACHE_HIT = Marker::quorum("cache-hit", "a read was answered from a cache").only(&["write-behind", "write-through"]);
    REFILL_GIVEN_UP = Marker::quorum("refill-given-up", "what was read did not enter a cache, as the key was written meanwhile").only(&["write-behind", "write-through"]);
    WRITE_BEHIND_FLUSHED = Marker::quorum("write-behind-flushed", "the store has what a cache had acknowledged").only(&["write-behind"]);
    WRITE_BEHIND_FULL = Marker::quorum("write-behind-full", "a write waited, as the store lacked too much of what a cache had acknowledged").only(&["write-behind"]);
    SUSPECTED = Marker::quorum("suspected", "a node missed the heartbeats of another one").only(&["sloppy"]);
    MARKED_DOWN = Marker::quorum("marked-down", "two nodes missed another one, and it was taken for down").only(&["sloppy"]);
    SUSPICION_REFUTED = Marker::quorum("suspicion-refuted", "a newer heartbeat came of a node that was missed").only(&["sloppy"]);
    STAND_IN_AT_ONCE = Marker::quorum("stand-in-at-once", "a write was handed on at once, in the place of a node known to be down").only(&["sloppy"]);
    SIBLINGS_HELD = Marker::quorum("siblings-held", "a replica came to hold several values of a key that no client had seen").only(&["siblings"]);
    SIBLINGS_MERGED = Marker::quorum("siblings-merged", "a client that had read several values of a key wrote over them").only(&["siblings"]);
    RING_CHANGED = Marker::ring("ring-changed", "a change of who is on the ring was completed, or given up");
    HANDED_OVER = Marker::ring("handed-over", "a node held all that a change of the ring brings it");
    OLDER_EPOCH_REFUSED = Marker::ring("older-epoch-refused", "a node was asked something under a layout that had been followed by another");
    OPERATION_MOVED = Marker::ring("operation-moved", "an operation began anew, as the owners of its key were others");
    READ_HEDGED = Marker::quorum("read-hedged", "a session asked a second node, as the first was slow with a read").only(&["sloppy"]);
    TREE_DESCENDED = Marker::quorum("tree-descended", "two nodes went down their trees to where they differ");
    MEMTABLE_FLUSHED = Marker::tables("memtable-flushed", "a memtable became a table, and the log before it was removed");
    TABLES_COMPACTED = Marker::tables("tables-compacted", "tables were merged into one");
    CORRUPT_TABLE_REPORTED = Marker::tables("corrupt-table-reported", "a start found a part of the tables bad");
    LEADER_DEPOSED_WITH_UNCOMMITTED = Marker::raft("leader-deposed-with-uncommitted", "a leader stepped down with entries that were not committed");
    ELECTION_SPLIT = Marker::raft("election-split", "a candidate stood, and nobody got a majority in time");
    PRE_VOTE_LOST = Marker::raft("pre-vote-lost", "a node asked whether it would be voted for, and no majority would");
    STALE_APPEND_REFUSED = Marker::raft("stale-append-refused", "a leader of an earlier term was told that it is one");
    CONFLICT_TRUNCATED = Marker::raft("conflict-truncated", "a follower cut off entries that no leader will commit");
    SNAPSHOT_SAVED = Marker::raft("snapshot-saved", "a snapshot took the place of the log before it");
    SNAPSHOT_INSTALLED = Marker::raft("snapshot-installed", "a snapshot of the leader became the state of a follower");
    CORRUPT_SNAPSHOT_REPORTED = Marker::raft("corrupt-snapshot-reported", "a start found a snapshot bad");
    NODE_READMITTED = Marker::raft("node-readmitted", "a damaged node was removed, added again, and counts since").only(&["majority"]);
    WRITE_LEFT_IN_LOG = Marker::raft("write-left-in-log", "a write missed its deadline, and stands in the log of its leader");
    RETRY_RECOGNISED = Marker::raft("retry-recognised", "a retry was told what the first attempt was told");
    RETRY_SUPERSEDED = Marker::raft("retry-superseded", "a retry came after a later write of its session");
    READ_AWAITED_NEXT_ROUND = Marker::raft("read-awaited-next-round", "a read waited for a round after the one under way");
    READ_AWAITED_TOKEN = Marker::raft("read-awaited-token", "a follower had not applied what the session of a read had seen");
    LEASE_READ = Marker::raft("lease-read", "a read was answered within the lease");
    LEASE_MISSED = Marker::raft("lease-missed", "a leader was asked to read within a lease that it did not have");
    LEASE_RAN_OUT = Marker::raft("lease-ran-out", "a lease ended between a read and its answer");
    LEADERSHIP_TRANSFERRED = Marker::raft("leadership-transferred", "leadership was handed over").only(&["majority"]);
    MEMBER_REMOVED = Marker::raft("member-removed", "a node learned that it is no member any more").only(&["majority"]);
    CHANGE_CROSSED_ELECTION = Marker::raft("change-crossed-election", "a node was elected that did not know whether its latest members are committed").only(&["majority"]);
    PAIR_LED_AGAIN = Marker::raft("pair-led-again", "a pair that had a log elected a leader").only(&["asynchronous", "synchronous"]);
    STANDBY_MISSING = Marker::raft("standby-missing", "a write was refused because of the standby").only(&["asynchronous", "synchronous"]);
    LOSS_BOUND_REFUSED = Marker::raft("loss-bound-refused", "a write was refused because the standby lacked too much").only(&["asynchronous"]);
    ROLLED_BACK = Marker::raft("rolled-back", "a node went back behind entries that it had applied").only(&["asynchronous"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<&str> = ALL.iter().map(|marker| marker.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_marker_of_pairs_is_not_asked_of_others() {
        assert!(ROLLED_BACK.is_possible("raft", "asynchronous", Features::NONE));
        assert!(!ROLLED_BACK.is_possible("raft", "majority", Features::NONE));
        assert!(!ROLLED_BACK.is_possible("quorum", "asynchronous", Features::NONE));
        assert!(TORN_TAIL_CUT.is_possible("quorum", "majority", Features::NONE));
    }

    #[test]
    fn a_marker_of_tables_is_asked_where_there_are_tables() {
        let possible = |features| MEMTABLE_FLUSHED.is_possible("quorum", "majority", features);
        assert!(possible(Features::TABLES) && !possible(Features::NONE) && !possible(Features::RING_CHANGES));
    }
}
