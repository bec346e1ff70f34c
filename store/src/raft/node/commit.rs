//! What is committed, and applied.
//!
//! ```text
//! matched   n1 9 (its own log, durable)   n2 9   n3 7   n4 4   n5 4      a majority holds 7
//! ```
//!
//! A leader counts copies only of entries of its own term: an earlier one that a majority holds can still be
//! replaced (figure 8 of Ongaro and Ousterhout 2014), and is committed along with the first that counts.

use super::progress::Progress;
use super::{Node, Role};
use crate::point;
use crate::raft::config::Replication;
use crate::raft::fact::Fact;
use crate::raft::log::{Index, Payload, Position};
use crate::raft::request::Response;

impl Node {
    /// As leader, looks whether a majority holds more.
    pub(super) fn advance_commit(&mut self) {
        let Role::Leader(leader) = &self.role else { return };
        let index = match self.config.replication {
            Replication::Majority => {
                leader.agreed(self.members.latest(), self.log.durable(), Progress::counted)
            }
            _ => self.committed_passively(leader),
        };
        let index = index.min(self.log.last().index);
        if index <= self.commit {
            return;
        }
        if index < leader.first {
            if self.config.safeguards.commits_own_term {
                return;
            }
            self.journal.reached("earlier-term-committed");
        }
        self.journal.fact(Fact::Committed { index });
        self.journal.pass(&point::COMMITTED);
        self.raise_commit(index);
        self.serve_confirmed();
    }

    /// Everything up to here is committed: it is applied.
    pub(super) fn raise_commit(&mut self, index: Index) {
        if index <= self.commit {
            return;
        }
        let was_member = !self.is_removed();
        self.commit = index;
        while self.applied.index < self.commit && self.apply_next() {}
        self.serve_caught_up();
        self.look_for_removal(was_member);
        self.members.compact(self.applied.index);
        self.save_if_due();
    }

    fn apply_next(&mut self) -> bool {
        let Some(stored) = self.log.get(self.applied.index + 1) else { return false };
        let (at, digest) = (stored.entry.at, stored.digest);
        // A log with a hole, which only a planted bug leaves, would be applied in a circle for ever.
        if at.index != self.applied.index + 1 {
            return false;
        }
        let Payload::Command(command) = &stored.entry.payload else {
            self.applied(at, digest, 0);
            if let Some(id) = self.waiting.applied(at.index) {
                let Position { term, index } = at;
                self.journal.reply(id, Response::Done { index, term, cells: Vec::new() });
            }
            return true;
        };
        let outcome = self.machine.apply(at, command);
        self.applied(at, digest, outcome.digest);
        if let Some(marker) = outcome.reached {
            self.journal.reached(marker);
        }
        if let Some(id) = self.waiting.applied(at.index) {
            self.journal.reply(id, outcome.response);
        }
        true
    }

    /// With the safeguard off: applies what the snapshot covers, as far as the log still has it.
    pub(super) fn replay_again(&mut self) {
        let covered = self.applied.index;
        for stored in self.log.iter().take_while(|stored| stored.entry.at.index <= covered) {
            if let Payload::Command(command) = &stored.entry.payload {
                self.machine.apply_unchecked(stored.entry.at, command);
                self.journal.reached("entry-replayed-twice");
            }
        }
    }

    fn applied(&mut self, at: Position, digest: u64, outcome: u64) {
        self.applied = at;
        self.journal.fact(Fact::Applied { at, digest, outcome });
    }
}
