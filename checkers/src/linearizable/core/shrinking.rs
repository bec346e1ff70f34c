//! Smaller and smaller parts that have no order, with what may be spent on them.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use super::rule::Rule;
use super::unknown::{Unknown, merged};
use super::{Broken, Core, quiet};
use crate::checker::Limits;
use crate::linearizable::problem::{NEVER, Op, Problem};
use crate::linearizable::search::Why;
use crate::linearizable::{AnyModel, Outcome, Stuck};
use crate::model::Call;
use crate::stop::Stop;

/// How many parts are tried. When they are used up the smallest so far is the answer: it fails as well,
/// though it may not be the smallest.
const TRIES_MAX: u32 = 4_000;

/// How many configurations all tries together may visit.
const CONFIGURATIONS_MAX: u64 = 500_000;
/// How many each of them may visit; more than this only for what is so large that it may need some for each
/// operation.
const CONFIGURATIONS_PER_TRY: u64 = 5_000;
const CONFIGURATIONS_PER_OPERATION: u64 = 20;

/// Of a core of so many operations also every two are left out together.
const PAIRS_MAX: usize = 16;

/// How many steps may be taken to find which others the core may have observed.
const STEPS_MAX: usize = 1_000_000;

/// How many operations before the end are tried first. Four times as many come next, and so on.
const FIRST_WINDOW: usize = 16;

/// How many configurations may be visited to find out where what a special case found is stuck.
const CONFIGURATIONS_AT_FIRST: u64 = 2_000_000;

/// What is left of the work that may be spent.
struct Budget {
    tries: u32,
    configurations: u64,
}

impl Budget {
    fn is_spent(&self) -> bool {
        self.tries == 0 || self.configurations == 0
    }
}

/// The smallest core so far. Its places are those of operations of known outcome, until it is finished.
pub(super) struct Shrinking<'p> {
    model: &'p dyn AnyModel,
    problem: &'p Problem<'p>,
    initial: &'p Value,
    rule: Rule,
    unknown: Unknown,
    budget: Budget,
    stop: &'p Stop,
    pub(super) core: Core,
    /// Whether the future of the core is cut off.
    is_cut: bool,
    /// Those of unknown outcome that took effect in the orders that were found since the last pass began.
    used: Vec<usize>,
}

impl<'p> Shrinking<'p> {
    /// Nothing yet.
    pub(super) fn of(
        model: &'p dyn AnyModel,
        problem: &'p Problem<'p>,
        initial: &'p Value,
        rule: Rule,
        stop: &'p Stop,
    ) -> Shrinking<'p> {
        let nowhere = Stuck { position: u32::MAX, states: Vec::new() };
        let core = Core { places: Vec::new(), others: Vec::new(), stuck: nowhere, is_smallest: false };
        let budget = Budget { tries: TRIES_MAX, configurations: CONFIGURATIONS_MAX };
        let unknown = Unknown::of(model.shape(), problem);
        Shrinking {
            model,
            problem,
            initial,
            rule,
            unknown,
            budget,
            stop,
            core,
            is_cut: true,
            used: Vec::new(),
        }
    }

    /// Begins with what is known to be broken. False, if this is too much to search: then it is the core.
    pub(super) fn begin(&mut self, broken: &Broken<'_>) -> bool {
        let is_known = |place: &usize| !self.problem.ops[*place].is_indeterminate();
        let all: Vec<usize> = (0..self.problem.ops.len()).filter(is_known).collect();
        let found = match broken {
            Broken::Stuck(stuck) => {
                self.core.places = all;
                self.core.others = self.unknown.all().to_vec();
                self.core.stuck = (*stuck).clone();
                return true;
            }
            Broken::Places([]) => (0..self.problem.ops.len()).collect(),
            Broken::Places(places) => places.iter().map(|&place| place as usize).collect::<Vec<usize>>(),
        };
        let known: Vec<usize> = found.iter().copied().filter(is_known).collect();
        for places in [known, all] {
            let others = self.that_matter(&places, self.unknown.all());
            let part = part(self.problem, &merged(&places, &others), NEVER);
            let limits = Limits { configurations_max: CONFIGURATIONS_AT_FIRST, stop: self.stop.clone() };
            match self.model.search(&part, self.initial, &limits).map(|answer| answer.outcome) {
                Ok(Outcome::Order(_)) => {}
                Ok(Outcome::Impossible(stuck)) => {
                    self.core = Core { places, others, stuck, is_smallest: false };
                    return true;
                }
                Ok(Outcome::GaveUp(_)) | Err(_) => {
                    self.core.places = found;
                    return false;
                }
            }
        }
        panic!("the special case and the search must agree")
    }

    /// The core with those of unknown outcome that show why it is no smaller, or that it may have observed.
    pub(super) fn finish(mut self) -> Core {
        let end = self.end();
        let mut others = self.that_matter(&self.core.places, &self.core.others);
        others.retain(|&place| self.problem.ops[place].invoked <= end);
        self.used.sort_unstable();
        let is_used = |place: usize| self.used.binary_search(&place).is_ok();
        let core = &self.core.places;
        let is_short = others.len() * (core.len() + others.len()) <= STEPS_MAX;
        let is_observed =
            |place: usize| is_short && self.without(core, &others, |other| other == place) != *core;
        let (listed, others): (Vec<usize>, Vec<usize>) =
            others.iter().partition(|&&place| is_used(place) || is_observed(place));
        let is_smallest = self.core.is_smallest && !self.budget.is_spent();
        Core { places: merged(core, &listed), others, is_smallest, ..self.core }
    }

    /// Drops what was invoked only after the search was stuck.
    pub(super) fn cut(&mut self) {
        let position = self.core.stuck.position;
        let is_before = |place: &usize| self.problem.ops[*place].invoked <= position;
        self.core.places.retain(is_before);
        self.core.others.retain(is_before);
    }

    /// Where the last operation of the core returned.
    fn end(&self) -> u32 {
        self.core.places.iter().map(|&place| self.problem.ops[place].returned).max().unwrap_or(0)
    }

    /// Gives the operations of the core their true ends, and leaves out, one by one, what had been cut off; if
    /// that fails as well.
    pub(super) fn join(&mut self) -> bool {
        let end = self.end();
        let is_known = |place: &usize| !self.problem.ops[*place].is_indeterminate();
        let begun = (0..self.problem.ops.len()).take_while(|&place| self.problem.ops[place].invoked <= end);
        let (all, others): (Vec<usize>, Vec<usize>) = begun.partition(is_known);
        let core = &self.core.places;
        let part = self.without(&all, &others, |place| core.binary_search(&place).is_err());
        let is_part = !part.is_empty() && part.iter().all(|place| core.binary_search(place).is_ok());
        self.is_cut = false;
        let before = std::mem::replace(&mut self.core.others, others);
        let is_joined = is_part && self.take_if_stuck(part);
        if !is_joined {
            // The others of the future are unknown to the core again, and so must its own ends be.
            self.core.others = before;
            self.is_cut = true;
        }
        is_joined
    }

    /// Where values cannot be left out.
    pub(super) fn leave_out_detours(&mut self) {
        let Rule::Values(values) = &self.rule else { return };
        if values.are_stiff() {
            let all = merged(&self.core.places, &self.core.others);
            let part = part(self.problem, &all, self.core.stuck.position);
            let points = self.model.quiet(&part, self.initial);
            let kept = quiet::without_loops(&points, all.len());
            let kept = kept.into_iter().map(|place| all[place]);
            self.take_if_stuck(kept.filter(|place| !self.problem.ops[*place].is_indeterminate()).collect());
        }
    }

    /// Begins with the last operations, if they fail without all that came before them.
    pub(super) fn take_window(&mut self) {
        let mut window = FIRST_WINDOW;
        while window < self.core.places.len()
            && !self.try_without(self.core.places[..self.core.places.len() - window].to_vec())
        {
            window *= 4;
        }
    }

    /// Leaves out ever smaller ranges, the last ones first, until no single operation can be left out.
    pub(super) fn shrink(&mut self) {
        let mut length = self.core.places.len().div_ceil(2);
        while length > 0 && !self.budget.is_spent() {
            let mut is_smaller = false;
            self.used.clear();
            self.core.is_smallest = true;
            let mut end = self.core.places.len();
            while end > 0 {
                let begin = end.saturating_sub(length);
                is_smaller |= self.try_without(self.core.places[begin..end].to_vec());
                end = begin.min(self.core.places.len());
            }
            let is_done = length == 1 && !is_smaller;
            length = if is_done { 0 } else { length.div_ceil(2).min(self.core.places.len().div_ceil(2)) };
        }
    }

    /// Leaves out two operations of a small core that cannot be left out one by one.
    pub(super) fn leave_out_pair(&mut self) -> bool {
        let places = self.core.places.clone();
        if places.len() > PAIRS_MAX {
            return false;
        }
        let pairs =
            (0..places.len()).flat_map(|first| (first + 1..places.len()).map(move |second| [first, second]));
        pairs.into_iter().any(|pair| self.try_without(pair.map(|place| places[place]).to_vec()))
    }

    /// Leaves these out of the core, and all that must go with them, if the rest still fails.
    fn try_without(&mut self, out: Vec<usize>) -> bool {
        if self.stop.reason().is_some() {
            self.budget.tries = 0;
        }
        if self.budget.is_spent() {
            self.core.is_smallest = false;
            return false;
        }
        let part = self.without(&self.core.places, &self.core.others, |place| out.contains(&place));
        if part.len() == self.core.places.len() || part.is_empty() {
            return false;
        }
        self.take_if_stuck(part)
    }

    /// Leaves out some of these places, and all that must go with them, also by way of others, which stay.
    fn without(&self, places: &[usize], others: &[usize], is_out: impl Fn(usize) -> bool) -> Vec<usize> {
        let all = merged(places, others);
        let out = all.iter().map(|&place| is_out(place)).collect();
        let mut rest = self.rule.without(self.problem, &all, out);
        rest.retain(|place| !self.problem.ops[*place].is_indeterminate());
        rest
    }

    /// Of these operations of unknown outcome, those that can matter to the operations at these places.
    fn that_matter(&self, places: &[usize], others: &[usize]) -> Vec<usize> {
        self.unknown.that_matter(&self.rule, self.problem, places, others)
    }

    /// Goes on with this part, if it fails.
    fn take_if_stuck(&mut self, places: Vec<usize>) -> bool {
        let others = self.that_matter(&places, &self.core.others);
        let Some(stuck) = self.stuck(&merged(&places, &others)) else { return false };
        self.core = Core { places, others, stuck, ..self.core };
        if self.is_cut {
            self.cut();
        }
        true
    }

    /// Where a search in these operations is stuck, if they certainly have no order.
    fn stuck(&mut self, places: &[usize]) -> Option<Stuck<String>> {
        if self.budget.is_spent() {
            return None;
        }
        self.budget.tries -= 1;
        let until = if self.is_cut { self.core.stuck.position } else { NEVER };
        let part = part(self.problem, places, until);
        let wanted = CONFIGURATIONS_PER_TRY.max(CONFIGURATIONS_PER_OPERATION * places.len() as u64);
        let configurations_max = self.budget.configurations.min(wanted);
        let limits = Limits { configurations_max, stop: self.stop.clone() };
        let answer = self.model.search(&part, self.initial, &limits).ok()?;
        self.budget.configurations = self.budget.configurations.saturating_sub(answer.configurations);
        match answer.outcome {
            Outcome::Impossible(stuck) => return Some(stuck),
            Outcome::Order(order) => {
                let used = order.into_iter().map(|place| places[place as usize]);
                self.used.extend(used.filter(|&place| self.problem.ops[place].is_indeterminate()));
            }
            Outcome::GaveUp(gave_up) => {
                self.core.is_smallest = false;
                if let Why::Stopped(_) = gave_up.why {
                    self.budget.tries = 0;
                }
            }
        }
        None
    }
}

/// These operations as they were at a position: what had not returned by then may have happened or not.
fn part<'a>(problem: &Problem<'a>, places: &[usize], until: u32) -> Problem<'a> {
    let mut part = Problem::default();
    let mut numbers: FxHashMap<(u32, bool), u32> = FxHashMap::default();
    for op in places.iter().map(|&place| &problem.ops[place]) {
        let is_open = op.returned > until;
        let number = numbers.entry((op.call, is_open)).or_insert_with(|| {
            let call = *problem.call(op);
            part.calls.push(if is_open { Call { result: None, ..call } } else { call });
            part.calls.len() as u32 - 1
        });
        let returned = if is_open { NEVER } else { op.returned };
        part.ops.push(Op { invoked: op.invoked, returned, call: *number });
    }
    part
}
