//! The log as a leader sends it out.
//!
//! A message carries entries that follow what the last one carried, several under way at a time (Ongaro 2014,
//! section 10.2.1). Nothing is sent again for its own sake: a heartbeat names the entry before the next one,
//! and a follower that lacks it says so.

use super::progress::{Mode, Progress};
use super::sending::Occasion;
use super::{Node, Role};
use crate::protocol::NodeId;
use crate::raft::log::{Entry, Index, Payload, Position};
use crate::raft::message::Body;

impl Node {
    /// As leader, adds an entry to the log. It is sent by [`Node::replicate`] or the next round.
    pub(super) fn propose(&mut self, payload: Payload) -> Index {
        let at = Position { term: self.term(), index: self.log.last().index + 1 };
        self.append(Entry { at, payload });
        self.count_unreplicated(Some(at.index));
        at.index
    }

    /// Begins a round of heartbeats; those that are sent entries anyway get no other message.
    pub(super) fn begin_round(&mut self) {
        let Role::Leader(leader) = &mut self.role else { return };
        leader.rounds.begin(self.now);
        let due = self.config.heartbeat_ms.saturating_mul(1_000_000);
        leader.heartbeat_due = self.now.monotonic.saturating_add(due);
        let followers: Vec<NodeId> = leader.progress.keys().copied().collect();
        for node in followers {
            if !self.send_entries(node) {
                self.send_heartbeat(node);
            }
        }
        self.confirm_rounds();
    }

    /// Sends to all followers whatever they lack, as far as there is room.
    pub(super) fn replicate(&mut self) {
        let Role::Leader(leader) = &self.role else { return };
        let followers: Vec<NodeId> = leader.progress.keys().copied().collect();
        for node in followers {
            self.send_entries(node);
        }
    }

    /// Sends a follower what it lacks, as far as there is room. Returns whether anything was sent.
    fn send_entries(&mut self, to: NodeId) -> bool {
        let Role::Leader(leader) = &mut self.role else { return false };
        let Some(progress) = leader.progress.get_mut(&to) else { return false };
        if self.config.witness() == Some(to) {
            return false;
        }
        let last = self.log.last().index;
        let mut has_sent = false;
        while progress.next <= last
            && progress.has_room(self.config.pipeline)
            && let Some(previous) = before(progress, &self.log)
        {
            let entries = self.log.batch(progress.next, self.config.batch_bytes);
            progress.sent(previous.index + entries.len() as Index);
            let round = leader.rounds.current();
            self.journal.send(to, Body::Append { round, previous, entries, commit: self.commit });
            has_sent = true;
        }
        has_sent
    }

    fn send_heartbeat(&mut self, to: NodeId) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.progress.get_mut(&to) else { return };
        let round = leader.rounds.current();
        if self.config.witness() == Some(to) {
            let index = self.log.durable();
            let previous = Position { term: self.log.term_at(index).unwrap_or(0), index };
            return self.journal.send(to, Body::Append { round, previous, entries: Vec::new(), commit: 0 });
        }
        match before(progress, &self.log) {
            Some(previous) if !matches!(progress.mode, Mode::Snapshot(_)) => {
                let body = Body::Append { round, previous, entries: Vec::new(), commit: self.commit };
                self.journal.send(to, body);
            }
            _ => self.send_snapshot(to, Occasion::Heartbeat),
        }
    }

    /// A follower holds durably what the leader holds, up to here.
    pub(super) fn on_matched(&mut self, from: NodeId, round: u64, index: Index, incarnation: u32) {
        let last = self.log.last().index;
        let Some(progress) = self.heard_from(from, Some(round)) else { return };
        let before = progress.counted();
        progress.on_matched(index.min(last), incarnation);
        let grew = progress.counted() > before;
        self.confirm_rounds();
        if grew {
            self.count_unreplicated(None);
            self.advance_commit();
            self.save_if_due();
            self.go_on_with_transfer();
        }
        self.send_entries(from);
    }

    /// A follower that has perhaps forgotten what it once confirmed holds copies up to here.
    pub(super) fn on_copied(&mut self, from: NodeId, round: u64, index: Index, incarnation: u32) {
        let last = self.log.last().index;
        let Some(progress) = self.heard_from(from, Some(round)) else { return };
        progress.on_copied(index.min(last), incarnation);
        self.send_entries(from);
        self.readmit(from, incarnation);
    }

    /// A follower lacks the entry before those it was sent.
    pub(super) fn on_conflict(
        &mut self,
        from: NodeId,
        confirms: Option<u64>,
        previous: Index,
        hint: Position,
    ) {
        let tried = self.log.last_not_after(hint);
        let Some(progress) = self.heard_from(from, confirms) else { return };
        let is_news = progress.on_conflict(previous, tried.index.min(hint.index));
        self.confirm_rounds();
        if is_news {
            self.send_heartbeat(from);
        }
    }

    /// An answer of the current term. Where it confirms a round its sender follows, or did when it wrote this;
    /// where it confirms none, nothing may rest on its sender.
    pub(super) fn heard_from(&mut self, from: NodeId, confirms: Option<u64>) -> Option<&mut Progress> {
        let Role::Leader(leader) = &mut self.role else { return None };
        let current = leader.rounds.current();
        let progress = leader.progress.get_mut(&from)?;
        progress.heard = Some(self.now.monotonic);
        if let Some(round) = confirms {
            progress.is_active = true;
            progress.confirmed = progress.confirmed.max(round.min(current));
        }
        Some(progress)
    }

    /// Whether a follower was heard within an election timeout.
    pub(super) fn is_heard(&self, follower: &Progress) -> bool {
        follower.heard.is_some_and(|heard| self.now.monotonic < heard.saturating_add(self.election_ns()))
    }

    /// Looks whether a majority has confirmed a later round: reads wait for it.
    pub(super) fn confirm_rounds(&mut self) {
        let Role::Leader(leader) = &mut self.role else { return };
        let of = |progress: &Progress| if progress.is_damaged { 0 } else { progress.confirmed };
        let round = leader.agreed(self.members.latest(), leader.rounds.current(), of);
        if leader.rounds.confirm(round) {
            self.serve_confirmed();
        }
    }

    /// Time has passed for a leader.
    pub(super) fn tick_leader(&mut self) {
        self.look_for_quorum();
        self.give_up_transfer();
        self.see_off();
        if let Role::Leader(leader) = &self.role
            && self.now.monotonic >= leader.heartbeat_due
        {
            self.begin_round();
            self.go_on_with_transfer();
        }
    }

    /// A leader that has not heard a majority since the last look leads nobody any more.
    fn look_for_quorum(&mut self) {
        let (now, election_ns) = (self.lease_clock(), self.election_ns());
        let Role::Leader(leader) = &mut self.role else { return };
        if now < leader.quorum_due {
            return;
        }
        leader.quorum_due = now.saturating_add(election_ns);
        let is_active = |progress: &Progress| u64::from(progress.is_active && !progress.is_damaged);
        let has_quorum = leader.agreed(self.members.latest(), 1, is_active) > 0;
        leader.progress.values_mut().for_each(|progress| progress.is_active = false);
        if !has_quorum && self.config.safeguards.pre_vote {
            self.step_down();
        }
    }
}

/// The position before the next entry that a follower is sent, if it is still known here.
fn before(progress: &Progress, log: &super::entries::Entries) -> Option<Position> {
    let index = progress.next - 1;
    log.term_at(index).map(|term| Position { term, index })
}
