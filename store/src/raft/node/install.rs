//! A snapshot from the leader, part by part, replaces the state.
//!
//! ```text
//! leader: 0 … 64k ─► here: has 64k ─► leader: 64k … 100k ─► here: has all; save it; installed ─► Matched
//! ```
//!
//! Parts arrive in order, or are asked for again by saying how much is there. What the snapshot covers is
//! committed, so it holds under any leader; entries after it stay if they go on from it.

use std::sync::Arc;

use super::Node;
use super::entries::Entries;
use super::members::Memberships;
use super::snapshot::Snapshot;
use super::snapshots::Saving;
use crate::protocol::NodeId;
use crate::raft::fact::Fact;
use crate::raft::log::{Index, Payload, Position, Term};
use crate::raft::machine::Machine;
use crate::raft::message::Body;
use crate::{marker, point};

/// A snapshot of which the beginning is here.
#[derive(Debug)]
pub(super) struct Incoming {
    from: NodeId,
    term: Term,
    at: Position,
    total: u64,
    bytes: Vec<u8>,
}

/// One that is whole and readable.
#[derive(Debug)]
pub(super) struct Received {
    snapshot: Snapshot,
    machine: Machine,
}

/// A part on its way.
pub(super) struct Part {
    /// The round, as for [`Body::Append`].
    pub(super) round: u64,
    /// The last entry that the snapshot covers.
    pub(super) at: Position,
    /// Where the part begins.
    pub(super) offset: u64,
    /// The whole length.
    pub(super) total: u64,
    /// The part.
    pub(super) bytes: Vec<u8>,
}

impl Node {
    /// A leader sends a part of a snapshot, perhaps an empty one: a heartbeat.
    pub(super) fn on_snapshot(&mut self, from: NodeId, term: Term, part: Part) {
        let Part { round, at, offset, total, bytes } = part;
        if term < self.term() {
            return self.refuse_stale(from, round, at.index);
        }
        if !self.follow(from) {
            return;
        }
        self.following.heard(round);
        if self.snapshots.is_installing() {
            return self.say_received(from, round, at, total);
        }
        if self.is_covered(at) {
            self.snapshots.incoming = None;
            return self.confirm_up_to(at.index);
        }
        let key = (from, term, at, total);
        let incoming = self.snapshots.incoming.take().filter(|known| known.key() == key);
        let fresh = || Incoming { from, term, at, total, bytes: Vec::new() };
        let mut incoming = incoming.unwrap_or_else(fresh);
        if offset == incoming.bytes.len() as u64 {
            incoming.bytes.extend(bytes);
        }
        let received = incoming.bytes.len() as u64;
        self.snapshots.incoming = Some(incoming);
        self.say_received(from, round, at, received);
        self.install_if_complete();
    }

    fn say_received(&mut self, leader: NodeId, round: u64, at: Position, received: u64) {
        let counts = !self.is_damaged;
        self.journal.send(leader, Body::SnapshotPart { round, counts, at, received });
    }

    /// Saves a snapshot that has arrived whole. Once that is durable, it replaces the state.
    pub(super) fn install_if_complete(&mut self) {
        if self.snapshots.saving.is_some() {
            return;
        }
        let is_complete = |incoming: &mut Incoming| incoming.bytes.len() as u64 >= incoming.total;
        let Some(Incoming { at, bytes, .. }) = self.snapshots.incoming.take_if(is_complete) else { return };
        if self.is_covered(at) {
            return;
        }
        let snapshot = Snapshot::decode(&bytes).filter(|snapshot| snapshot.at == at);
        let Some((snapshot, machine)) = snapshot.and_then(|snapshot| {
            let machine = snapshot.machine(&self.config)?;
            Some((snapshot, machine))
        }) else {
            return self.journal.note(format!("the leader's snapshot of {} is unreadable", at.index));
        };
        // With the tail dropped, nothing stays.
        let from = if self.keeps_tail(at) { at.index + 1 } else { self.log.last().index + 1 };
        let records = self.records_beside(self.is_damaged, from);
        self.journal.save_snapshot(at.index, bytes.clone(), records);
        let install = Some(Box::new(Received { snapshot, machine }));
        self.snapshots.saving = Some(Saving { at, bytes: Arc::new(bytes), install, readmits: false });
    }

    /// Whether a snapshot says nothing that is not here already.
    fn is_covered(&self, at: Position) -> bool {
        let is_here = at.index <= self.settled() || (at.index <= self.commit && self.log.has(at));
        is_here && self.config.safeguards.install_keeps_tail
    }

    fn keeps_tail(&self, at: Position) -> bool {
        self.log.has(at) && self.config.safeguards.install_keeps_tail
    }

    /// The snapshot is durable: it is the state from here on. Up to `settled` the state was the same.
    pub(super) fn install(&mut self, received: Received, settled: Index) {
        let Received { snapshot: Snapshot { at, members, members_at, .. }, machine } = received;
        let keeps_tail = self.keeps_tail(at);
        let drops_tail = self.log.has(at) && !keeps_tail && self.log.last().index > at.index;
        if drops_tail || (at.index < self.applied.index && !self.config.safeguards.install_keeps_tail) {
            self.journal.reached("tail-dropped");
        }
        let was_member = !self.is_removed();
        self.members = Memberships::new(members_at, members);
        if keeps_tail {
            self.log.compact(at.index, at.index);
            for stored in self.log.iter() {
                if let Payload::Members(members) = &stored.entry.payload {
                    self.members.push(stored.entry.at.index, members.clone());
                }
            }
        } else {
            self.log = Entries::after(at);
        }
        if at.index < self.applied.index && self.config.safeguards.install_keeps_tail {
            self.journal.fact(Fact::RolledBack { index: settled });
        }
        self.machine = machine;
        self.applied = at;
        self.commit = at.index;
        self.journal.fact(Fact::Installed { at, keeps_tail });
        self.journal.reached(marker::SNAPSHOT_INSTALLED.name);
        self.journal.pass(&point::INSTALL_TAKEN);
        self.serve_caught_up();
        self.confirm_up_to(at.index);
        self.look_for_removal(was_member);
    }
}

impl Incoming {
    fn key(&self) -> (NodeId, Term, Position, u64) {
        (self.from, self.term, self.at, self.total)
    }
}
