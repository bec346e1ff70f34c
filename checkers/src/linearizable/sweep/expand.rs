//! What can follow a configuration at a return.

use super::super::changes::Change;
use super::super::configuration::Configuration;
use super::super::mask::Mask;
use super::super::pruning::dominance::Counting;
use super::super::search::Why;
use super::super::trail::{Step, What};
use super::{Returning, Sweep};
use crate::model::Model;

impl<M: Model, const N: usize> Sweep<'_, '_, M, N> {
    /// Tries everything that can be placed next.
    pub(super) fn expand(
        &mut self,
        configuration: &Configuration<N>,
        returning: Returning<N>,
    ) -> Result<(), Why> {
        let mut may = configuration.may;
        if configuration.is_idle && self.of.prunings.idle {
            may = may.without(self.open.overwrites);
        }
        for slot in may.iter() {
            if self.of.prunings.deadline && self.open.earlier.holds_back(slot, configuration) {
                continue;
            }
            let is_overwrite = self.open.overwrites.meets(Mask::of(slot));
            let steps = self.of.states.next(configuration.state, self.open.call(slot));
            let mut choice = 0;
            while let Some(state) = self.of.states.step(steps, choice) {
                choice += 1;
                let is_last = slot == returning.slot;
                if is_overwrite
                    && !is_last
                    && self.of.prunings.idle
                    && self.is_pointless(configuration, state)
                {
                    continue;
                }
                let mut next = Configuration { state, is_idle: is_overwrite, ..*configuration };
                next.close(Mask::of(slot));
                if is_overwrite {
                    next.cover(self.open.overwrites);
                }
                self.add(next, What::Op(self.open.op(slot)), is_last, returning)?;
            }
        }
        match self.has_classes {
            true => self.expand_classes(configuration, returning),
            false => Ok(()),
        }
    }

    /// Tries the operations of unknown outcome.
    fn expand_classes(
        &mut self,
        configuration: &Configuration<N>,
        returning: Returning<N>,
    ) -> Result<(), Why> {
        let is_free = self.of.counting == Counting::Free;
        let changes = self.changes.of(configuration.state, self.of.facts, self.of.states);
        for place in changes {
            let Change { class, state } = self.changes.get(place);
            let used = if is_free { 0 } else { self.tallies.count(configuration.tally, class) };
            if used >= self.open.available[class as usize] {
                continue;
            }
            let fact = &self.of.facts.calls[self.of.facts.classes[class as usize] as usize];
            if fact.is_overwrite && configuration.is_idle && self.of.prunings.idle {
                continue;
            }
            if self.of.prunings.deadline && self.has_known_twin(configuration, fact.group, state) {
                continue;
            }
            let mut next = Configuration { state, is_idle: true, ..*configuration };
            if !is_free {
                next.tally = self.tallies.with(configuration.tally, class);
            }
            if fact.is_overwrite {
                next.cover(self.open.overwrites);
            }
            self.add(next, What::Class(class), false, returning)?;
        }
        Ok(())
    }

    /// Whether this plain write only leads to what can be had without it: no pure operation matches, and
    /// nothing can follow but plain writes.
    fn is_pointless(&mut self, configuration: &Configuration<N>, state: u32) -> bool {
        let matching = self.matches.of(state, &self.open, self.of.states);
        !self.has_classes
            && configuration.may.is_within(self.open.overwrites)
            && !configuration.must.meets(matching)
    }

    /// Whether an operation of the same function and argument that will return leads to the same state.
    fn has_known_twin(&mut self, configuration: &Configuration<N>, group: u32, state: u32) -> bool {
        let twins = self.open.of_group(group) & configuration.may;
        twins.iter().any(|slot| self.of.states.may_lead_to(configuration.state, self.open.call(slot), state))
    }

    /// Adds what came about by placing something: to the next layer if the operation that returns is placed
    /// by it, else to what is tried further.
    fn add(
        &mut self,
        mut new: Configuration<N>,
        what: What,
        is_returning: bool,
        returning: Returning<N>,
    ) -> Result<(), Why> {
        let placed = self.matches.of(new.state, &self.open, self.of.states);
        new.match_pure(placed);
        let is_done = is_returning || placed.meets(returning.bit);
        let rules = self.rules();
        let before = std::mem::replace(&mut new.trail, self.trail.next_place());
        let layer = if is_done { &mut self.next } else { &mut self.tried };
        if is_done {
            new.close(returning.bit);
            new.is_idle = false;
        }
        if layer.insert(&new, rules, &self.tallies) {
            if self.of.counting != Counting::Free {
                self.trail.push(before, Step { what, state: new.state, at: returning.position });
            }
            self.configurations += 1;
            if self.configurations >= self.of.limits.configurations_max {
                return Err(Why::WorkLimit);
            }
        }
        self.count_step()
    }
}
