//! The search: which scenarios were tried, and the smallest that still fails.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64;

use super::moves::Move;
use super::size::measure;
use super::{Failing, Size};
use crate::scenario::Scenario;

/// A search on its way.
pub struct Search<'a> {
    best: Failing,
    runs: u64,
    runs_max: u64,
    is_over: &'a dyn Fn() -> bool,
    judge: &'a mut dyn FnMut(&Scenario) -> Option<Failing>,
    progress: &'a mut dyn FnMut(&Step<'_>),
    /// Hashes of what was tried.
    tried: BTreeSet<u64>,
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
    /// From this run, with so many more runs; `judge` runs a scenario, and says nothing where it does not fail alike.
    pub fn new(
        first: Failing,
        runs_max: u64,
        is_over: &'a dyn Fn() -> bool,
        judge: &'a mut dyn FnMut(&Scenario) -> Option<Failing>,
        progress: &'a mut dyn FnMut(&Step<'_>),
    ) -> Search<'a> {
        Search { best: first, runs: 0, runs_max, is_over, judge, progress, tried: BTreeSet::new(), name: "" }
    }

    /// Makes all moves, again and again, until none makes it smaller. That ends: `size::measure` goes down with each.
    pub fn run(&mut self, moves: &[Move]) {
        loop {
            let before = measure(self.scenario());
            for Move { name, make } in moves {
                self.name = name;
                make(self);
            }
            if self.is_spent() || measure(self.scenario()) == before {
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

    /// Tries a scenario; true when it still fails, and then it is the smallest. One that is not smaller, that cannot be
    /// run, or that was tried before is not run.
    pub fn attempt(&mut self, scenario: &Scenario) -> bool {
        let is_new = measure(scenario).is_below(&measure(self.scenario())) && scenario.problem().is_none();
        if !is_new || self.is_spent() || !self.tried.insert(hash(scenario)) {
            return false;
        }
        self.runs += 1;
        let failing = (self.judge)(scenario);
        let is_kept = failing.is_some();
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

fn hash(scenario: &Scenario) -> u64 {
    xxh3_64(serde_json::to_string(scenario).expect("a scenario is plain data").as_bytes())
}
