//! How many acknowledged writes a cache may lose: said before it can lose them.
//!
//! ```text
//! acknowledged     1 2 3 4 5 6
//! the store has    1 2 3   5
//! in the log       held 3, reserved 8        after a crash: at most 5 are lost
//! ```
//!
//! Acknowledged writes are counted. A write is acknowledged only under a number that was reserved before, durably, and
//! none is reserved that lies more than the bound beyond what the store has. Numbers are reserved in blocks, so that few
//! writes wait for the disk; small ones, so that what is said after a crash is not far from what is lost.

use serde::{Deserialize, Serialize};

use crate::quorum::config::Config;
use crate::quorum::effect::{Effect, RecordNumber};
use crate::quorum::outbox::Outbox;
use crate::quorum::record::Logged;

/// A block is this part of the bound.
const BLOCK_ONE_IN: u64 = 8;
/// Records after which it is appended once more, where the log is removed behind it.
const RENEWED_AFTER: RecordNumber = 10_000;

/// Of the writes that a cache has acknowledged the store has all up to `held`, and there are none after `reserved`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The store has all up to this number.
    #[serde(with = "postcard::fixint::le")]
    pub held: u64,
    /// None after this number is acknowledged.
    #[serde(with = "postcard::fixint::le")]
    pub reserved: u64,
}

/// The numbers of acknowledged writes.
///
/// - None is given out that is not reserved durably (with the safeguard `write_behind_bounded` on).
/// - What is reserved lies at most `max` beyond what the store had.
#[derive(Debug)]
pub struct Counter {
    max: u64,
    bounded: bool,
    /// The log is removed behind it.
    renewed: bool,
    durable: Window,
    /// Where that stands in the log; 0: where replay found it.
    record: RecordNumber,
    pending: Option<(RecordNumber, Window)>,
    /// An append failed since the last tick: at once it would fail again.
    has_failed: bool,
    last: u64,
}

impl Counter {
    /// Goes on after what the log said when the node started: all numbers up to there are over.
    pub fn new(config: &Config, replayed: Window) -> Counter {
        Counter {
            max: config.unwritten_max,
            bounded: config.safeguards.write_behind_bounded,
            renewed: config.tables.is_some(),
            durable: replayed,
            record: 0,
            pending: None,
            has_failed: false,
            last: replayed.reserved,
        }
    }

    /// The last number given out.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The next number, if one is reserved.
    pub fn next(&mut self, out: &mut Outbox<'_>) -> Option<u64> {
        if self.last >= self.durable.reserved {
            if self.bounded {
                return None;
            }
            out.push(Effect::Reached("write-behind-window-passed"));
        }
        self.last += 1;
        Some(self.last)
    }

    /// The store has all up to `held`: reserves more where few are left, and says so where it has all.
    pub fn go_on(&mut self, held: u64, out: &mut Outbox<'_>) {
        let block = self.max.div_ceil(BLOCK_ONE_IN);
        let furthest = held.saturating_add(self.max);
        let reserved = self.last.saturating_add(block).min(furthest).max(self.durable.reserved);
        let window = Window { held, reserved };
        let is_low =
            self.durable.reserved.saturating_sub(self.last) <= block / 2 && reserved > self.durable.reserved;
        let is_settled = held == self.last && self.durable.held < held;
        let is_old = self.renewed && self.record + RENEWED_AFTER <= out.appended();
        let may_append = self.pending.is_none() && !self.has_failed;
        if may_append && (is_low || is_settled || is_old) {
            self.pending = Some((out.append(Logged::Window(window)), window));
        }
    }

    /// The log is durable up to this record.
    pub fn synced(&mut self, through: RecordNumber) {
        if let Some((record, window)) = self.pending.take_if(|(record, _)| *record <= through) {
            (self.record, self.durable) = (record, window);
        }
    }

    /// This record could not be appended: the next attempt is after a tick.
    pub fn append_failed(&mut self, record: RecordNumber) {
        self.has_failed |= self.pending.take_if(|(pending, _)| *pending == record).is_some();
    }

    /// Time has passed: the disk may have room again.
    pub fn tick(&mut self) {
        self.has_failed = false;
    }

    /// The first record of the log that is needed for it.
    pub fn needed_from(&self) -> RecordNumber {
        self.record
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Safeguards;

    /// The log as far as windows go, and what is durable of it.
    #[derive(Default)]
    struct Disk {
        appended: RecordNumber,
        pending: Vec<(RecordNumber, Window)>,
        durable: Window,
    }

    impl Disk {
        fn carry_out(&mut self, act: impl FnOnce(&mut Outbox<'_>)) {
            let mut effects = Vec::new();
            act(&mut Outbox::new(0, self.appended, &mut effects));
            for effect in effects {
                if let Effect::Append(Logged::Window(window)) = effect {
                    self.appended += 1;
                    self.pending.push((self.appended, window));
                }
            }
        }

        fn sync(&mut self, counter: &mut Counter) {
            counter.synced(self.appended);
            self.durable = self.pending.drain(..).next_back().map_or(self.durable, |(_, window)| window);
        }
    }

    fn config(max: u64, bounded: bool) -> Config {
        let safeguards = Safeguards { write_behind_bounded: bounded, ..Safeguards::default() };
        Config { unwritten_max: max, safeguards, ..Config::new(0, vec!["n1".to_owned()]) }
    }

    /// What happens: a write, a write that the store has now, a sync, or a crash. What is lost, and what may be, at
    /// each crash.
    fn losses(steps: &[u8], config: &Config) -> Vec<(u64, u64)> {
        let (mut disk, mut counter) = (Disk::default(), Counter::new(config, Window::default()));
        let (mut held, mut losses) = (0, Vec::new());
        for step in steps {
            match step {
                0..5 => disk.carry_out(|out| {
                    counter.next(out);
                }),
                5..7 => held = (held + 1).min(counter.last()),
                7..9 => disk.sync(&mut counter),
                _ => {
                    disk.pending.clear();
                    let Window { held: said, reserved } = disk.durable;
                    losses.push((counter.last() - held, reserved - said));
                    (counter, held) = (Counter::new(config, disk.durable), reserved);
                    disk.appended = 0;
                }
            }
            disk.carry_out(|out| counter.go_on(held, out));
        }
        losses
    }

    proptest! {
        #[test]
        fn says_no_less_than_what_is_lost_and_no_more_than_the_bound(
            steps in prop::collection::vec(0..10u8, 0..400),
            max in 1..40u64,
        ) {
            for (lost, said) in losses(&steps, &config(max, true)) {
                prop_assert!(lost <= said && said <= max, "lost {lost}, said {said}, bound {max}");
            }
        }
    }

    #[test]
    fn without_the_safeguard_more_is_lost_than_said() {
        let steps = [vec![7; 2], vec![0; 30], vec![9]].concat();
        assert_eq!(losses(&steps, &config(8, false)), [(30, 1)]);
        assert_eq!(losses(&steps, &config(8, true)), [(1, 1)]);
    }

    #[test]
    fn tries_a_full_disk_once_a_tick() {
        let (mut disk, mut counter) = (Disk::default(), Counter::new(&config(8, true), Window::default()));
        let mut attempts = |counter: &mut Counter| {
            let before = disk.appended;
            disk.carry_out(|out| counter.go_on(0, out));
            counter.append_failed(disk.appended);
            disk.appended - before
        };
        assert_eq!([attempts(&mut counter), attempts(&mut counter)], [1, 0]);
        counter.tick();
        assert_eq!(attempts(&mut counter), 1);
    }

    #[test]
    fn says_nothing_where_nothing_was_acknowledged() {
        assert_eq!(losses(&[9], &config(8, true)), [(0, 0)]);
    }
}
