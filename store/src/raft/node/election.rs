//! Who leads: pre-votes, votes, and stepping down.
//!
//! ```text
//! follower ── hears nobody ─► asks: would you vote? ── a majority would ─► next term, votes ─► leader
//!     ▲                                                                        │
//!     └────────── a later term, or a leader, or no majority heard ◄────────────┘
//! ```
//!
//! - Pre-votes (Ongaro 2014, section 9.6): a term only begins when a majority would vote in it, so a node
//!   that hears nobody disturbs nobody.
//! - Votes are refused while a leader is heard (section 6.4.1); leases rest on that. A node that has just
//!   started may have confirmed a lease a moment before, so it waits as if it had heard a leader.

use std::collections::BTreeSet;

use super::leader::Leader;
use super::waiting::Want;
use super::{Node, Role};
use crate::protocol::NodeId;
use crate::raft::config::Replication;
use crate::raft::fact::Fact;
use crate::raft::log::{Payload, Position, Term};
use crate::raft::message::Body;
use crate::raft::request::{Refusal, Response};
use crate::{marker, point};

/// A candidate, or one that only asks.
#[derive(Debug, Default)]
pub(super) struct Candidacy {
    is_pre: bool,
    is_transfer: bool,
    granted: BTreeSet<NodeId>,
}

impl Node {
    /// Waits for a leader for a randomized time, before it stands.
    pub(super) fn wait_for_leader(&mut self) {
        let ms = self.config.election_ms;
        let drawn = self.draw(ms + 1);
        self.election_due = self.after_ms(ms + drawn);
    }

    /// It has heard nobody for long enough.
    pub(super) fn on_election_due(&mut self) {
        if let Role::Candidate(candidacy) = &self.role {
            let lost = if candidacy.is_pre { marker::PRE_VOTE_LOST } else { marker::ELECTION_SPLIT };
            self.journal.reached(lost.name);
        }
        self.wait_for_leader();
        self.leader = None;
        if self.can_stand() {
            self.stand(self.config.safeguards.pre_vote, false);
        }
    }

    /// Whether it may stand: a voter may. One that is removed, but not certainly, still stands, since
    /// nobody else might be able to win (Ongaro 2014, section 4.2.2).
    pub(super) fn can_stand(&self) -> bool {
        let me = self.me();
        let line_up = self.members.latest();
        let was_voter = self.members.since(self.commit).any(|members| members.voters.contains(&me));
        let is_voter = line_up.voters.contains(&me) || (was_voter && !line_up.contains(me));
        let is_able = !self.is_damaged && !self.is_witness() && !self.snapshots.is_installing();
        is_able && (is_voter || self.acts_though_removed())
    }

    /// Asks for votes, or whether they would be given.
    pub(super) fn stand(&mut self, is_pre: bool, is_transfer: bool) {
        let term = self.term() + 1;
        // A snapshot of the leader before, which waits for one of this node's own to be saved, must not replace
        // the state of a leader.
        self.snapshots.incoming = None;
        if !is_pre {
            if !self.config.safeguards.pre_vote {
                self.journal.reached("pre-vote-skipped");
            }
            self.journal.vote(term, Some(self.me()));
            self.following.forget();
            self.leader = None;
        }
        self.role = Role::Candidate(Candidacy { is_pre, is_transfer, granted: BTreeSet::new() });
        let last = self.log.last();
        for &voter in self.members.latest().voters.iter().filter(|&&voter| voter != self.config.node) {
            self.journal.send_as(term, voter, Body::Vote { is_pre, last, is_transfer });
        }
        self.count_votes();
    }

    /// A candidate asks for this node's vote.
    pub(super) fn on_vote(
        &mut self,
        from: NodeId,
        term: Term,
        is_pre: bool,
        last: Position,
        is_transfer: bool,
    ) {
        if self.is_outside() || self.is_damaged {
            return;
        }
        self.tell_off(from);
        if term < self.term() || (is_pre && term == self.term()) {
            // It is behind: the answer's term tells it.
            return self.journal.send(from, Body::Voted { is_pre, granted: false });
        }
        if self.hears_leader() && !is_transfer {
            return;
        }
        let is_up_to_date = self.is_up_to_date(last) || self.grants_blindly();
        if is_pre {
            if is_up_to_date {
                self.journal.send_as(term, from, Body::Voted { is_pre, granted: true });
            }
            return;
        }
        let is_free =
            term > self.term() || self.journal.voted_for().is_none_or(|candidate| candidate == from);
        // A candidate that stands, and the leader, have given their vote to themselves, for this term.
        let granted = is_up_to_date && is_free && (term > self.term() || !self.is_leader());
        if granted {
            if !self.is_up_to_date(last) {
                self.journal.reached("vote-without-log-check");
            }
            self.grant(from, term);
        } else if term > self.term() {
            self.adopt(term);
        }
        self.journal.send(from, Body::Voted { is_pre, granted });
    }

    /// With the safeguard off, whoever asks is up to date.
    fn grants_blindly(&self) -> bool {
        !self.config.safeguards.vote_log_check
    }

    fn grant(&mut self, candidate: NodeId, term: Term) {
        let is_new = term > self.term();
        if is_new || self.journal.voted_for() != Some(candidate) {
            self.journal.vote(term, Some(candidate));
        }
        if is_new {
            self.leave_term();
        }
        self.wait_for_leader();
    }

    /// Whether a leader leads, as far as it can tell: nobody else needs its vote.
    fn hears_leader(&self) -> bool {
        let heard_until = self.heard.saturating_add(self.election_ns());
        self.config.safeguards.pre_vote && (self.is_leader() || self.now.monotonic < heard_until)
    }

    /// Another node would vote for this one.
    pub(super) fn on_pre_voted(&mut self, from: NodeId, term: Term) {
        let awaited = self.term() + 1;
        if let Role::Candidate(candidacy) = &mut self.role
            && candidacy.is_pre
            && term == awaited
        {
            candidacy.granted.insert(from);
            self.count_votes();
        }
    }

    /// Another node has voted, in the current term.
    pub(super) fn on_voted(&mut self, from: NodeId, granted: bool) {
        if let Role::Candidate(candidacy) = &mut self.role
            && !candidacy.is_pre
            && granted
        {
            candidacy.granted.insert(from);
            self.count_votes();
        }
    }

    /// Looks whether a majority is for it.
    pub(super) fn count_votes(&mut self) {
        let me = self.me();
        let (voters, majority) = (&self.members.latest().voters, self.members.latest().majority());
        let counts_removed = !self.config.safeguards.removed_is_silent;
        let Role::Candidate(candidacy) = &mut self.role else { return };
        // Its own vote, like any other, is given once it is durable.
        if candidacy.is_pre || self.journal.is_vote_durable() {
            candidacy.granted.insert(me);
        }
        let counted = candidacy.granted.iter().filter(|node| voters.contains(node)).count();
        let with_removed = if counts_removed { candidacy.granted.len() } else { counted };
        if counted < majority && with_removed >= majority {
            self.journal.reached("removed-node-acts");
        }
        if with_removed >= majority {
            if candidacy.is_pre {
                self.wait_for_leader();
                self.stand(false, false);
            } else {
                let is_transfer = candidacy.is_transfer;
                self.lead(is_transfer);
            }
        }
    }

    fn lead(&mut self, is_transfer: bool) {
        let term = self.term();
        self.journal.fact(Fact::Leader { term });
        if is_transfer {
            self.journal.reached(marker::LEADERSHIP_TRANSFERRED.name);
        }
        self.tell_what_it_takes_over();
        self.leader = Some(self.me());
        self.answer_transfers();
        let first = self.log.last().index + 1;
        let counts_removed = !self.config.safeguards.removed_is_silent;
        let mut leader = Leader::new(self.me(), first, counts_removed);
        leader.meet(self.members.latest(), first);
        leader.quorum_due = self.lease_clock().saturating_add(self.election_ns());
        leader.log_clock = (self.latest_log_ms(), self.now.monotonic);
        self.role = Role::Leader(Box::new(leader));
        self.journal.pass(&point::ELECTED);
        self.propose(Payload::Noop);
        self.begin_round();
    }

    fn tell_what_it_takes_over(&mut self) {
        if self.members.latest_at() > self.commit {
            self.journal.reached(marker::CHANGE_CROSSED_ELECTION.name);
        }
        if self.config.replication != Replication::Majority && self.log.last().index > 0 {
            self.journal.reached(marker::PAIR_LED_AGAIN.name);
        }
    }

    /// Moves to a later term without a vote, as a follower.
    pub(super) fn adopt(&mut self, term: Term) {
        self.journal.vote(term, None);
        self.leave_term();
    }

    /// The term is another than before: whatever this node was in the last one is over.
    fn leave_term(&mut self) {
        self.step_down();
        self.role = Role::Follower;
        self.leader = None;
        self.following.forget();
    }

    /// Leads no more; whoever waits for it is told.
    pub(super) fn step_down(&mut self) {
        if !self.is_leader() {
            return;
        }
        self.role = Role::Follower;
        self.leader = None;
        self.wait_for_leader();
        if self.log.last().index > self.commit {
            self.journal.reached(marker::LEADER_DEPOSED_WITH_UNCOMMITTED.name);
        }
        let lost = |want: &Want| matches!(want, Want::Applied { .. } | Want::Confirmed { .. });
        for (id, want) in self.waiting.take(lost) {
            let response = match want {
                Want::Applied { .. } => {
                    Response::Unknown("this node leads no more, and the next leader may commit it".to_owned())
                }
                _ => self.not_leader(),
            };
            self.journal.reply(id, response);
        }
    }

    /// The refusal that sends a client to the leader.
    pub(super) fn not_leader(&self) -> Response {
        Response::Refused(Refusal::NotLeader { leader: self.leader, term: self.term() })
    }
}
