//! Active-passive replication with a witness.
//!
//! ```text
//! n1 active ── entries ──► n2 standby        n3 witness: votes, confirms heartbeats, keeps no entries
//!     └────── heartbeats ──────────────────────► │
//! synchronous    committed when durable on n1 and n2; refused while n2 is not heard
//! asynchronous   committed when durable on n1; refused while n2 lacks too much
//! ```
//!
//! The witness remembers the latest term of which it has confirmed a leader with an entry of that term
//! (Pâris 1986: voting with witnesses). Whoever wants its vote must have an entry of that term too. So once a
//! leader's first entry is durable and the witness has confirmed that, nobody leads who lacks it, and
//! everything up to it is decided, even if the standby is gone. What comes after needs the standby.

use super::leader::Leader;
use super::{Node, Role};
use crate::marker;
use crate::protocol::NodeId;
use crate::raft::config::Replication;
use crate::raft::fact::Fact;
use crate::raft::log::{Index, Payload, Position, Record};
use crate::raft::machine::Machine;
use crate::raft::message::Body;
use crate::raft::request::Refusal;

use super::snapshot::Snapshot;

impl Node {
    /// Whether this node is the witness.
    pub(super) fn is_witness(&self) -> bool {
        self.config.witness() == Some(self.me())
    }

    /// Whether the other node with data may lack what is committed here.
    fn is_asynchronous(&self) -> bool {
        matches!(self.config.replication, Replication::Asynchronous { .. })
    }

    /// The index up to which no leader will ever want other entries.
    pub(super) fn settled(&self) -> Index {
        if self.is_asynchronous() { self.snapshots.covered() } else { self.commit }
    }

    /// As the witness: a leader is heard, whose log durably ends at `last`.
    pub(super) fn witness(&mut self, leader: NodeId, round: u64, last: Position) {
        if self.is_damaged {
            return;
        }
        let answer = Body::Matched { round, index: last.index, incarnation: self.incarnation };
        if last.term > self.witnessed {
            self.witnessed = last.term;
            self.witnessed_by = self.journal.append(Record::Witnessed { term: last.term });
        }
        self.journal.send_after(self.witnessed_by, self.term(), leader, answer);
    }

    /// Whether a candidate's log is good enough for this node's vote.
    pub(super) fn is_up_to_date(&self, last: Position) -> bool {
        if self.is_witness() { last.term >= self.witnessed } else { last >= self.log.last() }
    }

    /// What is committed, where a majority does not decide it.
    pub(super) fn committed_passively(&self, leader: &Leader) -> Index {
        let (durable, first) = (self.log.durable(), leader.first);
        let standby = self.standby_matched(leader);
        let is_witnessed =
            |node| leader.progress.get(&node).is_some_and(|witness| witness.counted() >= first);
        let is_decided =
            durable >= first && (standby >= first || self.config.witness().is_some_and(is_witnessed));
        match (is_decided, self.config.replication) {
            (false, _) => 0,
            (true, Replication::Asynchronous { .. }) => durable,
            (true, _) => first.max(standby.min(durable)),
        }
    }

    /// Why a change cannot be taken now, where the standby has a say.
    pub(super) fn standby_problem(&mut self) -> Option<Refusal> {
        let Role::Leader(leader) = &self.role else { return None };
        let Replication::Asynchronous { entries_max, lag_ms_max } = self.config.replication else {
            let standby = leader.progress.get(&self.standby()?)?;
            let why = match (self.is_heard(standby), standby.is_damaged) {
                (true, false) => return None,
                (true, true) => "the disk of the standby is damaged, and its copy does not count",
                (false, _) => "the standby is not heard",
            };
            self.journal.reached(marker::STANDBY_MISSING.name);
            return Some(Refusal::Unavailable(why.to_owned()));
        };
        // It must not go on for as long as it takes the others to replace it.
        let confirmed = leader.rounds.confirmed_at().map(|at| at.monotonic + self.lease_ns());
        if confirmed.is_none_or(|until| self.now.monotonic >= until) {
            return Some(Refusal::Unavailable(
                "no majority has confirmed lately that this node leads".to_owned(),
            ));
        }
        // Nobody leads next who lacks the first entry of this term: only what came after can be lost.
        let lacks = self.log.last().index.saturating_sub(self.standby_matched(leader).max(leader.first));
        let lags_since = leader.unreplicated.front().map_or(self.now.monotonic, |&(_, since)| since);
        let is_late = self.now.monotonic > lags_since.saturating_add(lag_ms_max.saturating_mul(1_000_000));
        if lacks < entries_max && !is_late {
            return None;
        }
        if !self.config.safeguards.loss_bounded {
            self.journal.reached("loss-bound-passed");
            return None;
        }
        self.journal.reached(marker::STANDBY_MISSING.name);
        self.journal.reached(marker::LOSS_BOUND_REFUSED.name);
        Some(Refusal::Unavailable(format!("the standby lacks {lacks} entries, or one for too long")))
    }

    /// Whether the state may be kept for good: the standby has all of it.
    pub(super) fn may_save(&self) -> bool {
        match &self.role {
            Role::Leader(leader) if self.is_asynchronous() => {
                self.standby_matched(leader) >= self.applied.index
            }
            _ => true,
        }
    }

    /// As leader: an entry of its own is lacking at the standby from now on, or some are no more.
    pub(super) fn count_unreplicated(&mut self, new: Option<Index>) {
        if !self.is_asynchronous() {
            return;
        }
        let Role::Leader(leader) = &self.role else { return };
        let matched = self.standby_matched(leader);
        let (first, now) = (leader.first, self.now.monotonic);
        let Role::Leader(leader) = &mut self.role else { return };
        leader.unreplicated.extend(new.filter(|&index| index > first).map(|index| (index, now)));
        while leader.unreplicated.front().is_some_and(|&(index, _)| index <= matched) {
            leader.unreplicated.pop_front();
        }
    }

    /// Goes back to the state after an index that was applied: what was applied after it never reached the
    /// standby that leads now.
    pub(super) fn roll_back(&mut self, index: Index) {
        let kept = self.snapshots.kept.as_ref().and_then(|(_, bytes)| Snapshot::decode(bytes));
        let restored = kept.and_then(|snapshot| Some((snapshot.at, snapshot.machine(&self.config)?)));
        let fresh = || (Position::default(), Machine::new(self.config.sessions_max, self.config.safeguards));
        (self.applied, self.machine) = restored.unwrap_or_else(fresh);
        while self.applied.index < index
            && let Some(stored) = self.log.get(self.applied.index + 1)
        {
            self.applied = stored.entry.at;
            if let Payload::Command(command) = &stored.entry.payload {
                self.machine.apply(stored.entry.at, command);
            }
        }
        self.commit = self.applied.index;
        self.journal.reached(marker::ROLLED_BACK.name);
        self.journal.fact(Fact::RolledBack { index: self.applied.index });
    }

    fn standby(&self) -> Option<NodeId> {
        self.config.standby_of(self.me())
    }

    fn standby_matched(&self, leader: &Leader) -> Index {
        let standby = self.standby().and_then(|standby| leader.progress.get(&standby));
        standby.map_or(0, |progress| progress.counted())
    }
}
