//! The fewest operations that still fail.
//!
//! Parts of a problem that has no order are tried, smaller and smaller (delta debugging: Zeller and
//! Hildebrandt, IEEE TSE 28(2), 2002), until leaving out any single operation leaves something that has an
//! order. A part must be proof against the whole: were there an order of the whole, there would be one of the
//! part. So not every part is tried, only what comes about by these:
//!
//! ```text
//! write 1 ├─┤    write 2 ├─┤    read 1 ├─┤┃  write 3 ├─┤     ┃ here the search was stuck
//! ```
//!
//! - **The future is cut off.** What was invoked after the search was stuck is dropped, and what was open there
//!   may have happened or not. The beginning of a history with an order has an order.
//! - **Operations that change nothing are left out**: in an order they can simply be missing.
//! - **Detours are left out**, from which the object came back to the same state: see [`quiet`].
//! - **A value is left out**, by what the model says of its values: see [`observers`] for registers, [`holders`]
//!   for locks, and [`values`] for everything else.
//!
//! The operations of the part, each with its true end, fail as well: that end only says more. It may say
//! enough to do without some of them, so in the end parts are tried once more in which nothing is cut off: of
//! all operations until the last of the core returned, those that are not in it are left out by the others.

use std::ops::Range;

use perjury_histories::{Process, Value};
use rustc_hash::FxHashMap;

use super::problem::{NEVER, Op, Problem};
use super::{AnyModel, Outcome, Stuck};
use crate::checker::Limits;
use crate::model::{Call, Shape};

mod holders;
mod observers;
pub(crate) mod quiet;
#[cfg(test)]
mod tests;
mod values;

use holders::Holders;
use observers::Observers;
use values::Values;

/// How many parts are tried. When they are used up the smallest so far is the answer: it fails as well,
/// though it may not be the smallest.
const TRIES_MAX: u32 = 4_000;

/// How many configurations all tries together may visit.
const CONFIGURATIONS_MAX: u64 = 500_000;
/// How many each of them may visit; more than this only for what is so large that it may need some for each
/// operation.
const CONFIGURATIONS_PER_TRY: u64 = 5_000;
const CONFIGURATIONS_PER_OPERATION: u64 = 20;

/// How many operations before the end are tried first. Four times as many come next, and so on.
const FIRST_WINDOW: usize = 16;

/// Operations that have no order, and where a search for one is stuck.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Core {
    /// Their places in the problem, in the order of their invocations.
    pub places: Vec<usize>,
    /// Where it is stuck.
    pub stuck: Stuck<String>,
}

/// The smallest part found of this problem, which has no order; the part has none either.
///
/// `stuck` is where the search was: the beginning of the problem until there has no order. `processes` tells who
/// did each operation.
pub(crate) fn minimize(
    model: &dyn AnyModel,
    problem: &Problem<'_>,
    processes: &[Process],
    initial: &Value,
    stuck: Stuck<String>,
) -> Core {
    let holders = || Holders::of(problem, processes, initial, stuck.position);
    let rule = match model.shape() {
        Shape::Register => Rule::Observers(Observers::of(model, problem, initial)),
        Shape::Mutex if let Some(holders) = holders() => Rule::Holders(holders),
        _ => Rule::Values(Values::of(model, problem, initial)),
    };
    let places = (0..problem.ops.len()).collect();
    let budget = Budget { tries: TRIES_MAX, configurations: CONFIGURATIONS_MAX };
    let core = Core { places, stuck };
    let mut shrinking = Shrinking { model, problem, initial, rule, budget, core, is_cut: true };
    shrinking.cut();
    shrinking.leave_out_detours();
    shrinking.take_window();
    shrinking.shrink();
    if shrinking.join() {
        shrinking.shrink();
    }
    shrinking.core
}

/// What must go together.
enum Rule {
    Observers(Observers),
    Holders(Holders),
    Values(Values),
}

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

/// The smallest core so far.
struct Shrinking<'p> {
    model: &'p dyn AnyModel,
    problem: &'p Problem<'p>,
    initial: &'p Value,
    rule: Rule,
    budget: Budget,
    core: Core,
    /// Whether the future of the core is cut off.
    is_cut: bool,
}

impl Shrinking<'_> {
    /// Drops what was invoked only after the search was stuck.
    fn cut(&mut self) {
        let position = self.core.stuck.position;
        self.core.places.retain(|&place| self.problem.ops[place].invoked <= position);
    }

    /// Gives the operations of the core their true ends, and leaves out, one by one, what had been cut off; if
    /// that fails as well.
    fn join(&mut self) -> bool {
        let core = &self.core.places;
        let ends = core.iter().map(|&place| self.problem.ops[place].returned).filter(|end| *end != NEVER);
        let end = ends.max().unwrap_or(0);
        let all: Vec<usize> =
            (0..self.problem.ops.len()).take_while(|&place| self.problem.ops[place].invoked <= end).collect();
        let out = all.iter().map(|place| core.binary_search(place).is_err()).collect();
        let part = self.without(&all, out);
        let is_part = !part.is_empty() && part.iter().all(|place| core.binary_search(place).is_ok());
        self.is_cut = false;
        is_part && self.take_if_stuck(part)
    }

    /// Where values cannot be left out.
    fn leave_out_detours(&mut self) {
        let Rule::Values(values) = &self.rule else { return };
        if values.are_stiff() {
            // All operations until it was stuck, so places here are places there.
            let all = part(self.problem, &self.core.places, self.core.stuck.position);
            let points = self.model.quiet(&all, self.initial);
            self.take_if_stuck(quiet::without_loops(&points, all.ops.len()));
        }
    }

    /// Begins with the last operations, if they fail without all that came before them.
    fn take_window(&mut self) {
        let mut window = FIRST_WINDOW;
        while window < self.core.places.len() && !self.try_without(0..self.core.places.len() - window) {
            window *= 4;
        }
    }

    /// Leaves out ever smaller ranges, the last ones first, until no single operation can be left out.
    fn shrink(&mut self) {
        let mut length = self.core.places.len().div_ceil(2);
        while length > 0 && !self.budget.is_spent() {
            let mut is_smaller = false;
            let mut end = self.core.places.len();
            while end > 0 {
                let begin = end.saturating_sub(length);
                is_smaller |= self.try_without(begin..end);
                end = begin.min(self.core.places.len());
            }
            let is_done = length == 1 && !is_smaller;
            length = if is_done { 0 } else { length.div_ceil(2).min(self.core.places.len().div_ceil(2)) };
        }
    }

    /// Leaves out this range of the core, and all that must go with it, if the rest still fails.
    fn try_without(&mut self, range: Range<usize>) -> bool {
        let out = (0..self.core.places.len()).map(|place| range.contains(&place)).collect();
        let part = self.without(&self.core.places, out);
        if part.len() == self.core.places.len() || part.is_empty() {
            return false;
        }
        self.take_if_stuck(part)
    }

    /// Leaves out some of these places, and all that must go with them.
    fn without(&self, places: &[usize], out: Vec<bool>) -> Vec<usize> {
        match &self.rule {
            Rule::Observers(observers) => observers.without(self.problem, places, out),
            Rule::Holders(holders) => holders.without(places, &out),
            Rule::Values(values) => values.without(self.problem, places, &out),
        }
    }

    /// Goes on with this part, if it fails.
    fn take_if_stuck(&mut self, part: Vec<usize>) -> bool {
        let Some(stuck) = self.stuck(&part) else { return false };
        self.core = Core { places: part, stuck };
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
        let limits = Limits { configurations_max, ..Limits::default() };
        let answer = self.model.search(&part, self.initial, &limits).ok()?;
        self.budget.configurations = self.budget.configurations.saturating_sub(answer.configurations);
        match answer.outcome {
            Outcome::Impossible(stuck) => Some(stuck),
            Outcome::Order(_) | Outcome::GaveUp(_) => None,
        }
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
