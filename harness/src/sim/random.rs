//! Randomness of one machine: a restarted process goes on drawing where the last one stopped.

use std::cell::RefCell;

use perjury_store::env::Random;

use crate::rng::Rng;

/// Random numbers of one machine, or of one session.
pub struct SimRandom {
    rng: RefCell<Rng>,
}

impl SimRandom {
    /// Draws from this generator.
    pub fn new(rng: Rng) -> SimRandom {
        SimRandom { rng: RefCell::new(rng) }
    }

    /// A source of its own for the part of this name.
    pub fn fork(&self, name: &str) -> SimRandom {
        SimRandom::new(self.rng.borrow().fork(name))
    }
}

impl Random for SimRandom {
    fn next(&self) -> u64 {
        self.rng.borrow_mut().next()
    }
}
