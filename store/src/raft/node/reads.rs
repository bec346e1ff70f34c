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
use crate::marker;
use crate::protocol::RequestId;
use crate::raft::log::{Index, Payload};
use crate::raft::machine;
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
        // Looked at first, since many may wait here for long.
        if let Some(problem) = machine::keys_problem(&keys) {
            return self.refuse(id, Refusal::Invalid(problem));
        }
        if self.is_outside() {
            let why = "this node is no member of the cluster".to_owned();
            return self.refuse(id, Refusal::Unavailable(why));
        }
        if self.is_witness() {
            let why = "this node is the witness, and keeps no keys".to_owned();
            return self.refuse(id, Refusal::Unavailable(why));
        }
        match mode {
            ReadMode::Any => self.answer(id, &keys),
            ReadMode::Follower if self.is_damaged => {
                let why =
                    "this node has perhaps forgotten entries: it serves reads of mode any alone".to_owned();
                self.refuse(id, Refusal::Unavailable(why));
            }
            ReadMode::Follower if !self.config.safeguards.reads_below_high_water_mark => {
                self.read_to_the_end(id, &keys);
            }
            ReadMode::Follower if self.applied.index >= token => self.answer(id, &keys),
            ReadMode::Follower => {
                self.journal.reached(marker::READ_AWAITED_TOKEN.name);
                self.waiting.insert(id, deadline, Want::CaughtUp { keys, token });
            }
            ReadMode::Leader => self.read_confirmed(id, deadline, keys),
            ReadMode::Lease => self.read_leased(id, deadline, keys),
        }
    }

    /// With the safeguard off: reads what the log holds, committed or not.
    fn read_to_the_end(&mut self, id: RequestId, keys: &[String]) {
        let last = self.log.last();
        if last.index <= self.applied.index {
            return self.answer(id, keys);
        }
        self.journal.reached("read-past-high-water-mark");
        let mut ahead = self.machine.clone();
        for index in self.applied.index + 1..=last.index {
            if let Some(stored) = self.log.get(index)
                && let Payload::Command(command) = &stored.entry.payload
            {
                ahead.apply(stored.entry.at, command);
            }
        }
        let cells = ahead.read(keys);
        self.journal.reply(id, Response::Cells { cells, applied: last.index, term: last.term });
    }

    /// Waits for a round that begins from now on.
    pub(super) fn read_confirmed(&mut self, id: RequestId, deadline: u64, keys: Vec<String>) {
        let Role::Leader(leader) = &self.role else {
            let refusal = self.not_leader();
            return self.journal.reply(id, refusal);
        };
        if !self.config.safeguards.read_index {
            self.journal.reached("read-unconfirmed");
            return self.answer(id, &keys);
        }
        let (current, confirmed) = (leader.rounds.current(), leader.rounds.confirmed());
        self.waiting.insert(id, deadline, Want::Confirmed { keys, round: current + 1 });
        // One round under way at a time: reads that come meanwhile share the next.
        if confirmed == current {
            self.begin_round();
        } else {
            self.journal.reached(marker::READ_AWAITED_NEXT_ROUND.name);
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

    pub(super) fn answer(&mut self, id: RequestId, keys: &[String]) {
        let response = self.cells(keys);
        self.journal.reply(id, response);
    }

    pub(super) fn cells(&self, keys: &[String]) -> Response {
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
