//! What a leader knows of one follower, and what it has under way to it.
//!
//! ```text
//! probe ── Matched ─► replicate ── Conflict ─► probe
//!   └── what it lacks is gone ─► snapshot ── Matched ─► replicate
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use crate::raft::log::{Index, Position};

/// How the follower is sent to.
#[derive(Debug)]
pub(super) enum Mode {
    /// Where the logs part is looked for: nothing but heartbeats.
    Probe,
    /// Entries are sent before those before them are confirmed.
    Replicate,
    /// It lacks entries that are gone.
    Snapshot(Transmission),
}

/// A snapshot on its way.
#[derive(Debug)]
pub(super) struct Transmission {
    /// The last entry it covers.
    pub(super) at: Position,
    /// The whole of it, even if this node keeps a newer one by now.
    pub(super) bytes: Arc<Vec<u8>>,
    /// How much of it the follower has.
    pub(super) received: u64,
    /// The round in which the last part was sent.
    pub(super) sent_in: u64,
}

/// A removed node that is told so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    /// The entry that removed it.
    pub(super) at: Index,
    /// The round with which it hears that this is committed.
    pub(super) told: Option<u64>,
    /// When nobody cares any more whether it knows.
    pub(super) until: u64,
}

/// One follower.
///
/// - `matched < next`.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) mode: Mode,
    /// Its log equals the leader's up to here, durably.
    pub(super) matched: Index,
    /// What it is sent next.
    pub(super) next: Index,
    /// The last entries of messages under way.
    in_flight: VecDeque<Index>,
    /// The last round that it has confirmed.
    pub(super) confirmed: u64,
    /// When it was heard last.
    pub(super) heard: Option<u64>,
    /// Whether it was heard since the last look at the quorum.
    pub(super) is_active: bool,
    /// It has perhaps forgotten what it confirmed: it does not count.
    pub(super) is_damaged: bool,
    /// What it said before it was started so many times does not count.
    incarnation: u32,
    /// It is a member no more, and is to know that.
    pub(super) leaving: Option<Leaving>,
}

impl Progress {
    /// A follower of which nothing is known yet: the entry before `next` is looked for first.
    pub(super) fn new(next: Index) -> Progress {
        Progress {
            mode: Mode::Probe,
            matched: 0,
            next,
            in_flight: VecDeque::new(),
            confirmed: 0,
            heard: None,
            is_active: false,
            is_damaged: false,
            incarnation: 0,
            leaving: None,
        }
    }

    /// How far it counts towards a commit.
    pub(super) fn counted(&self) -> Index {
        if self.is_damaged { 0 } else { self.matched }
    }

    /// Whether one more message with entries may be under way.
    pub(super) fn has_room(&self, pipeline: usize) -> bool {
        matches!(self.mode, Mode::Replicate) && self.in_flight.len() < pipeline
    }

    /// Entries up to `last` are under way.
    pub(super) fn sent(&mut self, last: Index) {
        self.in_flight.push_back(last);
        self.next = last + 1;
    }

    /// It holds copies up to here, and has perhaps forgotten what earlier incarnations confirmed.
    pub(super) fn on_copied(&mut self, index: Index, incarnation: u32) {
        if incarnation < self.incarnation {
            return;
        }
        if !self.is_damaged || incarnation > self.incarnation {
            self.incarnation = incarnation;
            self.is_damaged = true;
            self.matched = index;
            self.next = index + 1;
            self.in_flight.clear();
            self.mode = Mode::Probe;
        }
        self.take_matched(index);
    }

    /// Its log equals the leader's up to here, and that is durable.
    pub(super) fn on_matched(&mut self, index: Index, incarnation: u32) {
        if incarnation >= self.incarnation {
            self.is_damaged = false;
            self.take_matched(index);
        }
    }

    fn take_matched(&mut self, index: Index) {
        self.matched = self.matched.max(index);
        let is_found = matches!(self.mode, Mode::Probe);
        self.next = if is_found { self.matched + 1 } else { self.next.max(self.matched + 1) };
        while self.in_flight.front().is_some_and(|&last| last <= index) {
            self.in_flight.pop_front();
        }
        let is_behind = matches!(&self.mode, Mode::Snapshot(sent) if index < sent.at.index);
        if !is_behind {
            self.mode = Mode::Replicate;
        }
    }

    /// It is sent a snapshot.
    pub(super) fn begin_snapshot(&mut self, transmission: Transmission) {
        self.in_flight.clear();
        self.mode = Mode::Snapshot(transmission);
    }

    /// It had not found the entry before those it was sent, and says what to try. Returns whether that is
    /// news: an answer to an earlier attempt says nothing of this one.
    pub(super) fn on_conflict(&mut self, previous: Index, hint: Index) -> bool {
        let is_asked = match self.mode {
            Mode::Probe => previous == self.next - 1,
            Mode::Replicate => previous < self.next,
            Mode::Snapshot(_) => false,
        };
        let is_news = is_asked && previous > self.matched;
        if is_news {
            self.mode = Mode::Probe;
            self.next = previous.min(hint + 1).max(self.matched + 1);
            self.in_flight.clear();
        }
        is_news
    }
}

#[cfg(test)]
mod tests;
