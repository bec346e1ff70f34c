//! The search for an order: depth first over how far each session has come, and what the registers hold.
//!
//! ```text
//! session 0   write x = 1 │ read y = 2        frontier 1, 0; x = 1
//! session 1 │ write y = 2   read x = 1        next: write y = 2, after which both reads match
//! ```
//!
//! - A configuration that was left without success is remembered, and not entered again.
//! - A read that matches is taken at once, and is no choice: it changes nothing, and an order in which it
//!   comes later is still one when it is moved forward to here.
//! - A value that somebody has yet to observe is not overwritten when nobody is left to write it again.
//! - What returned first is tried first. This is a hint only: most stores keep real time.

use rustc_hash::FxHashSet;

use super::problem::{Op, Problem};
use crate::stop::Stop;

/// What the search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is an order.
    Order,
    /// There is none.
    Impossible,
    /// The limit was reached.
    GaveUp,
}

/// Searches an order, within so many configurations, until the flag is raised; takes off what it used.
pub(super) fn search(problem: &Problem, configurations: &mut u64, stop: &Stop) -> Outcome {
    if problem.has_garbage() {
        return Outcome::Impossible;
    }
    let mut search = Search::new(problem);
    let mut left: FxHashSet<Box<[u32]>> = FxHashSet::default();
    let mut choices: Vec<Choice> = Vec::new();
    loop {
        search.take_reads();
        if search.missing == 0 {
            return Outcome::Order;
        }
        let configuration = search.configuration();
        let price = 1 + configuration.len() as u64 / WORDS_PER_CONFIGURATION;
        if left.insert(configuration) {
            let Some(rest) = configurations.checked_sub(price) else {
                return Outcome::GaveUp;
            };
            *configurations = rest;
            if left.len().is_multiple_of(POLL) && stop.reason().is_some() {
                return Outcome::GaveUp;
            }
            choices.push(Choice { done: search.done.len(), chains: search.enabled(), next: 0 });
        }
        loop {
            let Some(choice) = choices.last_mut() else {
                return Outcome::Impossible;
            };
            search.undo(choice.done);
            if let Some(&chain) = choice.chains.get(choice.next) {
                choice.next += 1;
                search.take(chain);
                break;
            }
            choices.pop();
        }
    }
}

/// How many configurations are entered between two looks at the flag.
const POLL: usize = 256;
/// Large configurations count as several.
const WORDS_PER_CONFIGURATION: u64 = 32;

/// The ways to go on from a configuration, and how many were tried.
struct Choice {
    /// How many operations had been done.
    done: usize,
    chains: Vec<u32>,
    next: usize,
}

struct Search<'p> {
    problem: &'p Problem,
    /// How far each chain has come.
    positions: Vec<u32>,
    is_done: Vec<bool>,
    /// What each register holds.
    registers: Vec<u32>,
    /// Per value: how many have yet to observe it, and how many may yet write it.
    observers: Vec<u32>,
    writers: Vec<u32>,
    /// How many operations have yet to be done that must be.
    missing: usize,
    /// What was done, by chain, and what its register had held.
    done: Vec<(u32, u32)>,
}

impl<'p> Search<'p> {
    fn new(problem: &'p Problem) -> Search<'p> {
        let mut observers = vec![0; problem.values.len()];
        for value in problem.ops.iter().filter(|op| !op.is_optional).filter_map(|op| op.observes) {
            observers[value as usize] += 1;
        }
        Search {
            problem,
            positions: vec![0; problem.chains.len()],
            is_done: vec![false; problem.ops.len()],
            registers: problem.initial.clone(),
            observers,
            writers: problem.values.iter().map(|uses| uses.writers).collect(),
            missing: problem.ops.iter().filter(|op| !op.is_optional).count(),
            done: Vec::new(),
        }
    }

    fn configuration(&self) -> Box<[u32]> {
        self.positions.iter().chain(&self.registers).copied().collect()
    }

    /// The next operation of this chain, if it is possible now.
    fn possible(&self, chain: usize) -> Option<(u32, &'p Op)> {
        let number = *self.problem.chains[chain].get(self.positions[chain] as usize)?;
        let op = &self.problem.ops[number as usize];
        let is_possible = op.observes.is_none_or(|value| value == self.registers[op.key as usize])
            && op.after.iter().all(|&other| self.is_done[other as usize]);
        is_possible.then_some((number, op))
    }

    /// Takes reads as long as any match.
    fn take_reads(&mut self) {
        let mut has_taken = true;
        while has_taken {
            has_taken = false;
            for chain in 0..self.problem.chains.len() {
                while self.possible(chain).is_some_and(|(_, op)| op.writes.is_none()) {
                    self.take(chain as u32);
                    has_taken = true;
                }
            }
        }
    }

    /// The chains whose next operation is a possible write, in the order in which they are tried.
    fn enabled(&self) -> Vec<u32> {
        let chains = 0..self.problem.chains.len();
        let mut enabled: Vec<(usize, u32)> = chains
            .filter_map(|chain| {
                let (number, op) = self.possible(chain)?;
                self.may_overwrite(op).then_some((op.returned_at, number, chain as u32))
            })
            .map(|(returned_at, _, chain)| (returned_at, chain))
            .collect();
        enabled.sort_unstable();
        enabled.into_iter().map(|(_, chain)| chain).collect()
    }

    fn may_overwrite(&self, op: &Op) -> bool {
        let held = self.registers[op.key as usize];
        if op.writes == Some(held) || self.writers[held as usize] > 0 {
            return true;
        }
        let own = u32::from(op.observes.is_some() && !op.is_optional);
        self.observers[held as usize] == own
    }

    fn take(&mut self, chain: u32) {
        let number = self.problem.chains[chain as usize][self.positions[chain as usize] as usize];
        let op = &self.problem.ops[number as usize];
        let register = &mut self.registers[op.key as usize];
        self.done.push((chain, *register));
        self.positions[chain as usize] += 1;
        self.is_done[number as usize] = true;
        if let Some(written) = op.writes {
            *register = written;
            self.writers[written as usize] -= 1;
        }
        if !op.is_optional {
            self.missing -= 1;
            op.observes.inspect(|&value| self.observers[value as usize] -= 1);
        }
    }

    /// Goes back to when so many operations had been done.
    fn undo(&mut self, done: usize) {
        while self.done.len() > done
            && let Some((chain, held)) = self.done.pop()
        {
            self.positions[chain as usize] -= 1;
            let number = self.problem.chains[chain as usize][self.positions[chain as usize] as usize];
            let op = &self.problem.ops[number as usize];
            self.registers[op.key as usize] = held;
            self.is_done[number as usize] = false;
            if let Some(written) = op.writes {
                self.writers[written as usize] += 1;
            }
            if !op.is_optional {
                self.missing += 1;
                op.observes.inspect(|&value| self.observers[value as usize] += 1);
            }
        }
    }
}
