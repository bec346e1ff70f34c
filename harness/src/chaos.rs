//! Chaos: sweeps without end, in which each seed draws its own scenario.
//!
//! ```text
//! seeds of this shard ──> thread: draw, run, judge, (run again and compare), (keep, shrink) ──┐
//!                    └──> thread: …                                                           ├─> journal, totals
//!   what rare things were reached <───────────────────────────────────────────────────────────┘
//! ```
//!
//! A sweep may be killed at any moment, and goes on where it was: its [journal] has a line for each run
//! that is over. Shards of one sweep run anywhere, and are put together afterwards ([`merge()`]).

pub mod entry;
pub mod journal;
pub mod junit;
pub mod lean;
pub mod merge;
mod one;
pub mod shard;
mod state;
pub mod totals;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

pub use entry::Entry;
pub use journal::Header;
pub use merge::{Merged, merge};
pub use shard::Shard;
pub use totals::Totals;

use crate::swarm::Profile;
use crate::sweep::wall_ns;
use crate::worker;
use state::{Next, State};

/// What to sweep, and how.
pub struct Plan<'a> {
    /// Which seeds, of what: what the journal begins with.
    pub header: Header,
    /// What is drawn.
    pub profile: Profile,
    /// How many simulations at a time.
    pub jobs: usize,
    /// Real time after which no further run is begun, that of earlier processes included.
    pub duration_ns: Option<u64>,
    /// Runs that shrinking a new finding may take; 0: it is not shrunk.
    pub shrink_runs: u64,
    /// Once this is set, no further run is begun.
    pub stop: &'a AtomicBool,
    /// Where journal and run folders go.
    pub out: PathBuf,
}

/// Opens the journal of a sweep, or begins it.
///
/// # Errors
/// When it is another sweep's, damaged, or being written. Nothing was changed then.
pub fn open(plan: &Plan<'_>) -> anyhow::Result<Sweep> {
    Ok(Sweep(State::open(&plan.out, plan.header.clone())?))
}

/// A sweep whose journal is open.
pub struct Sweep(State);

impl Sweep {
    /// What earlier processes have found.
    pub fn before(&self) -> &Totals {
        &self.0.totals
    }

    /// Runs seeds until there are none, time is up, or it is stopped. `done` is called after each, from the thread
    /// that ran it.
    ///
    /// A run that cannot be executed is an entry with an error; the others go on. Returns what was found, and the
    /// nanoseconds of real time that it took, those of earlier processes included.
    ///
    /// # Errors
    /// When the journal cannot be written. What it holds stays.
    pub fn run(
        self,
        plan: &Plan<'_>,
        done: &(dyn Fn(&Entry, &Totals) + Sync),
    ) -> anyhow::Result<(Totals, u64)> {
        let Sweep(state) = self;
        let shared = Shared {
            plan,
            begin_ns: wall_ns(),
            spent_ns: state.spent_ns,
            state: Mutex::new(state),
            freed: Condvar::new(),
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..plan.jobs).map(|_| scope.spawn(|| shared.work(done))).collect();
            // Each that failed has said so, and the others have stopped.
            let ends =
                threads.into_iter().map(|thread| thread.join().expect("runs do not panic: they are caught"));
            ends.collect::<anyhow::Result<()>>()
        })?;
        let spent_ns = shared.spent_now();
        Ok((shared.state.into_inner().expect("counting does not panic").totals, spent_ns))
    }
}

/// What the threads share.
struct Shared<'a> {
    plan: &'a Plan<'a>,
    begin_ns: u64,
    spent_ns: u64,
    state: Mutex<State>,
    /// A run is over: whoever waits may go on.
    freed: Condvar,
}

impl Shared<'_> {
    fn work(&self, done: &(dyn Fn(&Entry, &Totals) + Sync)) -> anyhow::Result<()> {
        let _alone = worker::alone()?;
        while !self.is_over() {
            let next = self.lock().next();
            let task = match next {
                Next::Run(task) => task,
                Next::End => break,
                Next::Wait => {
                    let _woken = self.freed.wait_timeout(self.lock(), WAIT).expect("counting does not panic");
                    continue;
                }
            };
            let mut tried = one::try_one(self.plan, &task);
            if self.lock().claim(&tried.entry) {
                one::keep(self.plan, &mut tried, &|| self.is_over());
            }
            tried.entry.spent_ns = self.spent_now();
            let mut state = self.lock();
            let ended = state.end(&tried.entry);
            done(&tried.entry, &state.totals);
            self.freed.notify_all();
            ended.inspect_err(|_| self.plan.stop.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("counting does not panic")
    }

    fn spent_now(&self) -> u64 {
        self.spent_ns + (wall_ns() - self.begin_ns)
    }

    fn is_over(&self) -> bool {
        let late = self.plan.duration_ns.is_some_and(|duration| self.spent_now() >= duration);
        late || self.plan.stop.load(Ordering::Relaxed)
    }
}

/// How long a thread waits before it looks again whether it is to stop.
const WAIT: std::time::Duration = std::time::Duration::from_millis(200);
