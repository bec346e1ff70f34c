//! What the operations on one value say, and when it can be present.

use super::Call;
use crate::linearizable::special::{NEVER, Operation};

/// No operation.
const NONE: u32 = u32::MAX;

/// The operations on one value that matter most.
#[derive(Clone, Copy)]
pub(super) struct Element {
    /// The one that added it, or may have.
    add: u32,
    /// The one that removed it,
    remove: u32,
    /// and another that did.
    second_remove: u32,
    /// The first that may have removed it.
    maybe_remove: u32,
    /// Of those that saw it present, the one that returned first,
    first_present: u32,
    /// and the one that was invoked last.
    last_present: u32,
}

/// What an operation did, given that its value is added at most once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Add,
    SawPresent,
    Remove,
    MaybeRemove,
    SawAbsent,
    Untold,
    Nothing,
}

impl Act {
    fn of(operation: &Operation<Call>) -> Act {
        match (operation.call, operation.is_unknown()) {
            (Call::Add(_, Some(true) | None), false) | (Call::Add(..), true) => Act::Add,
            (Call::Remove(..), true) => Act::MaybeRemove,
            (Call::Remove(_, None), false) => Act::Untold,
            (Call::Contains(..), true) => Act::Nothing,
            (Call::Remove(_, Some(true)), false) => Act::Remove,
            (Call::Add(_, Some(false)) | Call::Contains(_, true), false) => Act::SawPresent,
            (Call::Remove(_, Some(false)) | Call::Contains(_, false), false) => Act::SawAbsent,
        }
    }
}

/// When an operation takes effect, and its turn among those of its value at that moment.
pub(super) type Moment = (u32, u8);

impl Element {
    /// A value of which nothing is known.
    pub(super) const UNTOUCHED: Element = Element {
        add: NONE,
        remove: NONE,
        second_remove: NONE,
        maybe_remove: NONE,
        first_present: NONE,
        last_present: NONE,
    };

    /// Takes note of this operation, or says why the value cannot be judged.
    pub(super) fn learn(&mut self, place: u32, operations: &[Operation<Call>]) -> Result<(), &'static str> {
        let operation = |place: u32| &operations[place as usize];
        match Act::of(operation(place)) {
            Act::Add if self.add != NONE => return Err("a value was added twice"),
            Act::Add => self.add = place,
            Act::Remove if self.remove != NONE => self.second_remove = place,
            Act::Remove => self.remove = place,
            Act::MaybeRemove => {
                take_greater(&mut self.maybe_remove, place, |place| NEVER - operation(place).invoked);
            }
            Act::SawPresent => {
                take_greater(&mut self.first_present, place, |place| NEVER - operation(place).returned);
                take_greater(&mut self.last_present, place, |place| operation(place).invoked);
            }
            Act::Untold => return Err("a remove did not say whether it removed anything"),
            Act::SawAbsent | Act::Nothing => {}
        }
        Ok(())
    }

    /// When the value is present, unless there is no such time; then a few operations that show it.
    pub(super) fn presence(&self, operations: &[Operation<Call>]) -> Result<Presence, Vec<u32>> {
        let invoked = |place: u32| operations[place as usize].invoked;
        let returned = |place: u32| operations[place as usize].returned;
        let seen = [self.first_present, self.last_present, self.remove];
        if self.second_remove != NONE {
            return Err(few(&[self.add, self.remove, self.second_remove]));
        }
        if self.add == NONE && seen.iter().all(|place| *place == NONE) {
            return Ok(Presence::NEVER);
        }
        if self.add == NONE {
            return Err(few(&seen));
        }
        let add_to = known(&[self.add, self.first_present, self.remove]).min_by_key(|place| returned(*place));
        let add_to = add_to.unwrap_or(self.add);
        let remove = if self.remove == NONE { self.maybe_remove } else { self.remove };
        let remove_from = known(&[self.last_present, remove]).max_by_key(|place| invoked(*place));
        let remove_from = remove_from.filter(|_| remove != NONE);
        if returned(add_to) < invoked(self.add) {
            return Err(few(&[self.add, add_to]));
        }
        match remove_from {
            Some(remove_from) if returned(remove) < invoked(remove_from) => {
                Err(few(&[self.add, remove, remove_from]))
            }
            _ => Ok(Presence {
                remove,
                add_to: returned(add_to),
                remove_from: remove_from.map_or(NEVER, invoked),
            }),
        }
    }

    /// A few operations which show that this one, which saw the value absent, saw wrong.
    pub(super) fn contradiction(&self, place: u32) -> Vec<u32> {
        let remove = if self.remove == NONE { self.maybe_remove } else { self.remove };
        few(&[self.add, self.first_present, self.last_present, remove, place])
    }
}

/// Replaces a place by another whose rank is greater.
fn take_greater(best: &mut u32, place: u32, rank: impl Fn(u32) -> u32) {
    if *best == NONE || rank(*best) < rank(place) {
        *best = place;
    }
}

fn known(places: &[u32]) -> impl Iterator<Item = u32> {
    places.iter().copied().filter(|place| *place != NONE)
}

/// These operations, where there are such, each once.
fn few(places: &[u32]) -> Vec<u32> {
    let mut places: Vec<u32> = known(places).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// When a value is present, as briefly as can be: certainly from `add_to` up to before `remove_from`. Either is
/// [`NEVER`] if there is no such time.
#[derive(Clone, Copy)]
pub(super) struct Presence {
    /// What removes the value.
    remove: u32,
    add_to: u32,
    remove_from: u32,
}

impl Presence {
    /// Of a value that is always absent.
    const NEVER: Presence = Presence { remove: NONE, add_to: NEVER, remove_from: NEVER };

    /// When an operation takes effect, none if it has none; an error if it saw wrong.
    pub(super) fn moment(&self, place: u32, operation: &Operation<Call>) -> Result<Option<Moment>, ()> {
        let added_at = self.add_to - 1;
        let removed_at = self.remove_from.max(added_at);
        let is_ever_present = self.add_to != NEVER;
        Ok(match Act::of(operation) {
            Act::Add => is_ever_present.then_some((added_at, 1)),
            Act::SawPresent => Some((operation.invoked.max(added_at), 2)),
            Act::Remove | Act::MaybeRemove => {
                (is_ever_present && place == self.remove).then_some((removed_at, 3))
            }
            Act::SawAbsent if operation.invoked < self.add_to => Some((operation.invoked, 0)),
            Act::SawAbsent if operation.returned > self.remove_from => {
                Some((operation.invoked.max(removed_at), 4))
            }
            Act::SawAbsent => return Err(()),
            Act::Untold | Act::Nothing => None,
        })
    }
}
