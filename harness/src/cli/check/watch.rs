//! Who waits for a worker: sees the limits, and shows how far it is.
//!
//! ```text
//! worker   ── reading ──┬─ checker 1 ─┬─ checker 2 ───────────┬─ its verdict: unknown
//! watch    10 ms, 10 ms, 10 ms, …         limit! raises Stop ─┘
//! ```
//!
//! A search looks at the flag every thousand steps. Reading does not, and no more does what takes no longer than
//! reading; so a worker that has not answered [`GRACE_NS`] after the flag was raised is left behind: what it
//! had not said by then is unknown, and it ends with the process. No limit waits for anybody's manners.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use perjury::sweep;
use perjury_checkers::stop::{Reason, Stop};

use super::limits::Watched;

/// How often limits are looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long a worker may go on after it was asked to stop.
const GRACE_NS: u64 = 250_000_000;
/// Nothing is shown of what is done sooner.
const QUIET_NS: u64 = 400_000_000;

/// Waits for the worker on one file.
pub struct Watch {
    limits: Watched,
    started: u64,
    stop: Stop,
    raised: Option<(Reason, u64)>,
    bar: ProgressBar,
    is_shown: bool,
}

impl Watch {
    /// From now on.
    pub fn new(limits: Watched, path: &Path) -> Watch {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {prefix}: {msg} ({elapsed})");
        bar.set_style(style.expect("a template of ours"));
        bar.set_prefix(path.display().to_string());
        Watch { limits, started: sweep::wall_ns(), stop: Stop::new(), raised: None, bar, is_shown: false }
    }

    /// The flag that is raised at a limit.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Says what the worker is at.
    pub fn shows(&mut self, what: String) {
        self.bar.set_message(what);
    }

    /// The next word of the worker; none when it is gone. `listens` says whether it looks at the flag.
    ///
    /// # Errors
    /// The limit that was reached, when the worker did not stop at it.
    pub fn next<T>(&mut self, words: &Receiver<T>, listens: bool) -> Result<Option<T>, Reason> {
        loop {
            self.look();
            if let Some(reason) = self.raised.and_then(|raised| self.is_over(raised, listens)) {
                return Err(reason);
            }
            match words.recv_timeout(LOOK) {
                Ok(word) => return Ok(Some(word)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => self.tick(),
            }
        }
    }

    /// Whether the memory is used up and does not come back.
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self.raised, Some((Reason::MemoryLimit, _))) && self.holds_too_much(1.0)
    }

    /// How long this has taken so far.
    pub fn elapsed_ns(&self) -> u64 {
        sweep::wall_ns() - self.started
    }

    fn look(&mut self) {
        if self.raised.is_some() {
            return;
        }
        let now = sweep::wall_ns();
        let is_late = self.limits.time_ns.is_some_and(|limit| now - self.started >= limit);
        let reason = match () {
            () if is_late => Reason::TimeLimit,
            () if self.holds_too_much(1.0) => Reason::MemoryLimit,
            () => return,
        };
        self.stop.raise(reason);
        self.raised = Some((reason, now));
    }

    fn holds_too_much(&self, times: f64) -> bool {
        let limit = self.limits.memory_bytes.map(|limit| limit as f64 * times);
        limit.is_some_and(|limit| sweep::memory_bytes().is_some_and(|bytes| bytes as f64 >= limit))
    }

    /// Whether to wait no longer.
    fn is_over(&self, (reason, at): (Reason, u64), listens: bool) -> Option<Reason> {
        let is_over = !listens
            || sweep::wall_ns() - at > GRACE_NS
            || (reason == Reason::MemoryLimit && self.holds_too_much(1.25));
        is_over.then_some(reason)
    }

    /// Nothing is drawn unless standard error is a terminal.
    fn tick(&mut self) {
        self.is_shown |= sweep::wall_ns() - self.started > QUIET_NS;
        if self.is_shown {
            self.bar.tick();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
