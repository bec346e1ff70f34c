//! What a slow disk was given to do and has not done: one thing after the other, so many bytes a second.
//!
//! ```text
//!  given  append 4 KB, read 8 KB, sync, append 2 KB
//!  disk   ├─ append ─┼─────── read ───────┤ synced
//!         0          1 s                  3 s            at 4 KB/s
//! ```
//!
//! A call does not hold up the process that makes it: the simulator cannot. Its time is waited for by the next
//! sync, of whatever file, as where an operating system writes behind. A start reads, and syncs before it
//! works: so it takes as long as reading takes.

use std::time::Duration;

/// Parts of a byte: at a byte a second, one is done each nanosecond.
const PARTS: u128 = 1_000_000_000;

/// The work of one disk, in parts of bytes.
#[derive(Debug, Default)]
pub struct Queue {
    given: u128,
    done: u128,
    /// When `done` was right.
    at: Duration,
    /// In bytes a second; none: everything is done at once.
    rate: Option<u64>,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u128);

impl Queue {
    /// From `now` on so many bytes a second are done; none: all, and at once.
    pub fn set_rate(&mut self, rate: Option<u64>, now: Duration) {
        self.advance(now);
        self.rate = rate;
    }

    /// These bytes have to go to the disk, or come from it.
    pub fn give(&mut self, bytes: usize, now: Duration) {
        self.advance(now);
        self.given += bytes as u128 * PARTS;
    }

    /// After everything given so far.
    pub fn end(&self) -> Place {
        Place(self.given)
    }

    /// Whether everything before this place is done.
    pub fn is_done(&mut self, Place(place): Place, now: Duration) -> bool {
        self.advance(now);
        self.done >= place
    }

    fn advance(&mut self, now: Duration) {
        let parts = now.saturating_sub(self.at).as_nanos();
        self.done = match self.rate {
            Some(rate) => self.given.min(self.done + parts * u128::from(rate)),
            None => self.given,
        };
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A queue of 1000 bytes a second.
    fn slow() -> Queue {
        let mut queue = Queue::default();
        queue.set_rate(Some(1_000), ms(0));
        queue
    }

    /// When the queue comes to this place, in milliseconds from `from` on; zero, where ten seconds do not do.
    fn done_at(queue: &mut Queue, place: Place, from: u64) -> u64 {
        (from..from + 10_000).find(|at| queue.is_done(place, ms(*at))).unwrap_or_default()
    }

    #[test]
    fn does_one_thing_after_the_other() {
        let mut queue = slow();
        queue.give(100, ms(0));
        let first = queue.end();
        queue.give(50, ms(20));
        let second = queue.end();
        assert_eq!((done_at(&mut queue, first, 20), done_at(&mut queue, second, 100)), (100, 150));
        // It stands idle until it is given more.
        queue.give(10, ms(1_000));
        let third = queue.end();
        assert_eq!(done_at(&mut queue, third, 1_000), 1_010);
    }

    #[test]
    fn how_often_it_is_looked_at_changes_nothing() {
        let mut queue = Queue::default();
        queue.set_rate(Some(7), ms(0));
        queue.give(7, ms(0));
        let end = queue.end();
        assert_eq!(done_at(&mut queue, end, 1), 1_000);
    }

    #[test]
    fn another_rate_counts_for_what_is_left() {
        let mut queue = slow();
        queue.give(100, ms(0));
        let end = queue.end();
        queue.set_rate(Some(100), ms(90));
        assert_eq!(done_at(&mut queue, end, 90), 190);
    }

    #[test]
    fn a_disk_that_is_not_slow_has_done_everything() {
        let mut queue = Queue::default();
        queue.give(1 << 40, ms(5));
        let end = queue.end();
        assert!(queue.is_done(end, ms(5)));
        let mut queue = slow();
        queue.give(1 << 40, ms(0));
        let end = queue.end();
        assert!(!queue.is_done(end, ms(1)));
        queue.set_rate(None, ms(1));
        assert!(queue.is_done(end, ms(1)));
    }
}
