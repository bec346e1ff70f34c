//! Reads within the lease (Ongaro 2014, section 6.4.1).
//!
//! ```text
//! round 7 begins ─────── lease_ms ───────► the lease is over
//!      n2, n3 answer it: neither votes for anybody within election_ms from then
//! ```
//!
//! The value is read first and the clock looked at after, by the shell: a pause may fall between. The lease is
//! shorter than the time for which votes are refused, even if this clock is as slow as is allowed, and theirs
//! as fast.

use super::waiting::Want;
use super::{Node, Role};
use crate::marker;
use crate::protocol::{Now, RequestId};

impl Node {
    /// A client reads within the lease. Without one it is a read by round.
    pub(super) fn read_leased(&mut self, id: RequestId, deadline: u64, keys: Vec<String>) {
        let lease = self.lease_began();
        if !self.config.safeguards.monotonic_lease && self.is_leased_by_wall_clock() {
            if lease.is_some_and(|began| self.now.monotonic >= began.monotonic + self.lease_ns()) {
                self.journal.reached("lease-by-wall-clock");
            }
            return self.answer(id, &keys);
        }
        let before = lease.map_or(0, |began| began.monotonic.saturating_add(self.lease_ns()));
        if self.now.monotonic >= before || !self.config.safeguards.monotonic_lease {
            if self.is_leader() {
                self.journal.reached(marker::LEASE_MISSED.name);
            }
            return self.read_confirmed(id, deadline, keys);
        }
        self.journal.reached(marker::LEASE_READ.name);
        let response = self.cells(&keys);
        self.journal.reply_before(id, response, before);
        // The shell has sent the answer, or says that it has not, before anything else happens.
        self.waiting.insert(id, self.now.monotonic, Want::Leased { keys, deadline });
    }

    /// The answer within the lease came too late: it is read again, by round.
    pub(super) fn on_too_late(&mut self, id: RequestId) {
        if let Some(Want::Leased { keys, deadline }) = self.waiting.remove(id) {
            self.journal.reached(marker::LEASE_MISSED.name);
            self.journal.reached(marker::LEASE_RAN_OUT.name);
            self.read_confirmed(id, deadline, keys);
        }
    }

    /// When the lease began that this node has as leader, if it has one.
    fn lease_began(&self) -> Option<Now> {
        let Role::Leader(leader) = &self.role else { return None };
        let knows_commit = self.commit >= leader.first;
        leader.rounds.confirmed_at().filter(|_| knows_commit && !leader.lease_revoked)
    }

    /// Without the safeguard: whether the time of day is before the end of the longest lease that it had.
    fn is_leased_by_wall_clock(&self) -> bool {
        let Role::Leader(leader) = &self.role else { return false };
        let end = leader.rounds.confirmed_wall_max().saturating_add(self.lease_ns());
        self.lease_began().is_some() && self.now.wall < end
    }

    /// The clock by which a leader judges for how long it still leads: its lease, and when it must have heard a
    /// majority. With the safeguard off it is the wall clock, which may jump.
    pub(super) fn lease_clock(&self) -> u64 {
        if self.config.safeguards.monotonic_lease { self.now.monotonic } else { self.now.wall }
    }

    pub(super) fn lease_ns(&self) -> u64 {
        self.config.lease_ms * 1_000_000
    }
}
