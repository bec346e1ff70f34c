//! Named points in the code, where a process may be held up or end while it is tested.
//!
//! What goes wrong in real systems goes wrong between two steps: after the write and before its sync, after the
//! vote and before the answer that says so. Each such place has a name here, and the code says when it passes it:
//!
//! ```text
//! append ─ between-append-and-sync ─ sync ─ between-sync-and-step ─ acknowledge
//! ```
//!
//! Code that waits for something anyway passes a point through the seam, [`Points`](crate::env::Points); a
//! protocol, which is a value, names it among its effects, [`Effect::Pass`](crate::protocol::Effect::Pass). On a
//! real machine nothing happens at a point. No point stands between two calls of the disk that do not wait: a
//! power loss at the next one leaves any part of both.

use crate::features::Features;

/// A place in the code.
#[derive(Debug, PartialEq, Eq)]
pub struct Point {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// The families whose nodes pass it.
    pub families: &'static [&'static str],
    /// A node passes it when it starts, and hardly ever else.
    pub at_start: bool,
    /// Only nodes that have these pass it.
    pub needs: Features,
    /// The modes of replication in which nodes pass it; none: in any.
    pub modes: &'static [&'static str],
    /// What is done there, and what is not.
    pub about: &'static str,
}

const BOTH: &[&str] = &["quorum", "raft"];
const QUORUM: &[&str] = &["quorum"];
const RAFT: &[&str] = &["raft"];

/// A point that a node passes while it works.
const fn point(name: &'static str, families: &'static [&'static str], about: &'static str) -> Point {
    Point { name, families, at_start: false, needs: Features::NONE, modes: &[], about }
}

/// A point that a node passes while it keeps tables.
const fn with_tables(name: &'static str, about: &'static str) -> Point {
    Point { needs: Features::TABLES, ..point(name, QUORUM, about) }
}

/// A point that a node passes while the ring changes.
const fn with_ring_changes(name: &'static str, about: &'static str) -> Point {
    Point { needs: Features::RING_CHANGES, ..point(name, QUORUM, about) }
}

/// A point that a node passes while it stands in for others.
const fn sloppy(name: &'static str, about: &'static str) -> Point {
    Point { modes: &["sloppy"], ..point(name, QUORUM, about) }
}

/// A point that a node passes while it caches values.
const fn cached(name: &'static str, about: &'static str) -> Point {
    Point { modes: &["write-behind", "write-through"], ..point(name, QUORUM, about) }
}

/// A point that a node of any family passes when it starts.
const fn at_start(name: &'static str, about: &'static str) -> Point {
    Point { at_start: true, ..point(name, BOTH, about) }
}

/// See [`Point::about`], as for all of these.
pub const REPLACEMENT_WRITTEN: Point =
    at_start("replacement-written", "the new content of a file is synced, under another name");
/// Between a rename and the sync of the directory.
pub const REPLACEMENT_NAMED: Point =
    at_start("replacement-named", "a file has taken the place of another, and the directory is not synced");
/// The first thing that a start changes is done.
pub const IN_REPLAY: Point =
    at_start("in-replay", "the incarnation is raised, and what replay decided is not yet carried out");
/// What a killed process had only written begins to count.
pub const TAIL_CUT: Point = at_start("tail-cut", "a torn tail is cut off, and the file is not synced");
/// Replay is over.
pub const REPLAYED: Point =
    at_start("replayed", "the log is as replay decided, and the node does not work yet");

/// Messages that need no sync have gone.
pub const BETWEEN_APPEND_AND_SYNC: Point =
    point("between-append-and-sync", BOTH, "records are written to the log, and none of them is synced");
/// Durable, and nobody knows.
pub const BETWEEN_SYNC_AND_STEP: Point = point(
    "between-sync-and-step",
    BOTH,
    "records are synced, and the protocol is not told: nothing is acknowledged",
);
/// A segment is new.
pub const IN_ROTATION: Point =
    point("in-rotation", BOTH, "a new segment of the log is synced, and its name is not");
/// Some peers may hear of it and others not.
pub const BETWEEN_TWO_SENDS: Point =
    point("between-two-sends", BOTH, "a message is sent to one node, and the next one is not sent yet");
/// Decided, and the client does not know.
pub const BEFORE_ANSWER: Point =
    point("before-answer", BOTH, "what a client is told is decided, and the answer is not sent");

/// The damage can still be seen.
pub const IN_REPAIR: Point =
    point("in-repair", QUORUM, "a damaged node has caught up, and the damage is not cut out of its log");
/// It may reach the replicas late, below what was written meanwhile.
pub const VERSION_CHOSEN: Point =
    point("version-chosen", QUORUM, "a write has its version, and no replica is asked to hold it");
/// The value was read from too few.
pub const BEFORE_WRITE_BACK: Point =
    point("before-write-back", QUORUM, "an atomic read has its value, and does not write it back yet");
/// Both nodes go on meanwhile.
pub const EXCHANGE_COMPARED: Point =
    point("exchange-compared", QUORUM, "two nodes know where they differ, and nothing is handed over");

/// Nobody but the proposer knows.
pub const LAYOUT_DECIDED: Point =
    with_ring_changes("layout-decided", "it is decided who is on the ring next, and nobody is told");
/// What others do under the old one is refused from here on.
pub const LAYOUT_IN_FORCE: Point = with_ring_changes(
    "layout-in-force",
    "a layout is durable at a node, and what it does not own any more not dropped",
);

/// It counts as soon as the coordinator knows.
pub const HINT_KEPT: Point =
    sloppy("hint-kept", "a hint is synced, and the coordinator that waits for it is not told");
/// Both have it.
pub const HANDED_BACK: Point =
    sloppy("between-handoff-and-drop", "the owner of a hint holds it, and the hint is not dropped yet");

/// The client has it.
pub const CACHE_BEFORE_FILL: Point =
    cached("cache-before-fill", "a value was read, and is not in the cache yet");

/// The clients think it is safe.
pub const CACHE_BEFORE_FLUSH: Point = Point {
    modes: &["write-behind"],
    ..cached("cache-before-flush", "writes are acknowledged, and go to the store only now")
};

/// Nothing but the log says it yet.
pub const IN_FLUSH: Point =
    with_tables("in-flush", "a memtable is written to a table and synced, and the manifest does not name it");
/// Log and table say the same.
pub const FLUSHED: Point = with_tables(
    "between-flush-and-segment-removal",
    "the manifest names a new table, and the segments of the log that it stands for are still there",
);
/// The old tables count.
pub const IN_COMPACTION: Point = with_tables(
    "in-compaction",
    "tables are merged into one that is synced, and the manifest does not name it",
);
/// The new one counts.
pub const COMPACTED: Point = with_tables(
    "compaction-before-removal",
    "the manifest names a merged table, and the old ones are still there",
);

/// A vote may not be given twice.
pub const BEFORE_VOTE_REPLY: Point =
    point("before-vote-reply", RAFT, "a vote is durable, and the candidate is not told");
/// A leader without an entry of its own.
pub const ELECTED: Point =
    point("elected", RAFT, "a node has its majority, and its first entry is not in its log");
/// Only the leader knows.
pub const COMMITTED: Point =
    point("committed", RAFT, "entries are committed, and neither followers nor clients are told");
/// The line-up counts as soon as it is written.
pub const MEMBER_CHANGE_APPENDED: Point =
    point("member-change-appended", RAFT, "a change of members stands in the leader's log, and nowhere else");
/// Two may lead in a moment.
pub const BEFORE_HAND_OVER: Point =
    point("before-hand-over", RAFT, "the next leader holds the whole log, and is not told to stand");
/// The state is not the log's any more.
pub const INSTALL_TAKEN: Point =
    point("install-taken", RAFT, "the leader's snapshot is the state, and the leader is not told");
/// The snapshot is a file among others.
pub const SNAPSHOT_WRITTEN: Point =
    point("snapshot-written", RAFT, "a snapshot is synced, under another name");
/// Between a rename and the sync of the directory.
pub const SNAPSHOT_NAMED: Point =
    point("snapshot-named", RAFT, "a snapshot has its name, and the directory is not synced");
/// The old log and the new one are both there.
pub const SNAPSHOT_BEFORE_REMOVAL: Point =
    point("snapshot-before-removal", RAFT, "a snapshot is durable, and the log before it is still there");
/// The removal is not synced either.
pub const SNAPSHOT_BEFORE_STEP: Point =
    point("snapshot-before-step", RAFT, "the log before a snapshot is removed, and the protocol is not told");

/// Every point, in the order in which a node comes to them.
pub const ALL: &[&Point] = &[
    &REPLACEMENT_WRITTEN,
    &REPLACEMENT_NAMED,
    &IN_REPLAY,
    &TAIL_CUT,
    &REPLAYED,
    &BETWEEN_APPEND_AND_SYNC,
    &IN_ROTATION,
    &BETWEEN_SYNC_AND_STEP,
    &BETWEEN_TWO_SENDS,
    &BEFORE_ANSWER,
    &IN_REPAIR,
    &VERSION_CHOSEN,
    &BEFORE_WRITE_BACK,
    &EXCHANGE_COMPARED,
    &LAYOUT_DECIDED,
    &LAYOUT_IN_FORCE,
    &HINT_KEPT,
    &HANDED_BACK,
    &CACHE_BEFORE_FILL,
    &CACHE_BEFORE_FLUSH,
    &IN_FLUSH,
    &FLUSHED,
    &IN_COMPACTION,
    &COMPACTED,
    &BEFORE_VOTE_REPLY,
    &ELECTED,
    &COMMITTED,
    &MEMBER_CHANGE_APPENDED,
    &BEFORE_HAND_OVER,
    &INSTALL_TAKEN,
    &SNAPSHOT_WRITTEN,
    &SNAPSHOT_NAMED,
    &SNAPSHOT_BEFORE_REMOVAL,
    &SNAPSHOT_BEFORE_STEP,
];

/// Those that nodes of this family pass, in this mode of replication, with tables or without.
pub fn of(family: &str, mode: &str, features: Features) -> Vec<&'static Point> {
    let in_mode = |point: &Point| point.modes.is_empty() || point.modes.contains(&mode);
    let passes =
        |point: &&Point| point.families.contains(&family) && in_mode(point) && features.cover(point.needs);
    ALL.iter().copied().filter(passes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<&str> = ALL.iter().map(|point| point.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
