//! A process: what a node runs, which may be stopped for a while, panic, or end.
//!
//! Everything the node spawns runs in one nested `LocalSet`, behind a future that is not polled
//! while the gate is shut. That is SIGSTOP: its timers run out and its packets arrive meanwhile, and
//! it meets all of them at once when it goes on.
//!
//! ```text
//!  gate     open ──────┤ shut ├────── open
//!  timers   · · · · ·   · · ·  · · · · ·
//!  process  r r r r r          RRr r r r
//! ```

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use perjury_store::env::LocalFuture;
use tokio::runtime::UnhandledPanic;
use tokio::task::LocalSet;

use super::panic;

/// Stops and continues one process, from outside of its host.
#[derive(Default)]
pub struct Gate {
    shut: Cell<bool>,
    struck: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Gate {
    /// Nothing of the process runs from here on.
    pub fn pause(&self) {
        self.shut.set(true);
    }

    /// The process goes on, at the host's next turn.
    pub fn resume(&self) {
        self.shut.set(false);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Nothing of the process runs from here on, and what it still does at this moment has no effect.
    pub fn strike(&self) {
        self.pause();
        self.struck.set(true);
    }

    /// Whether the process was struck, and is still to be taken down.
    pub fn is_struck(&self) -> bool {
        self.struck.get()
    }

    /// The process is gone; the next one starts with an open gate.
    pub fn reset(&self) {
        self.shut.set(false);
        self.struck.set(false);
        self.waker.borrow_mut().take();
    }
}

/// How a process ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Its main function returned.
    Returned,
    /// Its main function returned an error.
    Failed(String),
    /// It panicked: place and message.
    Panicked(String),
}

/// A running process: the node's main function and all it has spawned.
pub struct Process {
    gate: Rc<Gate>,
    software: LocalFuture<'static, anyhow::Result<()>>,
}

impl Process {
    /// Runs `main` behind the gate.
    pub fn new(gate: Rc<Gate>, main: impl Future<Output = anyhow::Result<()>> + 'static) -> Process {
        let software = Box::pin(async move {
            let mut tasks = LocalSet::new();
            // A task that panics takes the process with it, as an abort would.
            tasks.unhandled_panic(UnhandledPanic::ShutdownRuntime);
            // A task as well: what the set is given to run until is polled whenever anything in it wakes.
            let main = tasks.spawn_local(main);
            tasks.run_until(main).await?
        });
        Process { gate, software }
    }
}

impl Future for Process {
    type Output = Exit;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Exit> {
        if self.gate.shut.get() {
            *self.gate.waker.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        match panic::catch(|| self.software.as_mut().poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Ok(()))) => Poll::Ready(Exit::Returned),
            Ok(Poll::Ready(Err(error))) => Poll::Ready(Exit::Failed(words(&error))),
            Err(words) => Poll::Ready(Exit::Panicked(words)),
        }
    }
}

/// An error with its causes; those that it has in its own words already are not said again.
fn words(error: &anyhow::Error) -> String {
    let mut words = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_each_cause_once() {
        let error = anyhow::anyhow!("disk full").context("cannot sync: disk full").context("no log");
        assert_eq!(words(&error), "no log: cannot sync: disk full");
    }
}
