//! Special cases: objects whose linearizability is decided in O(n log n), without any search.
//!
//! They apply where every value is brought by one operation only, so that each read or take names the
//! operation that it depends on. The question is then one of intervals:
//!
//! ```text
//! register  a value's write and its reads stand together: the values are put in order
//! queue     values are put in one order that suits their puts and their takes
//! stack     values lie at the bottom, one after the other
//! priority  a take needs a moment at which no higher value must be there
//! set       each value is an object by itself
//! list      the longest read says the order of all
//! ```
//!
//! Each solver takes plain arrays and gives an [`Answer`]. Histories that it cannot judge are
//! [`Answer::NotApplicable`], and go to the search.

pub(crate) mod container;
mod ids;
pub(crate) mod list;
pub(crate) mod priority_queue;
pub(crate) mod queue;
pub(crate) mod register;
pub(crate) mod set;
pub(crate) mod stack;

#[cfg(test)]
mod testing;

/// The return of an operation of unknown outcome: it may take effect at any time after its invocation, or
/// never.
pub(crate) const NEVER: u32 = u32::MAX;

/// One operation that took effect, or, where it returned [`NEVER`], may have.
///
/// Positions are those of events in the history: all different, and the return comes after the invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation<C> {
    /// Where it was invoked.
    pub(crate) invoked: u32,
    /// Where it returned, or [`NEVER`].
    pub(crate) returned: u32,
    /// What was asked, and what the object answered.
    pub(crate) call: C,
}

impl<C> Operation<C> {
    /// Whether it may as well have had no effect.
    fn is_unknown(&self) -> bool {
        self.returned == NEVER
    }
}

/// What a solver says of a history; operations are named by their places in its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Linearizable: in this order every operation is right. Those of unknown outcome that it lacks had no
    /// effect.
    Order(Vec<u32>),
    /// Not linearizable, and these operations alone already show it. There are few of them, though perhaps not
    /// the fewest.
    Impossible(Vec<u32>),
    /// The history is none of those that the solver decides.
    NotApplicable(&'static str),
}
