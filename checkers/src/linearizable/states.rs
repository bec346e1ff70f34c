//! States as numbers, and which follow which.
//!
//! The model is asked once for each pair of state and call; the answer is kept in a table while tables are
//! small, and in a hash table beyond. What is kept is forgotten when it grows too large: it can be had again.

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;

use crate::model::{Call, Model};

/// The states met so far, and the steps between them.
pub(super) struct States<'p, M: Model> {
    model: &'p M,
    calls: &'p [Call<'p>],
    states: Vec<M::State>,
    numbers: HashTable<u32>,
    /// The steps of the first states, a row of all calls for each.
    table: Vec<Next>,
    table_states: usize,
    /// The steps of later states.
    hashed: FxHashMap<(u32, u32), Next>,
    /// The choices of the steps that leave one.
    choices: Vec<Box<[u32]>>,
    found: Vec<M::State>,
    /// From so many states on it is time to forget.
    large: usize,
}

const LARGE_MIN: usize = 1 << 12;

/// What follows: nothing, one state, or a choice of states.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Next(u32);

const UNKNOWN: Next = Next(u32::MAX);
const NOTHING: Next = Next(u32::MAX - 1);
/// Above: the place of a choice.
const CHOICE: u32 = 1 << 31;

/// Entries of the table, and of the hash table before it is cleared.
const TABLE_MAX: usize = 1 << 20;
const HASHED_MAX: usize = 1 << 21;

impl<'p, M: Model> States<'p, M> {
    /// Knows only the initial state, which is number 0.
    pub fn new(model: &'p M, calls: &'p [Call<'p>], initial: &M::State) -> States<'p, M> {
        let mut states = States {
            model,
            calls,
            states: Vec::new(),
            numbers: HashTable::new(),
            table: Vec::new(),
            table_states: if calls.len() > TABLE_MAX / 64 { 0 } else { TABLE_MAX / calls.len().max(1) },
            hashed: FxHashMap::default(),
            choices: Vec::new(),
            found: Vec::new(),
            large: LARGE_MIN,
        };
        states.number(initial.clone());
        states
    }

    pub fn state(&self, number: u32) -> &M::State {
        &self.states[number as usize]
    }

    pub fn is_large(&self) -> bool {
        self.states.len() >= self.large
    }

    /// Forgets all states but the initial one and these, which get new numbers, and all steps.
    pub fn keep(&mut self, states: &mut [&mut u32]) {
        let mut kept = States::new(self.model, self.calls, &self.states[0]);
        for state in states.iter_mut() {
            **state = kept.number(self.states[**state as usize].clone());
        }
        kept.large = LARGE_MIN.max(2 * kept.states.len());
        *self = kept;
    }

    /// The number of this state.
    fn number(&mut self, state: M::State) -> u32 {
        let hash = FxBuildHasher.hash_one(&state);
        let states = &self.states;
        if let Some(&number) = self.numbers.find(hash, |&number| states[number as usize] == state) {
            return number;
        }
        let number = self.states.len() as u32;
        assert!(number < CHOICE, "that many states do not fit into memory");
        self.states.push(state);
        let states = &self.states;
        self.numbers.insert_unique(hash, number, |&number| FxBuildHasher.hash_one(&states[number as usize]));
        number
    }

    /// The states that may follow. (A place in a list by its number, so that the list may grow meanwhile.)
    #[inline]
    pub fn next(&mut self, state: u32, call: u32) -> Steps {
        let at = state as usize * self.calls.len() + call as usize;
        let known = match self.table.get(at) {
            Some(next) => *next,
            None => self.beyond_table(state, call),
        };
        let next = if known == UNKNOWN { self.ask(state, call) } else { known };
        match next {
            NOTHING => Steps::Nothing,
            Next(one) if one < CHOICE => Steps::One(one),
            Next(choice) => Steps::Choice(choice - CHOICE),
        }
    }

    #[cold]
    fn beyond_table(&mut self, state: u32, call: u32) -> Next {
        if (state as usize) < self.table_states {
            let rows = self.states.len().min(self.table_states);
            self.table.resize(rows * self.calls.len(), UNKNOWN);
            return UNKNOWN;
        }
        self.hashed.get(&(state, call)).copied().unwrap_or(UNKNOWN)
    }

    #[cold]
    fn ask(&mut self, state: u32, call: u32) -> Next {
        let mut found = std::mem::take(&mut self.found);
        self.model.step(&self.states[state as usize], &self.calls[call as usize], &mut found);
        let mut numbers: Vec<u32> = found.drain(..).map(|state| self.number(state)).collect();
        self.found = found;
        numbers.sort_unstable();
        numbers.dedup();
        let next = match numbers[..] {
            [] => NOTHING,
            [one] => Next(one),
            _ => {
                self.choices.push(numbers.into());
                Next(CHOICE + self.choices.len() as u32 - 1)
            }
        };
        if (state as usize) < self.table_states {
            self.table[state as usize * self.calls.len() + call as usize] = next;
        } else {
            if self.hashed.len() >= HASHED_MAX {
                self.hashed.clear();
            }
            self.hashed.insert((state, call), next);
        }
        next
    }

    /// The state of this place in the steps.
    #[inline]
    pub fn step(&self, steps: Steps, place: usize) -> Option<u32> {
        match steps {
            Steps::Nothing => None,
            Steps::One(one) => (place == 0).then_some(one),
            Steps::Choice(choice) => self.choices[choice as usize].get(place).copied(),
        }
    }

    /// Whether this state may follow.
    pub fn may_lead_to(&mut self, state: u32, call: u32, next: u32) -> bool {
        let steps = self.next(state, call);
        (0..).map_while(|place| self.step(steps, place)).any(|found| found == next)
    }
}

/// What may follow, by reference into [`States`].
#[derive(Clone, Copy)]
pub(super) enum Steps {
    Nothing,
    One(u32),
    Choice(u32),
}

impl Steps {
    pub fn is_possible(self) -> bool {
        !matches!(self, Steps::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use perjury_histories::Value;
    use serde_json::json;

    use super::*;
    use crate::model::register::Register;

    #[test]
    fn keeps_what_is_still_used() {
        let values: Vec<Value> = (0..5).map(|value| json!(value)).collect();
        let calls = values.iter().map(|argument| Call { function: "write", argument, result: None });
        let calls: Vec<Call<'_>> = calls.collect();
        let mut states = States::new(&Register, &calls, &Value::Null);
        let mut numbers: Vec<u32> = Vec::new();
        for call in 0..5 {
            let steps = states.next(0, call);
            numbers.extend(states.step(steps, 0));
        }
        let [mut three, mut one] = [numbers[3], numbers[1]];
        states.keep(&mut [&mut three, &mut one]);
        assert_eq!(
            (states.state(three), states.state(one), states.state(0)),
            (&values[3], &values[1], &Value::Null)
        );
        assert_eq!(states.states.len(), 3);
        assert!(states.may_lead_to(one, 3, three) && states.may_lead_to(three, 1, one));
    }
}
