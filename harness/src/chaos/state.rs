//! Which seed is next, and what is known of those that are over: what the threads of a chaos sweep share.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};

use super::entry::Entry;
use super::journal::{Header, Journal};
use super::lean::{GENERATION, Lean};
use super::totals::{Ending, Totals, groups};
use crate::scenario::Scenario;

/// What is to be done next.
pub(super) enum Next {
    /// Run this seed, the `k`-th of the shard; perhaps from this parent.
    Run(Task),
    /// Wait until a run under way is over: what its generation reached decides what comes next.
    Wait,
    /// There is no seed left.
    End,
}

/// One seed to run.
pub(super) struct Task {
    pub k: u64,
    pub seed: u64,
    pub parent: Option<Box<Scenario>>,
}

/// The state of a shard.
pub(super) struct State {
    header: Header,
    journal: Option<Journal>,
    next: u64,
    /// Those from `next` on that are over.
    finished: BTreeSet<u64>,
    lean: Lean,
    /// How many generations `lean` knows.
    generations: u64,
    /// Runs of later ones.
    waiting: BTreeMap<u64, (Scenario, Vec<String>)>,
    /// Groups of which a run was kept, or is about to be.
    claimed: BTreeSet<(Ending, String)>,
    pub totals: Totals,
    /// Real time that earlier processes have spent.
    pub spent_ns: u64,
}

impl State {
    /// Goes on where the journal in `folder` ends, or begins it.
    pub fn open(folder: &std::path::Path, header: Header) -> anyhow::Result<State> {
        let mut state = State {
            header: header.clone(),
            journal: None,
            next: 0,
            finished: BTreeSet::new(),
            lean: Lean::default(),
            generations: 0,
            waiting: BTreeMap::new(),
            claimed: BTreeSet::new(),
            totals: Totals::default(),
            spent_ns: 0,
        };
        let mut wrong = Ok(());
        let journal = Journal::open(folder, &header, &mut |entry| {
            if wrong.is_ok() {
                wrong = state.absorb(&entry);
            }
        })?;
        wrong.with_context(|| folder.join(header.file_name()).display().to_string())?;
        state.journal = Some(journal);
        Ok(state)
    }

    /// What a thread does next.
    pub fn next(&mut self) -> Next {
        self.skip_finished();
        let k = self.next;
        let seed = self.header.shard.seed(self.header.first, k);
        let Some(seed) = seed.filter(|seed| self.header.end.is_none_or(|end| *seed < end)) else {
            return Next::End;
        };
        if !self.learn() {
            return Next::Wait;
        }
        self.next += 1;
        Next::Run(Task { k, seed, parent: self.lean.parent(seed).cloned().map(Box::new) })
    }

    /// Whether this run is the first of one of its groups, so that its folder is worth keeping; asked once a run.
    pub fn claim(&mut self, entry: &Entry) -> bool {
        let before = self.claimed.len();
        self.claimed.extend(groups(entry));
        self.claimed.len() > before
    }

    /// A run is over: it is written down, and counted.
    pub fn end(&mut self, entry: &Entry) -> anyhow::Result<()> {
        self.journal.as_mut().context("the journal is open")?.add(entry)?;
        self.absorb(entry)
    }

    fn absorb(&mut self, entry: &Entry) -> anyhow::Result<()> {
        let seed = entry.case.seed;
        let k = self.header.shard.place(self.header.first, seed);
        let k = k.with_context(|| format!("seed {seed} is not one of this shard"))?;
        ensure!(!self.knows(k), "seed {seed} was run twice");
        if k >= self.next {
            self.finished.insert(k);
        }
        self.totals.add(entry);
        // Another one of the group may have claimed it and died before it was kept.
        if entry.case.folder.is_some() {
            self.claimed.extend(groups(entry));
        }
        self.spent_ns = self.spent_ns.max(entry.spent_ns);
        self.waiting.insert(k, (entry.scenario.clone(), entry.markers.keys().cloned().collect()));
        self.skip_finished();
        self.learn();
        Ok(())
    }

    fn skip_finished(&mut self) {
        while self.finished.remove(&self.next) {
            self.next += 1;
        }
    }

    fn knows(&self, k: u64) -> bool {
        k / GENERATION < self.generations || self.waiting.contains_key(&k)
    }

    /// Takes in the generations that the next seed may know, and no others: all before the last one. False, where
    /// one of them is not complete yet.
    fn learn(&mut self) -> bool {
        let wanted = (self.next / GENERATION).saturating_sub(1);
        while self.generations < wanted {
            let end = (self.generations + 1) * GENERATION;
            if (self.waiting.range(..end).count() as u64) < GENERATION {
                return false;
            }
            let later = self.waiting.split_off(&end);
            for (scenario, markers) in std::mem::replace(&mut self.waiting, later).into_values() {
                self.lean.add(&scenario, markers.iter());
            }
            self.generations += 1;
        }
        true
    }
}

#[cfg(test)]
#[path = "state/tests.rs"]
mod tests;
