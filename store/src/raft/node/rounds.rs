//! Rounds of heartbeats: what a majority has confirmed, and since when.
//!
//! ```text
//! round 7 begins ──► n2 answers 7 ──► n3 answers 7: a majority of five followed when it began, or later
//!        │            read arrives: it needs a round that begins after it
//!        └─ the lease runs from here
//! ```

use std::collections::VecDeque;

use crate::protocol::Now;

/// The rounds of one leader.
///
/// - Rounds are numbered 1, 2, 3, …; `confirmed` never falls.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    current: u64,
    confirmed: u64,
    confirmed_at: Option<Now>,
    /// The latest time of day at which a confirmed round began.
    confirmed_wall_max: u64,
    /// When the rounds after the confirmed one began.
    begun: VecDeque<Now>,
}

impl Rounds {
    /// The last round begun.
    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// The last round that a majority has confirmed.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// When that round began.
    pub(super) fn confirmed_at(&self) -> Option<Now> {
        self.confirmed_at
    }

    /// The latest time of day at which a confirmed round began: where the clock has jumped back since, that is
    /// still to come.
    pub(super) fn confirmed_wall_max(&self) -> u64 {
        self.confirmed_wall_max
    }

    /// Begins a round.
    pub(super) fn begin(&mut self, now: Now) {
        self.current += 1;
        self.begun.push_back(now);
    }

    /// A majority has confirmed everything up to this round. Returns whether that is news.
    pub(super) fn confirm(&mut self, round: u64) -> bool {
        let is_news = round > self.confirmed;
        while self.confirmed < round
            && let Some(begun) = self.begun.pop_front()
        {
            self.confirmed += 1;
            self.confirmed_at = Some(begun);
            self.confirmed_wall_max = self.confirmed_wall_max.max(begun.wall);
        }
        is_news
    }
}
