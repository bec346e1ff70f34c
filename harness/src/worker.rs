//! Threads that do one task after the other, each alone, and outlive its panic.

use anyhow::{Context as _, anyhow};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::sim::panic;

/// Makes what this thread would share with a pool its own work, so that the time it takes is its own, too, and no more
/// threads work than were asked for: as long as the pool lives.
///
/// # Errors
/// When the thread is one of a pool already.
pub fn alone() -> anyhow::Result<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().context("cannot begin to work")
}

/// Does a step, and makes its panic an error: one of ours is a bug, and no reason to end a night of work.
///
/// # Errors
/// What the step's are, and its panic.
pub fn caught<T>(step: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    panic::catch(step).unwrap_or_else(|words| Err(anyhow!("perjury panicked: {words}")))
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn work_that_could_be_shared_stays_on_the_thread() {
        let _alone = alone().expect("a thread of its own");
        let own = std::thread::current().id();
        let threads: Vec<_> = (0..64).into_par_iter().map(|_| std::thread::current().id()).collect();
        assert!(threads.iter().all(|thread| *thread == own));
    }

    #[test]
    fn a_panic_is_an_error() {
        let error = caught::<()>(|| panic!("a bug")).expect_err("it panics");
        let words = error.to_string();
        assert!(words.starts_with("perjury panicked: ") && words.ends_with("a bug"), "{words}");
        assert_eq!(caught(|| Ok(7)).expect("it does not"), 7);
    }
}
