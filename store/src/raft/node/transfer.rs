//! Leadership is handed over (Ongaro 2014, section 3.10).
//!
//! ```text
//! leader: no more writes ─► the other holds the whole log ─► no more lease ─► TimeoutNow
//! the other: stands at once, and is voted for in spite of the leader
//! ```
//!
//! A `TimeoutNow` may arrive long after: so the leader that has sent one has no lease for the rest of its term.

use super::leader::Transfer;
use super::waiting::Want;
use super::{Node, Role};
use crate::point;
use crate::protocol::{NodeId, RequestId};
use crate::raft::message::Body;
use crate::raft::request::{Refusal, Response};

impl Node {
    /// A client wants another leader.
    pub(super) fn transfer(&mut self, id: RequestId, deadline: u64, to: NodeId) {
        let until = self.after_ms(self.config.election_ms);
        let is_voter = self.members.latest().voters.contains(&to) && self.config.witness() != Some(to);
        let me = self.me();
        let Role::Leader(leader) = &mut self.role else {
            let refusal = self.not_leader();
            return self.journal.reply(id, refusal);
        };
        if to == me {
            let done = self.transferred();
            return self.journal.reply(id, done);
        }
        if !is_voter {
            return self.refuse(id, Refusal::Invalid("only a voter that keeps the log can lead".to_owned()));
        }
        if leader.transfer.is_some() {
            return self.refuse(id, Refusal::Unavailable("leadership is being handed over".to_owned()));
        }
        leader.transfer = Some(Transfer { to, until });
        self.waiting.insert(id, deadline, Want::Transferred { to });
        self.go_on_with_transfer();
    }

    /// Tells the next leader to stand, once it holds the whole log.
    pub(super) fn go_on_with_transfer(&mut self) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(Transfer { to, .. }) = leader.transfer else { return };
        let last = self.log.last().index;
        if leader.progress.get(&to).is_some_and(|progress| progress.counted() == last) {
            leader.lease_revoked = true;
            self.journal.pass(&point::BEFORE_HAND_OVER);
            self.journal.send(to, Body::TimeoutNow);
        }
    }

    /// The next leader has not taken over in time: this one goes on.
    pub(super) fn give_up_transfer(&mut self) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.transfer.take_if(|transfer| self.now.monotonic >= transfer.until).is_some() {
            self.answer_transfers();
        }
    }

    /// The leader wants this node to lead.
    pub(super) fn on_timeout_now(&mut self, from: NodeId) {
        if self.leader == Some(from) && self.can_stand() {
            self.wait_for_leader();
            self.stand(false, true);
        }
    }

    /// It is known now who leads: whoever waited for that is told.
    pub(super) fn answer_transfers(&mut self) {
        let leader = self.leader;
        for (id, want) in self.waiting.take(|want| matches!(want, Want::Transferred { .. })) {
            let response = if want == (Want::Transferred { to: leader.unwrap_or(self.me()) }) {
                self.transferred()
            } else {
                Response::Unknown("another node leads, or none, and the one wanted may yet".to_owned())
            };
            self.journal.reply(id, response);
        }
    }

    fn transferred(&self) -> Response {
        Response::Done { index: self.commit, term: self.term(), cells: Vec::new() }
    }
}
