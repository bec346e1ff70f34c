//! The search for one order of operations that come in chains, on any objects: sequential consistency.
//!
//! ```text
//! session 0   push 1   pop = 2        reached: (0, 0) and an empty stack; (1, 0) and [1]; (1, 1) and [1, 2];
//! session 1   push 2                  (2, 1) and [1]: both have come to their ends
//! ```
//!
//! A configuration is how far each chain has come and what each object holds. Each is entered once, and what can
//! never change an object is done as soon as it is possible: an order in which it comes later is still one when it
//! is moved forward to here. Beyond that every choice is tried, which is for small histories.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::checker::Limits;
use crate::model::{Call, Model};

/// Operations in chains, on some objects.
#[derive(Default)]
pub struct Chained<'a> {
    /// The operations, by number.
    pub ops: Vec<Link<'a>>,
    /// The numbers of the operations, each in one chain, in whose order they take effect.
    pub chains: Vec<Vec<u32>>,
    /// How many objects there are.
    pub objects: usize,
}

/// An operation in a chain.
pub struct Link<'a> {
    /// The number of its object.
    pub object: usize,
    /// What was asked and answered.
    pub call: Call<'a>,
    /// Whether it may never take effect; then nothing comes after it.
    pub is_optional: bool,
    /// What else must come before it, besides the one before it in its chain.
    pub after: Vec<u32>,
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is an order.
    Order,
    /// There is none.
    Nothing,
    /// It is not known: a limit was met.
    GaveUp,
}

/// How many configurations are visited between two looks at the flag.
const POLL: u64 = 256;

/// Searches an order in which all that is not optional takes effect; each object begins in this state.
pub fn search<M: Model>(model: &M, chained: &Chained<'_>, initial: M::State, limits: &Limits) -> Found {
    let mut search = Search::new(model, chained, initial);
    let mut open = vec![search.start()];
    let mut seen: FxHashSet<Box<[u32]>> = open.iter().cloned().collect();
    let mut visited = 0;
    while let Some(configuration) = open.pop() {
        if search.is_complete(&configuration) {
            return Found::Order;
        }
        visited += 1;
        let is_polled = visited % POLL == 0;
        if visited > limits.configurations_max || (is_polled && limits.stop.reason().is_some()) {
            return Found::GaveUp;
        }
        for next in search.next(&configuration) {
            if !seen.contains(&next) {
                seen.insert(next.clone());
                open.push(next);
            }
        }
    }
    Found::Nothing
}

struct Search<'p, 'a, M: Model> {
    model: &'p M,
    chained: &'p Chained<'a>,
    /// Of each operation its chain, and its place there.
    places: Vec<(usize, u32)>,
    states: Vec<M::State>,
    numbers: FxHashMap<M::State, u32>,
}

impl<'p, 'a, M: Model> Search<'p, 'a, M> {
    fn new(model: &'p M, chained: &'p Chained<'a>, initial: M::State) -> Search<'p, 'a, M> {
        let mut places = vec![(0, 0); chained.ops.len()];
        for (chain, ops) in chained.chains.iter().enumerate() {
            for (place, &op) in (0..).zip(ops) {
                places[op as usize] = (chain, place);
            }
        }
        let numbers = FxHashMap::from_iter([(initial.clone(), 0)]);
        Search { model, chained, places, states: vec![initial], numbers }
    }

    /// How far each chain has come, then the number of the state of each object.
    fn start(&self) -> Box<[u32]> {
        vec![0; self.chained.chains.len() + self.chained.objects].into()
    }

    fn is_complete(&self, configuration: &[u32]) -> bool {
        let rests =
            self.chained.chains.iter().zip(configuration).map(|(chain, come)| &chain[*come as usize..]);
        rests.flatten().all(|&op| self.chained.ops[op as usize].is_optional)
    }

    /// The configurations that may follow; one of them will do, where it changes no object.
    fn next(&mut self, configuration: &[u32]) -> Vec<Box<[u32]>> {
        let chained = self.chained;
        let mut all = Vec::new();
        // The first chain is tried first, and so it comes last.
        for (chain, ops) in chained.chains.iter().enumerate().rev() {
            let Some(&op) = ops.get(configuration[chain] as usize) else { continue };
            let link = &chained.ops[op as usize];
            let is_done = |other: &u32| {
                let (chain, place) = self.places[*other as usize];
                configuration[chain] > place
            };
            if !link.after.iter().all(is_done) {
                continue;
            }
            let object = chained.chains.len() + link.object;
            let mut states = Vec::new();
            self.model.step(&self.states[configuration[object] as usize], &link.call, &mut states);
            let is_pure = self.model.is_pure(&link.call);
            for state in states {
                let mut next: Box<[u32]> = configuration.into();
                next[chain] += 1;
                next[object] = self.number(state);
                if is_pure {
                    return vec![next];
                }
                all.push(next);
            }
        }
        all
    }

    fn number(&mut self, state: M::State) -> u32 {
        let next = self.states.len() as u32;
        *self.numbers.entry(state).or_insert_with_key(|state| {
            self.states.push(state.clone());
            next
        })
    }
}
