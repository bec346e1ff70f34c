//! Just-in-time linearization, swept over the history return by return.
//!
//! ```text
//! a ├──── write 1 ────┤          at the return of b: a and b, or b alone, in every configuration
//! b    ├─ cas 0 2 ─┤             at the return of a: nothing where it was placed; else a
//! ```
//!
//! Between two returns nothing has to be decided. At the return of an operation, every configuration in which
//! it is not placed places it: after some of the others that are open, if it likes, and as the last one, since
//! those that are placed after it may wait for a later return (Lowe 2017, "just-in-time linearizability"). The
//! configurations that result are the next layer, and the layer before is gone. If no configuration is left,
//! there is no order; if one is left in the end, its trail is the order.

use super::changes::Changes;
use super::configuration::Configuration;
use super::facts::Facts;
use super::layer::{Layer, Rules};
use super::mask::Mask;
use super::open::Open;
use super::order::Order;
use super::problem::Problem;
use super::pruning::Prunings;
use super::pruning::dominance::Counting;
use super::pruning::pure::Matches;
use super::search::{GaveUp, Outcome, Stuck, Why};
use super::states::States;
use super::tallies::Tallies;
use super::timeline::{Cursor, Event, Timeline};
use super::trail::{ROOT, Trail};
use crate::checker::Limits;
use crate::model::Model;

mod expand;

/// What all sweeps over one problem have in common.
pub(super) struct Swept<'p, 's, M: Model> {
    pub problem: &'p Problem<'p>,
    pub timeline: &'p Timeline<'p>,
    pub facts: &'p Facts,
    /// By operation, whether it may matter.
    pub is_seen: &'p [bool],
    pub states: &'s mut States<'p, M>,
    pub prunings: Prunings,
    pub counting: Counting,
    pub limits: Limits,
}

/// A sweep under way.
struct Sweep<'p, 's, M: Model, const N: usize> {
    of: Swept<'p, 's, M>,
    open: Open<N>,
    /// By operation, its slot while it is open.
    slots: Vec<u16>,
    /// Invoked since the last return.
    fresh: Mask<N>,
    matches: Matches<N>,
    changes: Changes,
    /// Whether operations of unknown outcome may be used at this return.
    has_classes: bool,
    tallies: Tallies,
    now: Layer<N>,
    next: Layer<N>,
    tried: Layer<N>,
    trail: Trail,
    order: Order<'p>,
    configurations: u64,
    /// What was done, for looking at the flag now and then.
    steps: u32,
}

/// How a sweep ended.
pub(super) struct End<S> {
    pub outcome: Outcome<S>,
    pub configurations: u64,
    /// Whether configurations were left out that might have been needed.
    pub has_losses: bool,
}

/// Sweeps over the problem, from state number 0.
pub(super) fn sweep<M: Model, const N: usize>(of: Swept<'_, '_, M>) -> End<M::State> {
    let mut sweep: Sweep<'_, '_, M, N> = Sweep::new(of);
    let outcome = sweep.run();
    let outcome = outcome.unwrap_or_else(|| Outcome::Order(sweep.order.finish(sweep.of.states)));
    let is_sparing = sweep.of.counting == Counting::Sparing;
    let has_losses = is_sparing || [sweep.now, sweep.next, sweep.tried].iter().any(|layer| layer.has_losses);
    End { outcome, configurations: sweep.configurations, has_losses }
}

impl<'p, 's, M: Model, const N: usize> Sweep<'p, 's, M, N> {
    fn new(of: Swept<'p, 's, M>) -> Sweep<'p, 's, M, N> {
        let mut sweep = Sweep {
            open: Open::new(of.facts),
            slots: vec![0; of.problem.ops.len()],
            fresh: Mask::EMPTY,
            matches: Matches::new(),
            changes: Changes::default(),
            has_classes: false,
            tallies: Tallies::new(of.facts.classes.len()),
            now: Layer::new(),
            next: Layer::new(),
            tried: Layer::new(),
            trail: Trail::new(),
            order: Order::new(of.problem, of.timeline, of.facts, of.is_seen),
            configurations: 0,
            steps: 0,
            of,
        };
        let start = Configuration::start();
        sweep.now.insert(&start, sweep.rules(), &sweep.tallies);
        sweep
    }

    fn rules(&self) -> Rules {
        Rules { has_dominance: self.of.prunings.dominance, counting: self.of.counting }
    }

    /// Goes through all events. None: every operation has a place, and the order knows it.
    fn run(&mut self) -> Option<Outcome<M::State>> {
        let mut cursor = Cursor::default();
        while let Some((position, event)) = self.of.timeline.next(&mut cursor) {
            let done = self.count_step().and_then(|()| match event {
                Event::Invoked(op) => self.invoke(op),
                Event::Returned(op) => self.complete(op, position),
            });
            if let Err(why) = done {
                return Some(Outcome::GaveUp(GaveUp { why, position }));
            }
            if self.now.alive == 0 {
                return Some(Outcome::Impossible(Stuck { position, states: self.last_states() }));
            }
        }
        let living = self.now.iter().next().map_or(ROOT, |configuration| configuration.trail);
        if self.of.counting == Counting::Free {
            return Some(Outcome::Order(Vec::new()));
        }
        for step in self.trail.to(living) {
            self.order.settle(step, self.of.states);
        }
        None
    }

    fn invoke(&mut self, number: u32) -> Result<(), Why> {
        if !self.of.is_seen[number as usize] {
            return Ok(());
        }
        let op = &self.of.problem.ops[number as usize];
        let fact = &self.of.facts.calls[op.call as usize];
        if op.is_indeterminate() {
            // A pure operation that may never have happened says nothing.
            if let Some(class) = fact.class {
                self.open.available[class as usize] += 1;
            }
            return Ok(());
        }
        let slot = self.open.invoke(number, op, self.of.facts).ok_or(Why::TooManyOpen)?;
        self.slots[number as usize] = slot as u16;
        self.fresh = self.fresh | Mask::of(slot);
        if fact.is_pure {
            self.matches.forget();
        }
        Ok(())
    }

    /// An operation returns: every configuration places it, if it has not.
    fn complete(&mut self, number: u32, position: u32) -> Result<(), Why> {
        let slot = self.slots[number as usize] as usize;
        let returning = Returning { slot, bit: Mask::of(slot), position };
        if self.refresh(returning.bit) {
            self.now.iter_mut().for_each(|configuration| configuration.close(returning.bit));
        } else {
            self.next_layer(returning)?;
        }
        if self.open.pure.meets(returning.bit) {
            self.matches.forget();
        }
        self.open.free(slot, self.of.facts);
        let has_much = self.trail.is_long() || self.tallies.is_large() || self.of.states.is_large();
        if has_much && self.now.alive > 0 {
            self.tidy();
        }
        Ok(())
    }

    /// Forgets what no living configuration needs.
    fn tidy(&mut self) {
        let mut tips: Vec<&mut u32> =
            self.now.iter_mut().map(|configuration| &mut configuration.trail).collect();
        let (order, states) = (&mut self.order, &mut *self.of.states);
        if self.of.counting != Counting::Free {
            self.trail.cut_back(&mut tips, |step| order.settle(step, states));
        }
        if self.tallies.is_large() {
            let mut tallies: Vec<&mut u32> =
                self.now.iter_mut().map(|configuration| &mut configuration.tally).collect();
            self.tallies.keep(&mut tallies);
        }
        if self.of.states.is_large() {
            let living = self.now.iter_mut().map(|configuration| &mut configuration.state);
            let mut living: Vec<&mut u32> =
                living.chain(self.trail.states()).chain([&mut self.order.state]).collect();
            self.of.states.keep(&mut living);
            self.matches = Matches::new();
            self.changes = Changes::default();
        }
    }

    /// Adds to every configuration what was invoked since the last return, and places what is pure and
    /// matches. Whether all have placed the operation of this bit, and none can place it again.
    fn refresh(&mut self, bit: Mask<N>) -> bool {
        let fresh = std::mem::replace(&mut self.fresh, Mask::EMPTY);
        let (must, may) = (fresh, fresh.without(self.open.pure));
        let mut is_placed = true;
        for configuration in self.now.iter_mut() {
            let placed = self.matches.of(configuration.state, &self.open, self.of.states);
            configuration.must = (configuration.must | must).without(placed);
            configuration.may = configuration.may | may;
            is_placed &= !(configuration.must | configuration.may).meets(bit);
        }
        is_placed
    }

    fn next_layer(&mut self, returning: Returning<N>) -> Result<(), Why> {
        self.has_classes = !self.of.facts.classes.is_empty() && self.of.counting != Counting::Sparing;
        self.fill_next(returning)?;
        if self.next.alive == 0 && self.of.counting == Counting::Sparing {
            self.has_classes = true;
            self.fill_next(returning)?;
        }
        std::mem::swap(&mut self.now, &mut self.next);
        Ok(())
    }

    fn fill_next(&mut self, returning: Returning<N>) -> Result<(), Why> {
        self.next.clear();
        self.tried.clear();
        let rules = self.rules();
        for place in 0..self.now.len() {
            let Some(configuration) = self.now.get(place) else { continue };
            self.count_step()?;
            if !configuration.must.meets(returning.bit) {
                let mut placed = configuration;
                placed.close(returning.bit);
                self.next.insert(&placed, rules, &self.tallies);
            }
            if (configuration.must | configuration.may).meets(returning.bit) {
                self.tried.insert(&configuration, rules, &self.tallies);
            }
        }
        let mut place = 0;
        while place < self.tried.len() {
            if let Some(configuration) = self.tried.get(place) {
                self.expand(&configuration, returning)?;
            }
            place += 1;
        }
        Ok(())
    }

    /// Counts a step of work, and says why not to go on, if so.
    fn count_step(&mut self) -> Result<(), Why> {
        self.steps = self.steps.wrapping_add(1);
        if !self.steps.is_multiple_of(POLL) {
            return Ok(());
        }
        if self.next.len() + self.tried.len() > WIDTH_MAX {
            return Err(Why::WorkLimit);
        }
        self.of.limits.stop.reason().map_or(Ok(()), |reason| Err(Why::Stopped(reason)))
    }

    /// The states of the last layer that had configurations, the first few.
    fn last_states(&self) -> Vec<M::State> {
        let mut numbers: Vec<u32> = self.next.iter().map(|configuration| configuration.state).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.iter().take(STATES_MAX).map(|number| self.of.states.state(*number).clone()).collect()
    }
}

/// How often the flag is looked at.
const POLL: u32 = 1024;

/// How many configurations may be alive at the same time, each of some hundred bytes: what is beyond does not
/// fit the limit of work, whatever that is.
const WIDTH_MAX: usize = 5_000_000;

/// How many of the states are shown in which a search was stuck.
const STATES_MAX: usize = 16;

/// The operation that returns.
#[derive(Clone, Copy)]
struct Returning<const N: usize> {
    slot: usize,
    bit: Mask<N>,
    position: u32,
}
