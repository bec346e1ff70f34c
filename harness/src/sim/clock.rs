//! The clocks of one machine, which may be wrong.
//!
//! ```text
//!  monotonic = at the last change + (true time since) × rate            never goes back
//!  wall      = at the last change + (true time since) × rate + offsets + strobe
//! ```
//!
//! In integers, so that every reading is exact: nanoseconds, and rates in parts per million. Each
//! fault in force is entered under its number; its end sets the wall clock right in one step, as a
//! time server would, while the monotonic clock keeps what it gained.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::env::{Clock, LocalFuture};
use perjury_store::raft::config::DRIFT_PERCENT_MAX;
use tokio::sync::Notify;

use super::FaultId;

/// When every simulation begins, in seconds since the Unix epoch: 2026-01-01T00:00:00Z.
pub const EPOCH_SECONDS: u64 = 1_767_225_600;

const EPOCH: u64 = EPOCH_SECONDS * 1_000_000_000;
const MILLION: i64 = 1_000_000;

/// The most that all drifts in force on a machine come to, in parts per million: what stores may count on.
const DRIFT_MAX: i64 = DRIFT_PERCENT_MAX as i64 * 10_000;

/// The simulator's own time since the run began; the same for all hosts.
///
/// Inside a host it is the simulator's, which runs within a step; between steps it is what the
/// cluster has set. The difference matters when a crash drops the software: then the simulator
/// would answer with the real clock.
#[derive(Default)]
pub struct TrueTime {
    between_steps: Cell<Duration>,
    inside: Cell<bool>,
}

impl TrueTime {
    /// The time since the run began.
    pub fn now(&self) -> Duration {
        let inside = self.inside.get().then(turmoil::sim_elapsed).flatten();
        inside.unwrap_or_else(|| self.between_steps.get())
    }

    /// A step begins: hosts ask the simulator.
    pub fn enter(&self) {
        self.inside.set(true);
    }

    /// A step has ended at this time.
    pub fn leave(&self, elapsed: Duration) {
        self.inside.set(false);
        self.between_steps.set(elapsed);
    }

    fn nanoseconds(&self) -> u64 {
        self.now().as_nanos() as u64
    }
}

/// What is wrong with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// The wall clock is off by this many milliseconds.
    Offset(i64),
    /// Both clocks run faster, or slower, by this many parts per million; by 400,000 at most, together with
    /// other drifts.
    Drift(i64),
    /// The wall clock jumps forth and back by `amplitude_ms`, once each `period`.
    Strobe {
        /// How far, in milliseconds.
        amplitude_ms: i64,
        /// From one jump forth to the next.
        period: Duration,
    },
}

/// The two clocks of one machine; a handle that may be copied.
#[derive(Clone)]
pub struct SimClock(Rc<Inner>);

struct Inner {
    time: Rc<TrueTime>,
    state: RefCell<State>,
    rate_changed: Notify,
}

/// Readings at `base`, the true time of the last change.
struct State {
    base: u64,
    monotonic: u64,
    wall: u64,
    rate: i64,
    faults: BTreeMap<FaultId, ClockFault>,
}

impl SimClock {
    /// Right clocks.
    pub fn new(time: Rc<TrueTime>) -> SimClock {
        let state = State { base: 0, monotonic: 0, wall: EPOCH, rate: MILLION, faults: BTreeMap::new() };
        SimClock(Rc::new(Inner { time, state: RefCell::new(state), rate_changed: Notify::new() }))
    }

    /// The fault is in force from now on.
    pub fn set(&self, id: FaultId, fault: ClockFault) {
        self.change(|faults| {
            faults.insert(id, fault);
        });
    }

    /// The fault is over; true when it had been in force here.
    pub fn clear(&self, id: FaultId) -> bool {
        let in_force = self.0.state.borrow().faults.contains_key(&id);
        if in_force {
            self.change(|faults| {
                faults.remove(&id);
            });
        }
        in_force
    }

    /// How far the wall clock is from true time now, in nanoseconds.
    pub fn error(&self) -> i64 {
        self.wall().wrapping_sub(EPOCH + self.0.time.nanoseconds()) as i64
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<FaultId, ClockFault>)) {
        let now = self.0.time.nanoseconds();
        let mut state = self.0.state.borrow_mut();
        (state.monotonic, state.wall) = (state.monotonic_at(now), state.steady_wall_at(now));
        state.base = now;
        change(&mut state.faults);
        state.rate = state.rate_in_force();
        if state.rate == MILLION {
            state.wall = EPOCH + now;
        }
        drop(state);
        self.0.rate_changed.notify_waiters();
    }
}

impl State {
    /// What passes on this machine while `true_time` passes.
    fn passed(&self, now: u64) -> u64 {
        let scaled = u128::from(now.saturating_sub(self.base)) * self.rate as u128 / MILLION as u128;
        scaled as u64
    }

    fn monotonic_at(&self, now: u64) -> u64 {
        self.monotonic + self.passed(now)
    }

    /// The wall clock, without what jumps.
    fn steady_wall_at(&self, now: u64) -> u64 {
        self.wall + self.passed(now)
    }

    fn rate_in_force(&self) -> i64 {
        let drift = |fault: &ClockFault| match fault {
            ClockFault::Drift(ppm) => *ppm,
            _ => 0,
        };
        MILLION + self.faults.values().map(drift).sum::<i64>().clamp(-DRIFT_MAX, DRIFT_MAX)
    }

    fn offset_at(&self, now: u64) -> i64 {
        let offset = |fault: &ClockFault| match *fault {
            ClockFault::Offset(ms) => ms * MILLION,
            ClockFault::Drift(_) => 0,
            ClockFault::Strobe { amplitude_ms, period } => {
                let period = (period.as_nanos() as u64).max(2);
                let forth = now % period < period / 2;
                if forth { amplitude_ms * MILLION } else { 0 }
            }
        };
        self.faults.values().map(offset).sum()
    }

    /// How long true time takes until the monotonic clock shows `reading`.
    fn true_time_until(&self, reading: u64, now: u64) -> Duration {
        let left = u128::from(reading.saturating_sub(self.monotonic_at(now)));
        Duration::from_nanos((left * MILLION as u128).div_ceil(self.rate as u128) as u64)
    }
}

impl Clock for SimClock {
    fn wall(&self) -> u64 {
        let now = self.0.time.nanoseconds();
        let state = self.0.state.borrow();
        state.steady_wall_at(now).saturating_add_signed(state.offset_at(now))
    }

    fn monotonic(&self) -> u64 {
        self.0.state.borrow().monotonic_at(self.0.time.nanoseconds())
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static, ()> {
        let clock = self.clone();
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let until = self.monotonic().saturating_add(nanoseconds);
        Box::pin(async move {
            loop {
                let changed = clock.0.rate_changed.notified();
                let now = clock.0.time.nanoseconds();
                let left = clock.0.state.borrow().true_time_until(until, now);
                if left.is_zero() {
                    return;
                }
                tokio::select! {
                    biased;
                    () = tokio::time::sleep(left) => {}
                    () = changed => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
