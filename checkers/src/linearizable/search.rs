//! The general search.

use super::problem::Problem;
use crate::checker::Limits;
use crate::model::Model;
use crate::stop::Reason;

/// What a search found, and how much work it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<S> {
    /// What it found.
    pub outcome: Outcome<S>,
    /// The configurations that it visited.
    pub configurations: u64,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<S> {
    /// In this order (places in [`Problem::ops`]) every operation is explained; those of unknown outcome that
    /// are not in it did not happen.
    Order(Vec<u32>),
    /// There is no such order.
    Impossible(Stuck<S>),
    /// It is not known whether there is one.
    GaveUp(GaveUp),
}

/// Where a search for an order came to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Stuck<S> {
    /// The position of the return before which the operation could not take effect, whatever was tried.
    pub position: u32,
    /// The states that the object could be in just before, the first few of them.
    pub states: Vec<S>,
}

/// Why a search ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The flag that was raised; none: the configurations that it may visit are used up.
    pub reason: Option<Reason>,
    /// Up to this position the operations have an order, as far as the search went.
    pub position: u32,
}

/// Searches for an order of these operations that the model explains, starting from this state.
pub fn search<M: Model>(
    _model: &M,
    _problem: &Problem<'_>,
    _initial: &M::State,
    _limits: &Limits,
) -> Answer<M::State> {
    todo!()
}
