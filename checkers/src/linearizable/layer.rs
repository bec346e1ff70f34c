//! The layers of configurations that a sweep goes through.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::configuration::Configuration;
use super::mask::Mask;
use super::pruning::dominance::{Comparison, Counting, compare};
use super::tallies::Tallies;

/// Configurations none of which is better than another, in the order in which they were added.
pub(super) struct Layer<const N: usize> {
    entries: Vec<Entry<N>>,
    /// The living ones of each state, with what they are compared by. The last groups may be left over from
    /// before; they are used again.
    groups: Vec<Vec<Member<N>>>,
    groups_used: usize,
    /// By state: since when it is valid, and its group.
    group_of: Vec<(u32, u32)>,
    now: u32,
    /// All entries; kept only when there are many.
    same: HashTable<u32>,
    /// What is alive.
    pub alive: usize,
    /// Whether something was left out that might have been needed.
    pub has_losses: bool,
}

struct Entry<const N: usize> {
    configuration: Configuration<N>,
    is_dead: bool,
}

/// What configurations of one state are compared by.
#[derive(Clone, Copy)]
pub(super) struct Member<const N: usize> {
    pub must: Mask<N>,
    pub may: Mask<N>,
    pub tally: u32,
    entry: u32,
}

/// From so many entries on, equal ones are looked up by their hash.
const MANY: usize = 32;

/// With so many of its state a configuration is compared, so that adding it takes bounded time. Not to compare
/// it with more only leaves more of them.
const COMPARED_MAX: usize = 1 << 11;

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
            groups: Vec::new(),
            groups_used: 0,
            group_of: Vec::new(),
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
        self.groups_used = 0;
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

    /// For changes; afterwards nothing can be added before it is cleared.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Configuration<N>> {
        self.entries.iter_mut().filter(|entry| !entry.is_dead).map(|entry| &mut entry.configuration)
    }

    /// Adds a configuration unless there is a better one; whether it did. Worse ones are removed.
    #[inline]
    pub fn insert(&mut self, new: &Configuration<N>, rules: Rules, tallies: &Tallies) -> bool {
        let is_looked_up = self.entries.len() >= MANY || !rules.has_dominance;
        let hash = if is_looked_up { self.look_up(new) } else { Some(0) };
        let Some(hash) = hash else { return false };
        let entry = self.entries.len() as u32;
        let member = Member { must: new.must, may: new.may, tally: new.tally, entry };
        if rules.has_dominance && !self.add_to_group(new.state, member, rules.counting, tallies) {
            return false;
        }
        self.entries.push(Entry { configuration: *new, is_dead: false });
        self.alive += 1;
        if is_looked_up {
            let entries = &self.entries;
            self.same.insert_unique(hash, entry, |entry| hash_of(&entries[*entry as usize].configuration));
        }
        true
    }

    /// The hash of a configuration that is not there yet.
    fn look_up(&mut self, new: &Configuration<N>) -> Option<u64> {
        let entries = &self.entries;
        let hash_at = |entry: &u32| hash_of(&entries[*entry as usize].configuration);
        for entry in self.same.len() as u32..entries.len() as u32 {
            self.same.insert_unique(hash_at(&entry), entry, hash_at);
        }
        let hash = hash_of(new);
        let found = self.same.find(hash, |entry| is_same(&entries[*entry as usize].configuration, new));
        found.is_none().then_some(hash)
    }

    /// Adds it to those of its state, unless one of them is better; removes those that are worse.
    #[inline]
    fn add_to_group(&mut self, state: u32, new: Member<N>, counting: Counting, tallies: &Tallies) -> bool {
        let group = self.group(state);
        let members = &mut self.groups[group];
        let mut place = 0;
        while let Some(member) = members.get(place).filter(|_| place < COMPARED_MAX) {
            match compare(member, &new, tallies, counting) {
                Comparison::Better => return false,
                Comparison::Preferred => {
                    self.has_losses = true;
                    return false;
                }
                Comparison::Different => {}
            }
            match compare(&new, member, tallies, counting) {
                Comparison::Different => place += 1,
                comparison => {
                    self.has_losses |= comparison == Comparison::Preferred;
                    self.entries[member.entry as usize].is_dead = true;
                    self.alive -= 1;
                    members.swap_remove(place);
                }
            }
        }
        members.push(new);
        true
    }

    /// The group of this state.
    #[inline]
    fn group(&mut self, state: u32) -> usize {
        let state = state as usize;
        if self.group_of.len() <= state {
            self.group_of.resize(state + 1, (0, 0));
        }
        if self.group_of[state].0 != self.now {
            if self.groups.len() == self.groups_used {
                self.groups.push(Vec::new());
            }
            self.groups[self.groups_used].clear();
            self.group_of[state] = (self.now, self.groups_used as u32);
            self.groups_used += 1;
        }
        self.group_of[state].1 as usize
    }
}

fn is_same<const N: usize>(left: &Configuration<N>, right: &Configuration<N>) -> bool {
    (left.state, left.tally, left.must, left.may) == (right.state, right.tally, right.must, right.may)
}

fn hash_of<const N: usize>(configuration: &Configuration<N>) -> u64 {
    let Configuration { state, tally, must, may, .. } = configuration;
    FxBuildHasher.hash_one((u64::from(*state) << 32 | u64::from(*tally), must.words(), may.words()))
}
