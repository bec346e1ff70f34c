//! The search: which scenarios were tried, and the smallest that still fails.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::moves::Move;
use super::size::measure;
use super::{Failing, Size};
use crate::scenario::Scenario;
use crate::system::System;

/// Seeds that are tried beside the one at hand, where what a run shows hangs on chance.
const OTHERS: u64 = 8;
/// After so many runs in a row that did not fail, the seed at hand alone is given up.
const PATIENCE: u64 = 60;

/// A search on its way.
pub struct Search<'a> {
    system: &'a dyn System,
    best: Failing,
    runs: u64,
    runs_max: u64,
    is_over: &'a dyn Fn() -> bool,
    judge: &'a mut dyn FnMut(&Scenario, u64) -> Option<Failing>,
    progress: &'a mut dyn FnMut(&Step<'_>),
    /// Hashes of what was tried.
    tried: BTreeSet<u64>,
    /// Seeds after the one at hand with which a scenario is tried, too.
    others: u64,
    /// Runs in a row that did not fail.
    misses: u64,
    name: &'static str,
}

/// How far shrinking has come, after each run.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// What is being tried.
    pub name: &'static str,
    /// How many runs it took so far.
    pub runs: u64,
    /// How many it may take.
    pub runs_max: u64,
    /// Whether this run still fails, so that it is the smallest now.
    pub is_kept: bool,
    /// The smallest run that fails.
    pub best: &'a Failing,
}

impl Step<'_> {
    /// What the smallest run is made of.
    pub fn size(&self) -> Size {
        Size::of(self.best)
    }
}

impl<'a> Search<'a> {
    /// From this run, with so many more runs; `judge` runs a scenario with a seed, and says nothing where it does not
    /// fail alike.
    pub fn new(
        system: &'a dyn System,
        first: Failing,
        runs_max: u64,
        is_over: &'a dyn Fn() -> bool,
        judge: &'a mut dyn FnMut(&Scenario, u64) -> Option<Failing>,
        progress: &'a mut dyn FnMut(&Step<'_>),
    ) -> Search<'a> {
        let (tried, name) = (BTreeSet::new(), "");
        Search {
            system,
            best: first,
            runs: 0,
            runs_max,
            is_over,
            judge,
            progress,
            tried,
            others: 0,
            misses: 0,
            name,
        }
    }

    /// Makes all moves with the seed at hand; then, while much is left, with other seeds as well.
    pub fn run(&mut self, moves: &[Move]) {
        for others in [0, OTHERS] {
            (self.others, self.misses) = (others, 0);
            self.until_none_helps(moves);
        }
    }

    /// Makes all moves, again and again, until none makes it smaller. That ends: `size::measure` goes down with each.
    fn until_none_helps(&mut self, moves: &[Move]) {
        loop {
            let before = measure(self.scenario());
            for Move { name, make } in moves {
                if self.is_given_up() {
                    return;
                }
                self.name = name;
                make(self);
            }
            if measure(self.scenario()) == before {
                return;
            }
        }
    }

    /// The smallest run that fails.
    pub fn best(&self) -> &Failing {
        &self.best
    }

    /// Its scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.best.report.scenario
    }

    /// How many runs it took.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Whether no further run may be made.
    pub fn is_spent(&self) -> bool {
        self.runs >= self.runs_max || (self.is_over)()
    }

    /// The smallest run that fails.
    pub fn into_best(self) -> Failing {
        self.best
    }

    /// Whether no further run is made now: it may not be, or much is left that the seed at hand does not show smaller.
    pub fn is_given_up(&self) -> bool {
        self.is_spent() || (self.others == 0 && self.misses >= PATIENCE && !self.is_small())
    }

    fn is_small(&self) -> bool {
        Size::of(&self.best).is_small()
    }

    /// Tries a scenario; true when it still fails, and then it is the smallest. One that is not smaller, or that cannot
    /// be run, is not run.
    pub fn attempt(&mut self, scenario: &Scenario) -> bool {
        let is_smaller = measure(scenario).is_below(&measure(self.scenario()));
        let others = if self.is_small() { 0 } else { self.others };
        let own = self.best.report.seed;
        is_smaller
            && scenario.problem_with(self.system).is_none()
            && (0..=others).any(|other| self.attempt_with(scenario, own.wrapping_add(other)))
    }

    /// Tries it with this seed, unless it was tried with it before.
    fn attempt_with(&mut self, scenario: &Scenario, seed: u64) -> bool {
        if self.is_given_up() || !self.tried.insert(hash(scenario, seed)) {
            return false;
        }
        self.runs += 1;
        let failing = (self.judge)(scenario, seed);
        let is_kept = failing.is_some();
        self.misses = if is_kept { 0 } else { self.misses + 1 };
        if let Some(failing) = failing {
            self.best = failing;
        }
        let (name, runs, runs_max, best) = (self.name, self.runs, self.runs_max, &self.best);
        (self.progress)(&Step { name, runs, runs_max, is_kept, best });
        is_kept
    }

    /// Tries one scenario after the other, until one still fails.
    pub fn attempt_any(&mut self, scenarios: impl IntoIterator<Item = Scenario>) -> bool {
        scenarios.into_iter().any(|scenario| self.attempt(&scenario))
    }
}

fn hash(scenario: &Scenario, seed: u64) -> u64 {
    let text = serde_json::to_string(scenario).expect("a scenario is plain data");
    xxh3_64_with_seed(text.as_bytes(), seed)
}
