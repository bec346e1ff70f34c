//! The log as a follower gets it.
//!
//! ```text
//! leader   … 7(t2) 8(t2) 9(t3)      Append: previous 7(t2), entries 8, 9
//! here     … 7(t2) 8(t1)            7 is the same, so all before it is; 8 is not: cut off, then 8 and 9 added
//! ```
//!
//! What it adds is durable before it says so. Heartbeats are answered at once, with what is durable so far.

use super::entries::Stored;
use super::{Node, Role};
use crate::marker;
use crate::protocol::NodeId;
use crate::raft::fact::Fact;
use crate::raft::log::{Entry, Index, Payload, Position, Record, Term};
use crate::raft::message::Body;

/// What a follower knows of the leader of the current term.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// The log equals the leader's up to here, durable or not.
    verified: Index,
    /// The last round heard of.
    round: u64,
    /// An answer waits for the log.
    owes: bool,
}

impl Following {
    /// A round was heard of.
    pub(super) fn heard(&mut self, round: u64) {
        self.round = self.round.max(round);
    }

    /// Another term: nothing is known of its leader.
    pub(super) fn forget(&mut self) {
        *self = Following::default();
    }
}

impl Node {
    /// A leader sends entries, or just its heartbeat.
    pub(super) fn on_append(
        &mut self,
        from: NodeId,
        term: Term,
        round: u64,
        previous: Position,
        entries: Vec<Entry>,
        commit: Index,
    ) {
        if term < self.term() {
            return self.on_stale_append(from, term, round, previous, entries);
        }
        if !self.follow(from) {
            return;
        }
        self.following.heard(round);
        if self.is_witness() {
            return self.witness(from, round, previous);
        }
        if self.snapshots.is_installing() {
            return self.say_matched();
        }
        let is_heartbeat = entries.is_empty();
        match self.take_entries(previous, entries) {
            Ok(verified) => {
                self.following.verified = self.following.verified.max(verified);
                self.raise_commit(commit.min(self.following.verified));
                if is_heartbeat || self.log.durable() >= verified {
                    self.say_matched();
                }
                self.following.owes |= !is_heartbeat && self.log.durable() < verified;
            }
            Err(hint) => {
                if self.is_damaged {
                    // What the leader takes to be here may have been forgotten.
                    self.say_matched();
                }
                let (counts, previous) = (!self.is_damaged, previous.index);
                self.journal.send(from, Body::Conflict { round, counts, previous, hint });
            }
        }
    }

    /// Takes the sender of a message for the leader of the current term. False: this node leads it itself.
    pub(super) fn follow(&mut self, from: NodeId) -> bool {
        if self.is_leader() {
            return false;
        }
        self.role = Role::Follower;
        if self.leader.replace(from) != Some(from) {
            self.answer_transfers();
        }
        self.heard = self.now.monotonic;
        self.wait_for_leader();
        true
    }

    /// A leader of an earlier term: it is told so. With the safeguard off it is obeyed.
    fn on_stale_append(
        &mut self,
        from: NodeId,
        term: Term,
        round: u64,
        previous: Position,
        entries: Vec<Entry>,
    ) {
        if self.config.safeguards.stale_append_refused || self.is_leader() {
            self.journal.reached(marker::STALE_APPEND_REFUSED.name);
            return self.refuse_stale(from, round, previous.index);
        }
        self.journal.reached("stale-append-taken");
        let answer = match self.take_entries(previous, entries) {
            Ok(index) => Body::Matched { round, index, incarnation: self.incarnation },
            Err(hint) => Body::Conflict { round, counts: !self.is_damaged, previous: previous.index, hint },
        };
        self.journal.send_after_all(term, from, answer);
    }

    /// Tells a leader of an earlier term that it is one. It may lead again when it hears that, in this term, and
    /// the round is not one of this term's.
    pub(super) fn refuse_stale(&mut self, from: NodeId, round: u64, previous: Index) {
        let hint = Position::default();
        self.journal.send(from, Body::Conflict { round, counts: false, previous, hint });
    }

    /// Makes the log equal to the leader's up to the last of `entries`, and returns that index; or where the
    /// leader should try next, if `previous` is not in the log.
    fn take_entries(&mut self, previous: Position, entries: Vec<Entry>) -> Result<Index, Position> {
        // What is settled is the same in the leader's log, and may be gone from this one.
        let settled = self.settled();
        if previous.index > settled && !self.log.has(previous) {
            return Err(self.log.last_not_after(previous));
        }
        let mut verified = previous.index;
        for entry in entries {
            if entry.at.index != verified + 1 {
                self.journal.note(format!("entry {} does not follow {verified}", entry.at.index));
                break;
            }
            verified += 1;
            if entry.at.index > settled && !self.log.has(entry.at) {
                self.replace_from(entry);
            }
        }
        Ok(verified)
    }

    /// Puts an entry in its place. What stood there, and all after it, no leader will ever commit.
    fn replace_from(&mut self, entry: Entry) {
        let index = entry.at.index;
        if index <= self.log.last().index {
            if !self.config.safeguards.conflict_truncated {
                return self.journal.reached("conflict-kept");
            }
            self.journal.reached(marker::CONFLICT_TRUNCATED.name);
            if index <= self.applied.index {
                self.roll_back(index - 1);
            }
            self.log.truncate(index);
            self.members.truncate(index);
            self.following.verified = self.following.verified.min(index - 1);
        }
        self.append(entry);
    }

    /// Adds an entry to the end of the log.
    pub(super) fn append(&mut self, entry: Entry) {
        let is_line_up = matches!(entry.payload, Payload::Members(_));
        if let Payload::Members(members) = &entry.payload {
            self.members.push(entry.at.index, members.clone());
        }
        let record = self.journal.append(Record::Entry(entry.clone()));
        let stored = Stored::from(entry);
        self.journal.fact(Fact::Appended { at: stored.entry.at, digest: stored.digest });
        self.log.push(stored, record);
        if is_line_up {
            self.meet_members();
        }
    }

    /// More of the log is durable: the leader is told, if it waits for that.
    pub(super) fn acknowledge(&mut self) {
        if self.following.owes {
            self.following.owes = self.log.durable() < self.following.verified;
            self.say_matched();
        }
    }

    /// The log equals the leader's up to here, as it is committed.
    pub(super) fn confirm_up_to(&mut self, index: Index) {
        self.following.verified = self.following.verified.max(index);
        self.following.owes |= self.log.durable() < self.following.verified;
        self.say_matched();
    }

    fn say_matched(&mut self) {
        let Some(leader) = self.leader else { return };
        let (round, incarnation) = (self.following.round, self.incarnation);
        let index = self.following.verified.min(self.log.durable());
        let body = if self.is_damaged {
            Body::Copied { round, index, incarnation }
        } else {
            Body::Matched { round, index, incarnation }
        };
        self.journal.send(leader, body);
    }
}
