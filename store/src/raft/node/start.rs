//! What a node makes of its data directory.
//!
//! ```text
//!  snapshot ──────── covers 1 … 90
//!  log       … 80 81 … 90 91 92        entries up to 90 stay for followers that are a little behind
//!  replayed           applied: 90; the entries after it wait for a leader to say what is committed
//! ```
//!
//! A crash in the middle of keeping a snapshot leaves records twice: those kept beside it, and what they were
//! copied from. So a record of the very same entry changes nothing.

use std::sync::Arc;

use super::entries::{Entries, Stored};
use super::members::Memberships;
use super::snapshot::Snapshot;
use crate::protocol::NodeId;
use crate::raft::config::Config;
use crate::raft::log::{Entry, Index, Payload, Position, Record, Start, Term};
use crate::raft::machine::Machine;
use crate::raft::request::Members;

/// What was found.
pub(super) struct Replayed {
    pub(super) term: Term,
    pub(super) voted_for: Option<NodeId>,
    /// The latest term of which a witness has confirmed a leader.
    pub(super) witnessed: Term,
    pub(super) log: Entries,
    pub(super) members: Memberships,
    pub(super) machine: Machine,
    /// What the machine has applied: what the snapshot covers.
    pub(super) applied: Position,
    /// The snapshot as it may be sent to others.
    pub(super) snapshot: Option<(Position, Arc<Vec<u8>>)>,
    pub(super) damaged: bool,
}

impl Replayed {
    /// Replays.
    pub(super) fn new(start: Start, config: &Config) -> Replayed {
        let Start { snapshot, records, mut damaged, .. } = start;
        let mut found = Found::default();
        for record in records {
            found.take(record);
        }
        let decoded = snapshot.and_then(|(_, bytes)| {
            let snapshot = Snapshot::decode(&bytes);
            let machine = snapshot.as_ref().and_then(|snapshot| snapshot.machine(config));
            damaged |= machine.is_none();
            Some((snapshot?, machine?, bytes))
        });
        let (base, machine, snapshot) = match decoded {
            Some((Snapshot { at, members, members_at, .. }, machine, bytes)) => {
                (Base { at, members, members_at }, machine, Some((at, Arc::new(bytes))))
            }
            None => (Base::first(config), Machine::new(config.sessions_max, config.safeguards), None),
        };
        damaged |= found.damaged || !found.goes_on_from(base.at);
        if damaged {
            // Where records are missing, those that are left may contradict each other.
            found.entries.clear();
        }
        let applied = base.at;
        let (log, members) = found.join(base);
        let Found { term, voted_for, witnessed, .. } = found;
        Replayed { term, voted_for, witnessed, log, members, machine, applied, snapshot, damaged }
    }
}

/// Where the log begins to count.
struct Base {
    at: Position,
    members: Members,
    members_at: Index,
}

impl Base {
    fn first(config: &Config) -> Base {
        let all = || (0..config.nodes.len() as NodeId).collect();
        let voters = config.first_voters.as_ref().map_or_else(all, |first| first.iter().copied().collect());
        let members = Members { voters, ..Members::default() };
        Base { at: Position::default(), members, members_at: 0 }
    }
}

/// What the records say.
#[derive(Default)]
struct Found {
    term: Term,
    voted_for: Option<NodeId>,
    witnessed: Term,
    damaged: bool,
    /// Without a gap.
    entries: Vec<Entry>,
}

impl Found {
    fn take(&mut self, record: Record) {
        match record {
            Record::Vote { term, voted_for } => (self.term, self.voted_for) = (term, voted_for),
            Record::Witnessed { term } => self.witnessed = self.witnessed.max(term),
            Record::Entry(entry) => self.take_entry(entry),
            Record::Damaged => self.damaged = true,
        }
    }

    fn take_entry(&mut self, entry: Entry) {
        let Some(first) = self.entries.first() else {
            return self.entries.push(entry);
        };
        let (first, next) = (first.at.index, first.at.index + self.entries.len() as Index);
        if !(first..=next).contains(&entry.at.index) {
            // What lies between was covered by a snapshot, and so was all before it.
            self.entries.clear();
        } else if entry.at.index < next {
            let offset = (entry.at.index - first) as usize;
            if self.entries[offset].at == entry.at {
                return;
            }
            self.entries.truncate(offset);
        }
        self.entries.push(entry);
    }

    /// Whether nothing is missing between a snapshot and these entries.
    fn goes_on_from(&self, base: Position) -> bool {
        self.entries.first().is_none_or(|first| first.at.index <= base.index + 1)
    }

    /// The log after a snapshot, with those entries before its end that are still there, and the members.
    fn join(&mut self, base: Base) -> (Entries, Memberships) {
        let Base { at, members, members_at } = base;
        let mut members = Memberships::new(members_at, members);
        let mut entries = std::mem::take(&mut self.entries).into_iter().peekable();
        let mut log = Entries::after(at);
        if let Some(first) = entries.peek() {
            let reaches = |entry: &Entry| entry.at.index == at.index + 1;
            if first.at.index <= at.index {
                // The term of the entry before the first is not known: the first one stands for it.
                log = Entries::after(if first.at.index == 1 { Position::default() } else { first.at });
            } else if !reaches(first) {
                return (log, members);
            }
        }
        let start = log.start().index;
        for entry in entries.skip_while(|entry| entry.at.index <= start) {
            if let Payload::Members(line_up) = &entry.payload
                && entry.at.index > at.index
            {
                members.push(entry.at.index, line_up.clone());
            }
            log.push(Stored::from(entry), 0);
        }
        if log.has(at) {
            return (log, members);
        }
        // The log ends before the snapshot does, or went another way: the snapshot replaces it.
        members.truncate(at.index + 1);
        (Entries::after(at), members)
    }
}

#[cfg(test)]
mod tests;
