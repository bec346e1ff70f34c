//! Sets to which each value is added at most once.
//!
//! What happens to one value does not depend on the others, so each is judged by itself: it is absent, is added,
//! is present, perhaps is removed, and is absent again. That the add of a value said `true`, or nothing at all,
//! says that it added; that it said `false`, that the value was present; and a remove that said `false`, that it
//! was absent.
//!
//! **Theorem.** Tighten the windows: the add comes before all that saw the value present and before the remove,
//! and the remove after all that saw it present. If that leaves windows, let the value be added at the last
//! moment of the one and removed at the first moment of the other (at the moment of the add if that is later),
//! which makes it present as briefly as can be. Then what saw the value absent must begin before the add's window
//! ends, or end after the remove's window begins; otherwise nothing helps, as the value is present at every moment
//! of it. ∎
//!
//! ```text
//! add 1  ├──┤                  ├──┤ remove 1
//! contains 1 = false  ├──┤                  1 is there before it begins and after it ends: impossible
//! ```
//!
//! **Unknown outcomes.** An add took effect if the value was seen present or removed; otherwise it is left out,
//! which only makes the value absent for longer. A remove matters only if no other removed the value (it is
//! removed at most once, being added once), and only for what saw it absent later; among several the first can
//! do what the others can.

mod element;
#[cfg(test)]
mod tests;

use self::element::Element;
use super::ids::Slots;
use super::{Answer, Operation};

/// What was asked of the set, and what it answered, by the ids of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Was to add the value: whether it did, if that was said or the outcome is unknown.
    Add(u32, Option<bool>),
    /// Was to remove the value: whether it did, unless the outcome is unknown.
    Remove(u32, Option<bool>),
    /// Whether the value was in the set.
    Contains(u32, bool),
}

impl Call {
    /// The value that it is about.
    fn value(self) -> u32 {
        match self {
            Call::Add(value, _) | Call::Remove(value, _) | Call::Contains(value, _) => value,
        }
    }
}

/// Whether these operations on a set, empty at first, are linearizable.
pub(crate) fn linearize(operations: &[Operation<Call>]) -> Answer {
    let slots = Slots::of(operations.iter().map(|operation| operation.call.value()));
    let mut elements = vec![Element::UNTOUCHED; slots.len()];
    for (place, operation) in (0..).zip(operations) {
        let element = &mut elements[slots.of_value(operation.call.value())];
        if let Err(reason) = element.learn(place, operations) {
            return Answer::NotApplicable(reason);
        }
    }
    let presences: Result<Vec<_>, _> = elements.iter().map(|element| element.presence(operations)).collect();
    let presences = match presences {
        Ok(presences) => presences,
        Err(few) => return Answer::Impossible(few),
    };
    let mut moments = Vec::with_capacity(operations.len());
    for (place, operation) in (0..).zip(operations) {
        let slot = slots.of_value(operation.call.value());
        match presences[slot].moment(place, operation) {
            Ok(moment) => moments.extend(moment.map(|moment| (moment, place))),
            Err(()) => return Answer::Impossible(elements[slot].contradiction(place)),
        }
    }
    moments.sort_unstable();
    Answer::Order(moments.into_iter().map(|(_, place)| place).collect())
}
