//! Reads, in four modes.
//!
//! ```text
//! leader     read arrives ─► a round begins ─► a majority confirms it: no later leader had committed
//!            anything when the read arrived; answered from what is applied (Ongaro 2014, section 6.4)
//! lease      answered at once, while the lease lasts
//! follower   any node: answered once it has applied what the session has seen
//! any        answered at once
//! ```
//!
//! What is applied is committed: nothing past the high-water mark is ever read.

use super::waiting::Want;
use super::{Node, Role};
use crate::protocol::RequestId;
use crate::raft::log::Index;
use crate::raft::request::{ReadMode, Refusal, Response};

impl Node {
    /// A client reads keys.
    pub(super) fn read(
        &mut self,
        id: RequestId,
        deadline: u64,
        keys: Vec<String>,
        mode: ReadMode,
        token: Index,
    ) {
        if self.is_outside() {
            let why = "this node is no member of the cluster".to_owned();
            return self.refuse(id, Refusal::Unavailable(why));
        }
        match mode {
            ReadMode::Any => self.answer(id, &keys),
            ReadMode::Follower if self.applied.index >= token => self.answer(id, &keys),
            ReadMode::Follower => self.waiting.insert(id, deadline, Want::CaughtUp { keys, token }),
            ReadMode::Leader | ReadMode::Lease => self.read_confirmed(id, deadline, keys),
        }
    }

    /// Waits for a round that begins from now on.
    fn read_confirmed(&mut self, id: RequestId, deadline: u64, keys: Vec<String>) {
        let Role::Leader(leader) = &self.role else {
            let refusal = self.not_leader();
            return self.journal.reply(id, refusal);
        };
        if !self.config.safeguards.read_index {
            self.journal.reached("read-unconfirmed");
            return self.answer(id, &keys);
        }
        let (current, confirmed) = (leader.rounds.current(), leader.rounds.confirmed());
        self.waiting.insert_read(id, deadline, keys, current + 1);
        // One round under way at a time: reads that come meanwhile share the next.
        if confirmed == current {
            self.begin_round();
        }
    }

    /// Answers the reads whose round is confirmed. A leader that has committed nothing in its term does not
    /// know what is committed.
    pub(super) fn serve_confirmed(&mut self) {
        let Role::Leader(leader) = &self.role else { return };
        let (first, confirmed) = (leader.first, leader.rounds.confirmed());
        if self.commit >= first {
            while let Some((id, keys)) = self.waiting.confirmed(confirmed) {
                self.answer(id, &keys);
            }
        }
        let Role::Leader(leader) = &self.role else { return };
        let is_idle = leader.rounds.confirmed() == leader.rounds.current();
        if is_idle && self.waiting.wants_after(leader.rounds.confirmed()) {
            self.begin_round();
        }
    }

    /// Answers the reads of sessions that have seen no more than is applied now.
    pub(super) fn serve_caught_up(&mut self) {
        while let Some((id, keys)) = self.waiting.caught_up(self.applied.index) {
            self.answer(id, &keys);
        }
    }

    /// The answer within the lease came too late: it is read again, with a round.
    pub(super) fn on_too_late(&mut self, id: RequestId) {
        if let Some((deadline, Want::Leased { keys })) = self.waiting.remove(id) {
            self.journal.reached("lease-missed");
            self.read_confirmed(id, deadline, keys);
        }
    }

    fn answer(&mut self, id: RequestId, keys: &[String]) {
        let response = self.cells(keys);
        self.journal.reply(id, response);
    }

    fn cells(&self, keys: &[String]) -> Response {
        match self.machine.read_problem(keys) {
            Some(problem) => Response::Refused(Refusal::Invalid(problem)),
            None => Response::Cells {
                cells: self.machine.read(keys),
                applied: self.applied.index,
                term: self.applied.term,
            },
        }
    }
}
