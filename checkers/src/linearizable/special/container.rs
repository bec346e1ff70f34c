//! Queues, stacks and priority queues into which each value is put at most once (Lee and Mathur, "Efficient
//! decrease-and-conquer linearizability monitoring", OOPSLA 2025): what they have in common.
//!
//! Time is a line of **moments**, the spaces between events; an operation takes effect in one of its own. A
//! value has a [`Life`]: the moments at which it may be put, and those at which it may be taken. From the end
//! of the first to the beginning of the second it is certainly **inside**:
//!
//! ```text
//! put 1       ├─────┤
//! take = 1                   ├────┤
//! inside             ─────────             moments in brackets [from, to)
//! ```
//!
//! **Tightening.** A value is put before it is taken, so the window of its put ends with that of its take, and
//! that of its take begins with that of its put (section 2 there).
//!
//! **Never taken.** A value that is put and not taken gets a take after everything else: whatever a container
//! holds can be taken in some order. Conversely the added takes are the last, and can be cut off. If the put is
//! of unknown outcome, it is left out: nothing else depends on it, and containers stay right when a value that
//! nobody takes is left out. If it is taken, the put took effect, at the latest right before the take.
//!
//! **Takes of unknown outcome.** One that took effect met an empty container, or took a value that no other
//! operation took. In the first case it can be left out, and in the second case, too, together with the put, if
//! that is of unknown outcome. So it matters only for a value that was surely put and is not seen taken. Where
//! there is none, all of them are left out. Otherwise they are left out first, and an order found so is an
//! order. If there is none, each such value gets a take that may be as early as the first of these takes (which
//! only allows more); when that is impossible, so is the history. In between the question is left to the
//! search.

mod empties;
mod lives;
#[cfg(test)]
pub(super) mod tests;

pub(super) use self::empties::cover;
pub(super) use self::lives::Lives;
use super::{Answer, Operation};

/// What was asked of the container, and what it answered, by the ids of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Put in this value: enqueue, push, insert.
    Put(u32),
    /// Took this value: dequeue, pop, poll.
    Take(u32),
    /// Would have taken, but found nothing.
    TakeEmpty,
    /// May have taken something, nobody knows what.
    TakeUnknown,
}

/// Moments from one on, up to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// When a value may be put and taken. Invariants: no window is empty, and neither end of `put` is after the
/// same end of `take`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) put: Window,
    pub(super) take: Window,
}

impl Life {
    /// The moments at which the value is certainly in the container; there may be none.
    pub(super) fn inside(&self) -> Option<Window> {
        (self.put.to < self.take.from).then_some(Window { from: self.put.to, to: self.take.from })
    }
}

/// The put or the take of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Put(u32),
    Take(u32),
}

/// An order of all puts and takes of the lives, each at a moment of its window, that is right for the
/// container; or a few lives that have none (not any, when no small proof is known).
pub(super) type Order = Result<Vec<Step>, Vec<u32>>;

/// Whether these operations are linearizable, on a container whose lives `order` puts in order.
pub(super) fn linearize(operations: &[Operation<Call>], order: impl Fn(&Lives) -> Order) -> Answer {
    let judge = |lives: &Lives| empties::order(lives, operations, &order);
    let answer = Lives::of(operations).and_then(|lives| match judge(&lives) {
        Err(_) if lives.may_miss_takes() => match judge(&lives.with_missed_takes(operations)) {
            Ok(_) => {
                Err(Answer::NotApplicable("a take of unknown outcome may have taken what was not seen again"))
            }
            impossible => impossible,
        },
        answer => answer,
    });
    answer.map_or_else(|answer| answer, Answer::Order)
}
