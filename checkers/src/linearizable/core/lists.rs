//! The core of a list whose values are appended once.
//!
//! A search would try every order of the appends that no read is left to tell of, which are too many. But the special case
//! decides every part, and what it lists is small: one or two reads, the appends of all that these hold, and perhaps two more
//! appends. From that, values are left out, each with all that mentions it, and single reads, as from any object
//! that holds many values; nothing is cut off.

use perjury_histories::Value;

use super::Core;
use super::values::Values;
use crate::linearizable::problem::NEVER;
use crate::linearizable::special::Answer;
use crate::linearizable::{AnyModel, Problem, Stuck, shortcut};

/// Of more operations none is left out: nobody follows so many by hand.
const PLACES_MAX: usize = 256;

/// The smallest part of these places that is impossible; where its last read returned something is wrong.
pub(super) fn minimize(model: &dyn AnyModel, problem: &Problem<'_>, initial: &Value, places: &[u32]) -> Core {
    let values = Values::of(model, problem, initial);
    let mut places: Vec<usize> = places.iter().map(|&place| place as usize).collect();
    places.sort_unstable();
    let is_smallest = places.len() <= PLACES_MAX;
    let mut before = usize::MAX;
    while is_smallest && places.len() < before {
        before = places.len();
        let mut next = 0;
        while next < places.len() {
            let out: Vec<bool> = (0..places.len()).map(|place| place == next).collect();
            let rest = values.without(problem, &places, &out);
            let part = problem.restrict(|place, _| rest.binary_search(&place).is_ok());
            match shortcut::linearize(model.shape(), &part, initial) {
                Answer::Impossible(_) if rest.len() < places.len() => places = rest,
                _ => next += 1,
            }
        }
    }
    let reads = places.iter().map(|&place| &problem.ops[place]);
    let reads = reads.filter(|op| problem.call(op).function == "read").map(|op| op.returned);
    let stuck = Stuck { position: reads.max().unwrap_or(NEVER), states: Vec::new() };
    Core { places, others: Vec::new(), stuck, is_smallest }
}
