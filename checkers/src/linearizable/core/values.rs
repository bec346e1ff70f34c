//! Leaving values out of an object that holds many: each with all operations that mention it.
//!
//! ```text
//! enqueue 1, enqueue 2, dequeue = 1, enqueue 3, dequeue = 2     without 1: enqueue 2, enqueue 3, dequeue = 2
//! ```
//!
//! That the rest of an order remains an order is what [`Model::mentions`](crate::model::Model::mentions) says.
//! Operations that change nothing go alone; those that mention no value, or everything and change something,
//! stay. Values that the object held from the beginning stay, too.

use perjury_histories::Value;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::linearizable::{AnyModel, Problem};
use crate::model::Mentions;

/// What each call mentions, by number.
pub(super) struct Values {
    mentions: Vec<Mentioned>,
    is_pure: Vec<bool>,
}

/// The values that a call mentions, by number.
#[derive(Clone, PartialEq)]
enum Mentioned {
    Everything,
    These(SmallVec<[u32; 2]>),
}

/// The number of all values that cannot be left out.
const FIXED: u32 = 0;

impl Values {
    pub(super) fn of(model: &dyn AnyModel, problem: &Problem<'_>, initial: &Value) -> Values {
        let held = initial.as_array().into_iter().flatten().chain([initial]);
        let mut numbers: FxHashMap<&Value, u32> = held.map(|value| (value, FIXED)).collect();
        let mut number = |value| {
            let next = numbers.len() as u32 + 1;
            *numbers.entry(value).or_insert(next)
        };
        let mentioned = |call| match model.mentions(call) {
            Mentions::Everything => Mentioned::Everything,
            Mentions::Values(values) => Mentioned::These(values.into_iter().map(&mut number).collect()),
        };
        let mentions = problem.calls.iter().map(mentioned).collect();
        Values { mentions, is_pure: problem.calls.iter().map(|call| model.is_pure(call)).collect() }
    }

    /// Whether there are operations that change something and can never be left out.
    pub(super) fn are_stiff(&self) -> bool {
        let is_stiff =
            |(mentioned, is_pure): (&Mentioned, &bool)| !is_pure && *mentioned == Mentioned::Everything;
        self.mentions.iter().zip(&self.is_pure).any(is_stiff)
    }

    /// Of these others, those that mention only values which are mentioned at these places, too, unless these
    /// mention everything.
    pub(super) fn that_matter(
        &self,
        problem: &Problem<'_>,
        places: &[usize],
        others: &[usize],
    ) -> Vec<usize> {
        let mentioned = |place: usize| &self.mentions[problem.ops[place].call as usize];
        let mut present = FxHashSet::from_iter([FIXED]);
        for &place in places {
            match mentioned(place) {
                Mentioned::Everything => return others.to_vec(),
                Mentioned::These(values) => present.extend(values),
            }
        }
        let matters = |place: &usize| match mentioned(*place) {
            Mentioned::Everything => false,
            Mentioned::These(values) => values.iter().all(|value| present.contains(value)),
        };
        others.iter().copied().filter(matters).collect()
    }

    /// Leaves out some of the places, and all that mentions the same values.
    pub(super) fn without(&self, problem: &Problem<'_>, places: &[usize], out: &[bool]) -> Vec<usize> {
        let call = |place: usize| problem.ops[place].call as usize;
        let mut gone: FxHashSet<u32> = FxHashSet::default();
        let chosen = places.iter().zip(out).filter(|(_, out)| **out).map(|(place, _)| *place);
        for place in chosen.filter(|&place| !self.is_pure[call(place)]) {
            if let Mentioned::These(values) = &self.mentions[call(place)] {
                gone.extend(values.iter().filter(|value| **value != FIXED));
            }
        }
        let stays = |(place, out): &(&usize, &bool)| match &self.mentions[call(**place)] {
            _ if self.is_pure[call(**place)] && **out => false,
            Mentioned::Everything => gone.is_empty(),
            Mentioned::These(values) => !values.iter().any(|value| gone.contains(value)),
        };
        places.iter().zip(out).filter(stays).map(|(place, _)| *place).collect()
    }
}
