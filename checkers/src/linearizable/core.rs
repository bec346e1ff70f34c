//! The fewest operations that still fail.
//!
//! Parts of a problem that has no order are tried, smaller and smaller (delta debugging: Zeller and
//! Hildebrandt, IEEE TSE 28(2), 2002), until leaving out any single operation (of a small core: any two) leaves
//! something that has an order. A part must be proof against the whole: were there an order of the whole, there would be one of the
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
//!
//! **Lists** whose values are appended once are not searched: see [`lists`].
//!
//! **Unknown outcomes.** Only operations of known outcome are left out. All others remain there to be used, as
//! long as they can matter ([`unknown`]): what is left fails whatever came of them.
//!
//! ```text
//! enqueue 1 ├┤   dequeue ├─ info    dequeue = nothing ├┤   dequeue = 1 ├┤     the last one must stay: without it,
//!                                                                             the second may have taken 1
//! ```
//!
//! Those are listed whose values the others may have observed, and those that show why no more can be left out:
//! without this operation there is an order, in which that one of unknown outcome took effect.

use perjury_histories::{Process, Value};

use super::problem::{NEVER, Problem};
use super::{AnyModel, Stuck};
use crate::model::Shape;
use crate::stop::Stop;

mod holders;
mod lists;
mod observers;
pub(crate) mod quiet;
mod rule;
mod shrinking;
#[cfg(test)]
mod tests;
mod unknown;
mod values;

use rule::Rule;
use shrinking::Shrinking;

/// What is known to have no order.
#[derive(Clone, Debug)]
pub(crate) enum Broken<'b> {
    /// All operations: a search was stuck there.
    Stuck(&'b Stuck<String>),
    /// These, by their places, whatever came of all others of unknown outcome (no places: all operations).
    Places(&'b [u32]),
}

/// Operations that have no order, and where a search for one is stuck.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Core {
    /// Their places in the problem, in the order of their invocations.
    pub places: Vec<usize>,
    /// The places of others that may have happened and could matter; with them there is no order either.
    pub others: Vec<usize>,
    /// Where it is stuck.
    pub stuck: Stuck<String>,
    /// Whether every smaller part was tried that is proof against the whole.
    pub is_smallest: bool,
}

/// The smallest part found of this problem, which has no order; the part has none either.
///
/// `processes` tells who did each operation. When the flag is raised, the smallest so far is the answer.
pub(crate) fn minimize(
    model: &dyn AnyModel,
    problem: &Problem<'_>,
    processes: &[Process],
    initial: &Value,
    broken: &Broken<'_>,
    stop: &Stop,
) -> Core {
    if let (Shape::List, Broken::Places(places @ [_, ..])) = (model.shape(), broken) {
        return lists::minimize(model, problem, initial, places);
    }
    let until = if let Broken::Stuck(stuck) = broken { stuck.position } else { NEVER };
    let rule = Rule::of(model, problem, processes, initial, until);
    let mut shrinking = Shrinking::of(model, problem, initial, rule, stop);
    if !shrinking.begin(broken) {
        return shrinking.core;
    }
    shrinking.cut();
    shrinking.leave_out_detours();
    shrinking.take_window();
    shrinking.shrink();
    if shrinking.join() {
        shrinking.shrink();
    }
    while shrinking.leave_out_pair() {
        shrinking.shrink();
    }
    shrinking.finish()
}
