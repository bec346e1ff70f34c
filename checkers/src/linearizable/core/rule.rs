//! What must be left out together, so that the rest is proof against the whole.

use perjury_histories::{Process, Value};

use super::holders::Holders;
use super::observers::Observers;
use super::values::Values;
use crate::linearizable::{AnyModel, Problem};
use crate::model::Shape;

/// What must go together.
pub(super) enum Rule {
    Observers(Observers),
    Holders(Holders),
    Values(Values),
}

impl Rule {
    /// The rule for objects of this model.
    pub(super) fn of(
        model: &dyn AnyModel,
        problem: &Problem<'_>,
        processes: &[Process],
        initial: &Value,
        until: u32,
    ) -> Rule {
        let holders = || Holders::of(problem, processes, initial, until);
        match model.shape() {
            Shape::Register => Rule::Observers(Observers::of(model, problem, initial)),
            Shape::Mutex if let Some(holders) = holders() => Rule::Holders(holders),
            _ => Rule::Values(Values::of(model, problem, initial)),
        }
    }

    /// Leaves out some of these places, and all that must go with them.
    pub(super) fn without(&self, problem: &Problem<'_>, places: &[usize], out: Vec<bool>) -> Vec<usize> {
        match self {
            Rule::Observers(observers) => observers.without(problem, places, out),
            Rule::Holders(holders) => holders.without(places, &out),
            Rule::Values(values) => values.without(problem, places, &out),
        }
    }
}
