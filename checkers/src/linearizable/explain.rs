//! In plain words, why the operations of a core have no order.
//!
//! ```text
//! process 3 read 5 at 1.200 s, although the write of 7 by process 1 had completed at 1.100 s and nothing
//! wrote 5 after it; no order explains these 3 operations: …; just before 1.200 s the search could go on from 7 only
//! ```
//!
//! First the most telling thing, where there is one, about the operation at whose return the search was stuck;
//! then all operations with their times, and the states that remained.

use perjury_histories::{Operation, Value};

use super::Stuck;
use crate::model::Shape;
use crate::words;

mod container;
mod counter;
mod list;
mod mutex;
mod register;
mod set;
#[cfg(test)]
mod tests;

/// What there is to tell of.
pub(crate) struct Evidence<'a> {
    /// What kind of object it is.
    pub shape: Shape,
    /// What it held at first.
    pub initial: &'a Value,
    /// The operations of the core, in the order of their invocations.
    pub operations: Vec<Operation<'a>>,
    /// Others that may have happened and could matter; with them there is no order either.
    pub others: Vec<Operation<'a>>,
    /// Where the search was stuck.
    pub stuck: Stuck<String>,
    /// Whether no fewer operations would do, as far as can be told.
    pub is_smallest: bool,
}

/// One sentence that says why these operations have no order.
pub(crate) fn explain(evidence: &Evidence<'_>) -> String {
    let all = evidence.list();
    let order = match evidence.operations.len() {
        1 => format!("no moment suits this operation: {all}"),
        many => format!("no order explains these {many} operations: {all}"),
    };
    let last = evidence.last();
    let headline = last.and_then(|last| headline(evidence, last)).map(|headline| format!("{headline}; "));
    let states = last.and_then(|last| evidence.states_before(last)).map(|states| format!("; {states}"));
    let remarks =
        [states, evidence.unlisted(), evidence.reservation()].into_iter().flatten().collect::<String>();
    format!("{}{order}{remarks}", headline.unwrap_or_default())
}

/// Of more operations, which only a search that was cut short leaves, nobody looks for the most telling thing.
const TELLING_MAX: usize = 2_000;

/// What is wrong with the last operation.
fn headline(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    if evidence.possible().count() > TELLING_MAX {
        return None;
    }
    let although = match evidence.shape {
        Shape::Register => register::although(evidence, last),
        Shape::FifoQueue | Shape::UnorderedQueue | Shape::Stack | Shape::PriorityQueue => {
            container::although(evidence, last)
        }
        Shape::Set => set::although(evidence, last),
        Shape::Counter => counter::although(evidence, last),
        Shape::Mutex => mutex::although(evidence, last),
        Shape::List => list::although(evidence, last),
        Shape::Other => None,
    };
    Some(format!("{}, although {}", words::deed(last), although?))
}

impl<'a> Evidence<'a> {
    /// What happened, in the order of the invocations; of very many operations the last ones.
    fn list(&self) -> String {
        const LISTED_MAX: usize = 20;
        let beyond = self.operations.len().saturating_sub(LISTED_MAX);
        let listed = self.operations[beyond..].iter().map(|operation| words::deed_during(*operation));
        let omitted = (beyond > 0).then(|| format!("({beyond} earlier ones)"));
        omitted.into_iter().chain(listed).collect::<Vec<_>>().join("; ")
    }

    /// The operation at whose return the search was stuck.
    fn last(&self) -> Option<Operation<'a>> {
        let position = self.stuck.position as usize;
        self.operations.iter().copied().find(|operation| operation.returned_at() == Some(position))
    }

    /// Everything that happened or may have happened, listed or not.
    fn possible(&self) -> impl Iterator<Item = Operation<'a>> + Clone {
        self.operations.iter().chain(&self.others).copied()
    }

    /// What of this function happened or may have happened.
    fn all(&self, function: &str) -> impl Iterator<Item = Operation<'a>> {
        self.possible().filter(move |operation| operation.function() == function)
    }

    /// That those which are not listed change nothing.
    fn unlisted(&self) -> Option<String> {
        match self.others.len() {
            0 => None,
            1 => Some("; whether one more of unknown outcome happened makes no difference".to_owned()),
            many => Some(format!("; which of {many} more of unknown outcome happened makes no difference")),
        }
    }

    /// That there may be a shorter list.
    fn reservation(&self) -> Option<String> {
        (!self.is_smallest).then(|| "; fewer operations might do (not all was tried)".to_owned())
    }

    fn states_before(&self, last: Operation<'a>) -> Option<String> {
        const SHOWN_MAX: usize = 4;
        let moment = words::moment(last.completion()?);
        let states: Vec<String> = self.stuck.states.iter().map(|state| words::cut(state)).collect();
        match states.as_slice() {
            [] => None,
            [only] => Some(format!("just before {moment} the search could go on from {only} only")),
            [first @ .., last] if states.len() <= SHOWN_MAX => {
                let first = first.join(", ");
                Some(format!("just before {moment} the search could go on from {first} or {last} only"))
            }
            many => {
                let some = many[..SHOWN_MAX].join(", ");
                Some(format!("just before {moment} the search could go on from {some} or others"))
            }
        }
    }
}

/// Whether the first operation had returned when the second was invoked.
fn precedes(first: Operation<'_>, second: Operation<'_>) -> bool {
    first.returned_at().is_some_and(|returned_at| returned_at < second.invoked_at())
}

/// Whether the first operation may have taken effect before the second did.
fn may_precede(first: Operation<'_>, second: Operation<'_>) -> bool {
    !precedes(second, first)
}

/// When an operation that is ok ended.
fn ended(operation: Operation<'_>) -> String {
    words::moment(operation.completion().unwrap_or(operation.invocation()))
}
