//! Configurations, and the layers of them that the sweep goes through.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::mask::Mask;
use super::pruning::dominance::{Comparison, Counting, compare};
use super::tallies::Tallies;

/// What one way of ordering everything until now has led to. Its size does not depend on how long the history
/// is.
#[derive(Clone, Copy, Debug)]
pub struct Configuration<const N: usize> {
    /// The state of the object.
    pub(super) state: u32,
    /// How many operations of unknown outcome it has used.
    pub(super) tally: u32,
    /// The open operations that must still be placed.
    pub(super) must: Mask<N>,
    /// The open operations that may still be placed (without those that are pure, if these are pruned).
    pub(super) may: Mask<N>,
    /// How it came about, in the trail.
    pub(super) trail: u32,
}

/// Configurations none of which is better than another.
pub(super) struct Layer<const N: usize> {
    entries: Vec<Entry<N>>,
    /// By state: since when it is valid, and the entry that was added last.
    newest: Vec<(u32, u32)>,
    now: u32,
    /// All entries; used only when there are many.
    same: HashTable<u32>,
    /// What is alive.
    pub alive: usize,
    /// Whether something was left out that might have been needed.
    pub has_losses: bool,
}

struct Entry<const N: usize> {
    configuration: Configuration<N>,
    is_dead: bool,
    /// The entry of this state that was added before.
    older: u32,
}

const NONE: u32 = u32::MAX;

/// From so many entries on, equal ones are looked up by their hash.
const MANY: usize = 32;

/// The rules of a layer.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub has_dominance: bool,
    pub counting: Counting,
}

impl<const N: usize> Layer<N> {
    pub fn new() -> Layer<N> {
        Layer {
            entries: Vec::new(),
            newest: Vec::new(),
            now: 1,
            same: HashTable::new(),
            alive: 0,
            has_losses: false,
        }
    }

    /// Forgets all configurations (but not the losses).
    pub fn clear(&mut self) {
        self.entries.clear();
        self.same.clear();
        self.now += 1;
        self.alive = 0;
    }

    /// How many places there are, those of dead configurations included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The configuration at this place, if it is alive.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Configuration<N>> {
        let entry = &self.entries[place];
        (!entry.is_dead).then_some(entry.configuration)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Configuration<N>> {
        self.entries.iter().filter(|entry| !entry.is_dead).map(|entry| &entry.configuration)
    }

    /// For changes that leave none better than another.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Configuration<N>> {
        self.entries.iter_mut().filter(|entry| !entry.is_dead).map(|entry| &mut entry.configuration)
    }

    /// Adds a configuration unless there is a better one; whether it did. Worse ones are removed.
    #[inline]
    pub fn insert(&mut self, new: Configuration<N>, rules: Rules, tallies: &Tallies) -> bool {
        let is_looked_up = self.entries.len() >= MANY;
        let hash = if is_looked_up { self.find_same(&new) } else { Some(0) };
        let Some(hash) = hash else { return false };
        let state = new.state as usize;
        if self.newest.len() <= state {
            self.newest.resize(state + 1, (0, NONE));
        }
        let (since, newest) = self.newest[state];
        let newest = if since == self.now { newest } else { NONE };
        if rules.has_dominance {
            if !self.is_undominated(&new, newest, rules.counting, tallies) {
                return false;
            }
        } else if !is_looked_up && self.entries.iter().any(|entry| is_same(&entry.configuration, &new)) {
            return false;
        }
        let place = self.entries.len() as u32;
        self.entries.push(Entry { configuration: new, is_dead: false, older: newest });
        self.newest[state] = (self.now, place);
        self.alive += 1;
        if is_looked_up {
            let entries = &self.entries;
            self.same.insert_unique(hash, place, |place| hash_of(&entries[*place as usize].configuration));
        }
        true
    }

    /// The hash of a configuration that is not there yet.
    fn find_same(&mut self, new: &Configuration<N>) -> Option<u64> {
        let entries = &self.entries;
        if self.same.is_empty() {
            for place in 0..entries.len() as u32 {
                let hash = hash_of(&entries[place as usize].configuration);
                self.same
                    .insert_unique(hash, place, |place| hash_of(&entries[*place as usize].configuration));
            }
        }
        let hash = hash_of(new);
        let found = self.same.find(hash, |place| is_same(&entries[*place as usize].configuration, new));
        found.is_none().then_some(hash)
    }

    /// Compares with those of the same state, and removes those that are worse.
    #[inline]
    fn is_undominated(
        &mut self,
        new: &Configuration<N>,
        newest: u32,
        counting: Counting,
        tallies: &Tallies,
    ) -> bool {
        let mut place = newest;
        while place != NONE {
            let entry = &self.entries[place as usize];
            let older = entry.older;
            if entry.is_dead {
                place = older;
                continue;
            }
            match compare(&entry.configuration, new, tallies, counting) {
                Comparison::Better => return false,
                Comparison::Preferred => {
                    self.has_losses = true;
                    return false;
                }
                Comparison::Different => {}
            }
            let comparison = compare(new, &entry.configuration, tallies, counting);
            if comparison != Comparison::Different {
                self.has_losses |= comparison == Comparison::Preferred;
                self.entries[place as usize].is_dead = true;
                self.alive -= 1;
            }
            place = older;
        }
        true
    }
}

fn is_same<const N: usize>(left: &Configuration<N>, right: &Configuration<N>) -> bool {
    (left.state, left.tally, left.must, left.may) == (right.state, right.tally, right.must, right.may)
}

fn hash_of<const N: usize>(configuration: &Configuration<N>) -> u64 {
    let Configuration { state, tally, must, may, .. } = configuration;
    FxBuildHasher.hash_one((u64::from(*state) << 32 | u64::from(*tally), must.words(), may.words()))
}
