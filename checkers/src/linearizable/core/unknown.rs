//! Operations of unknown outcome, which may explain a part of a problem wherever they stand in the whole.
//!
//! All of them are there to be used, but most of them cannot matter, and would make the search long:
//!
//! - Of a register, those whose value nothing needs that is left, nor one of them that matters. *Proof.* Leave them
//!   out of an order. Whatever needs a value still meets the value of the same write as before: it is left.
//! - Where values can be left out, those that mention a value which nothing mentions that is left, as long as
//!   nothing is left that mentions everything: that is what a model says of its values.
//! - Of a register or a lock, of equal calls as many as there are known operations, the first ones. *Proof.*
//!   The call alone tells the state that it leaves behind. What stands between two of equal calls, with the second
//!   one of them, can be missing from an order, if none of it is known. So between two known ones each call
//!   stands at most once, and the first invoked can do what the others can. ∎

use rustc_hash::FxHashMap;

use super::rule::Rule;
use crate::linearizable::Problem;
use crate::model::Shape;

/// The operations of unknown outcome of a problem.
pub(super) struct Unknown {
    places: Vec<usize>,
    /// Whether the call alone tells the state that it leaves behind.
    is_told_by_call: bool,
}

impl Unknown {
    pub(super) fn of(shape: Shape, problem: &Problem<'_>) -> Unknown {
        let is_unknown = |place: &usize| problem.ops[*place].is_indeterminate();
        let places = (0..problem.ops.len()).filter(is_unknown).collect();
        Unknown { places, is_told_by_call: matches!(shape, Shape::Register | Shape::Mutex) }
    }

    /// Their places.
    pub(super) fn all(&self) -> &[usize] {
        &self.places
    }

    /// Of these others, those that can matter to the known operations at these places.
    pub(super) fn that_matter(
        &self,
        rule: &Rule,
        problem: &Problem<'_>,
        places: &[usize],
        others: &[usize],
    ) -> Vec<usize> {
        let mut others = match rule {
            Rule::Observers(observers) => observers.that_matter(problem, places, others),
            Rule::Values(values) => values.that_matter(problem, places, others),
            Rule::Holders(_) => others.to_vec(),
        };
        if self.is_told_by_call {
            let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
            others.retain(|&place| {
                let count = counts.entry(problem.ops[place].call).or_default();
                *count += 1;
                *count <= places.len()
            });
        }
        others
    }
}

/// Both lists of places in one; each of them is sorted.
pub(super) fn merged(one: &[usize], other: &[usize]) -> Vec<usize> {
    let mut both = [one, other].concat();
    both.sort_unstable();
    both
}
