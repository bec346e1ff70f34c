//! How a search is asked to stop before it has an answer.
//!
//! A verdict never depends on a clock: whoever watches the time or the memory (the command line) raises the
//! flag, the search sees it some thousand configurations later, and what it had not decided is unknown.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A flag that many searches can see. All clones are one flag; the default is one that nobody raises.
#[derive(Clone, Debug, Default)]
pub struct Stop(Option<Arc<AtomicU8>>);

/// Why a search is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The time that was allowed is over.
    TimeLimit,
    /// The memory that was allowed is used up.
    MemoryLimit,
}

impl Stop {
    /// A flag that can be raised.
    pub fn new() -> Stop {
        Stop(Some(Arc::new(AtomicU8::new(0))))
    }

    /// Raises the flag. The first reason counts; the default flag cannot be raised.
    pub fn raise(&self, reason: Reason) {
        let code = match reason {
            Reason::TimeLimit => 1,
            Reason::MemoryLimit => 2,
        };
        if let Some(flag) = &self.0 {
            // A later reason changes nothing: either way the search stops.
            let _ = flag.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Why to stop, if so.
    pub fn reason(&self) -> Option<Reason> {
        match self.0.as_ref()?.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Reason::TimeLimit),
            _ => Some(Reason::MemoryLimit),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Reason::TimeLimit => "the time limit",
            Reason::MemoryLimit => "the memory limit",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_reason_for_all_clones() {
        let stop = Stop::new();
        let clone = stop.clone();
        assert_eq!(clone.reason(), None);
        stop.raise(Reason::MemoryLimit);
        stop.raise(Reason::TimeLimit);
        assert_eq!(clone.reason(), Some(Reason::MemoryLimit));
    }

    #[test]
    fn is_never_raised_by_default() {
        let stop = Stop::default();
        stop.raise(Reason::TimeLimit);
        assert_eq!(stop.reason(), None);
    }
}
