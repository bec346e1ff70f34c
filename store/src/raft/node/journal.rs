//! What a node writes down and what it says, in the right order.
//!
//! ```text
//! vote for n2 in term 5 ─► append 7 ──────────────► synced through 7: say so
//!    Voted (term 5) waits ─────────────────────────────┘
//! ```
//!
//! A message is sent only once the term and the vote behind it are durable, and only while its term is
//! still the current one: what a node would have said before it moved on is not said after.

use std::collections::VecDeque;

use super::Effect;
use crate::point::{self, Point};
use crate::protocol::{NodeId, RecordNumber, RequestId};
use crate::raft::fact::Fact;
use crate::raft::log::{Record, Term};
use crate::raft::message::{Body, Message};
use crate::raft::request::Response;
use crate::safeguards::Safeguards;

/// A message that waits for the log.
#[derive(Debug)]
struct Held {
    /// Until this record is durable.
    after: RecordNumber,
    /// The term in which it was to be said.
    term: Term,
    to: NodeId,
    message: Message,
}

/// The current term and vote, the records appended, and the effects on their way out.
///
/// - The term never falls; in one term the vote never changes once given.
#[derive(Debug)]
pub(super) struct Journal {
    effects: Vec<Effect>,
    safeguards: Safeguards,
    term: Term,
    voted_for: Option<NodeId>,
    /// Term and vote as the log has them, durable or not.
    written: (Term, Option<NodeId>),
    /// The record that has them; 0: an earlier start wrote it.
    written_by: RecordNumber,
    appended: RecordNumber,
    synced: RecordNumber,
    /// Terms of which the observer is told once they are durable.
    untold: VecDeque<(RecordNumber, Term)>,
    held: Vec<Held>,
}

impl Journal {
    /// The journal of a node that starts with this term and vote.
    pub(super) fn new(term: Term, voted_for: Option<NodeId>, safeguards: Safeguards) -> Journal {
        Journal {
            effects: Vec::new(),
            safeguards,
            term,
            voted_for,
            written: (term, voted_for),
            written_by: 0,
            appended: 0,
            synced: 0,
            untold: VecDeque::new(),
            held: Vec::new(),
        }
    }

    /// The current term.
    pub(super) fn term(&self) -> Term {
        self.term
    }

    /// The candidate that has this node's vote in the current term.
    pub(super) fn voted_for(&self) -> Option<NodeId> {
        self.voted_for
    }

    /// Whether term and vote are durable (or are taken to be).
    pub(super) fn is_vote_durable(&self) -> bool {
        self.written_by <= self.synced
    }

    /// Moves to a term, which is not below the current one, and gives the vote in it or not.
    pub(super) fn vote(&mut self, term: Term, voted_for: Option<NodeId>) {
        debug_assert!(term >= self.term, "terms never fall");
        let is_new = term > self.term;
        (self.term, self.voted_for) = (term, voted_for);
        if voted_for.is_some() && !self.safeguards.vote_persisted {
            // Whatever term it came with is not kept either.
            return self.reached("vote-not-persisted");
        }
        if is_new && voted_for.is_none() && !self.safeguards.term_persisted {
            self.reached("term-not-persisted");
            return self.fact(Fact::Term(term));
        }
        self.written = (term, voted_for);
        self.written_by = self.append(Record::Vote { term, voted_for });
        if is_new {
            self.untold.push_back((self.written_by, term));
        }
    }

    /// The record of term and vote that must stand beside a snapshot.
    pub(super) fn vote_record(&self) -> Record {
        let (term, voted_for) = self.written;
        Record::Vote { term, voted_for }
    }

    /// Appends a record, and numbers it.
    pub(super) fn append(&mut self, record: Record) -> RecordNumber {
        self.effects.push(Effect::Append(record));
        self.appended += 1;
        self.appended
    }

    /// Keeps a snapshot, and these records beside it.
    pub(super) fn save_snapshot(&mut self, index: u64, bytes: Vec<u8>, records: Vec<Record>) {
        self.appended += records.len() as u64;
        self.effects.push(Effect::SaveSnapshot { index, bytes, records });
    }

    /// The log is durable up to this record: what waited for it is said.
    pub(super) fn synced(&mut self, through: RecordNumber) {
        self.synced = self.synced.max(through);
        while let Some(&(record, term)) = self.untold.front()
            && record <= self.synced
        {
            self.untold.pop_front();
            self.fact(Fact::Term(term));
        }
        let (now, later) =
            std::mem::take(&mut self.held).into_iter().partition(|held| held.after <= self.synced);
        self.held = later;
        let now: Vec<Held> = now;
        for Held { term, to, message, .. } in now {
            if term == self.term {
                if let Body::Voted { is_pre: false, granted: true } = message.body {
                    self.pass(&point::BEFORE_VOTE_REPLY);
                }
                self.effects.push(Effect::Send { to, message });
            }
        }
    }

    /// Says something in the current term.
    pub(super) fn send(&mut self, to: NodeId, body: Body) {
        self.send_as(self.term, to, body);
    }

    /// Says something under another term than the current one.
    pub(super) fn send_as(&mut self, term: Term, to: NodeId, body: Body) {
        self.send_after(self.written_by, term, to, body);
    }

    /// Says something once everything appended so far is durable.
    pub(super) fn send_after_all(&mut self, term: Term, to: NodeId, body: Body) {
        self.send_after(self.appended, term, to, body);
    }

    /// Says something once this record is durable, and term and vote are.
    pub(super) fn send_after(&mut self, record: RecordNumber, term: Term, to: NodeId, body: Body) {
        let after = record.max(self.written_by);
        let message = Message { term, body };
        if after <= self.synced {
            self.effects.push(Effect::Send { to, message });
        } else {
            self.held.push(Held { after, term: self.term, to, message });
        }
    }

    /// Answers a client.
    pub(super) fn reply(&mut self, id: RequestId, response: Response) {
        self.effects.push(Effect::Reply { id, response });
    }

    /// Answers a client, if it is still before `before` by then.
    pub(super) fn reply_before(&mut self, id: RequestId, response: Response, before: u64) {
        self.effects.push(Effect::ReplyBefore { id, response, before });
    }

    /// Tells the observer a fact.
    pub(super) fn fact(&mut self, fact: Fact) {
        self.effects.push(Effect::Fact(fact));
    }

    /// Passes a point.
    pub(super) fn pass(&mut self, point: &'static Point) {
        self.effects.push(Effect::Pass(point));
    }

    /// Tells the observer that this path was reached.
    pub(super) fn reached(&mut self, marker: &'static str) {
        self.effects.push(Effect::Reached(marker));
    }

    /// A line for the log.
    pub(super) fn note(&mut self, text: String) {
        self.effects.push(Effect::Note(text));
    }

    /// Hands out the effects.
    pub(super) fn drain_into(&mut self, effects: &mut Vec<Effect>) {
        effects.append(&mut self.effects);
    }
}

#[cfg(test)]
mod tests;
