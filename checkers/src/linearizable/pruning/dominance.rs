//! A configuration is dropped when another one can do all that it can.
//!
//! ```text
//!             state   must   may       used of unknown outcome
//! better      1       r      w1 w2     cas(1,2) once
//! worse       1       r w1   w1        cas(1,2) once, cas(2,1) twice
//! ```
//!
//! `must` are the open operations that still have to be placed, `may` those that can be. At the same state one
//! configuration is better than another if it must place no more, may place no less, and has used no
//! operation of unknown outcome more often. For a pure operation only `must` counts: it never gains
//! anything by being placed later.
//!
//! Proof. Take an order that goes on from the worse configuration, and follow it from the better one. What it
//! places is there: an operation that the worse one may place the better one may, and of each class of
//! unknown outcome there are at least as many left; a pure operation that the better one has placed already
//! is left out, which no other operation notices. What is never placed the better one need not place.
//! So whatever order goes on from the worse one, one goes on from the better one.

use super::super::layer::Member;
use super::super::tallies::Tallies;

/// What is counted of the operations of unknown outcome that configurations have used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Every class for itself: the complete search.
    Exact,
    /// How many in all: who used fewer is taken for better, although it may have used the wrong ones.
    Fewest,
    /// The same; and they are used only when no configuration is left without them.
    Sparing,
    /// Nothing: there is no end of them.
    Free,
}

/// How two configurations of one state compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Comparison {
    /// The first can do all that the second can.
    Better,
    /// The first is taken for better, but may lack something.
    Preferred,
    /// Neither.
    Different,
}

/// How the first compares to the second, which has the same state.
#[inline]
pub(in super::super) fn compare<const N: usize>(
    left: &Member<N>,
    right: &Member<N>,
    tallies: &Tallies,
    counting: Counting,
) -> Comparison {
    if !(left.must.is_within(right.must) && right.may.is_within(left.may)) {
        return Comparison::Different;
    }
    if left.tally == right.tally {
        return Comparison::Better;
    }
    compare_tallies(left.tally, right.tally, tallies, counting)
}

fn compare_tallies(left: u32, right: u32, tallies: &Tallies, counting: Counting) -> Comparison {
    if tallies.total(left) > tallies.total(right) {
        Comparison::Different
    } else if tallies.is_at_most(left, right) {
        Comparison::Better
    } else if counting == Counting::Exact {
        Comparison::Different
    } else {
        Comparison::Preferred
    }
}
