//! From operations to lives.

use super::{Call, Life, Window};
use crate::linearizable::special::ids::Slots;
use crate::linearizable::special::{Answer, NEVER, Operation};

/// No operation.
const NONE: u32 = u32::MAX;
/// The moment after all events.
const LATER: u32 = 1 << 31;
/// The end of that moment, and of time.
const END: u32 = u32::MAX;

/// The lives of the values that matter, and the operations that they come from.
#[derive(Clone)]
pub(in crate::linearizable::special) struct Lives {
    pub(in crate::linearizable::special) lives: Vec<Life>,
    /// The value of each life.
    pub(in crate::linearizable::special) values: Vec<u32>,
    /// Who put it.
    pub(super) puts: Vec<u32>,
    /// Who took it, or nobody that is known.
    takes: Vec<u32>,
    /// The takes of unknown outcome.
    unknown_takes: Vec<u32>,
}

/// Who put and who took a value.
#[derive(Clone, Copy)]
struct Ends {
    put: u32,
    take: u32,
}

impl Lives {
    /// The lives in these operations, unless they already settle the question.
    pub(super) fn of(operations: &[Operation<Call>]) -> Result<Lives, Answer> {
        let is_late = |position: u32| position != NEVER && position >= LATER / 2;
        if operations.iter().any(|operation| is_late(operation.invoked) || is_late(operation.returned)) {
            return Err(Answer::NotApplicable("too many events"));
        }
        let ends = ends(operations)?;
        let mut lives = Lives {
            lives: Vec::with_capacity(ends.len()),
            values: Vec::with_capacity(ends.len()),
            puts: Vec::with_capacity(ends.len()),
            takes: Vec::with_capacity(ends.len()),
            unknown_takes: Vec::new(),
        };
        for (place, operation) in (0..).zip(operations) {
            match operation.call {
                Call::TakeUnknown => lives.unknown_takes.push(place),
                Call::Put(value) => lives.push(operations, value, ends.of(value))?,
                Call::Take(_) | Call::TakeEmpty => {}
            }
        }
        Ok(lives)
    }

    /// Adds the life of this value, if it matters.
    fn push(&mut self, operations: &[Operation<Call>], value: u32, ends: Ends) -> Result<(), Answer> {
        let put = &operations[ends.put as usize];
        let taken = (ends.take != NONE).then(|| window(&operations[ends.take as usize]));
        if put.is_unknown() && taken.is_none() {
            return Ok(());
        }
        let (put, take) = (window(put), taken.unwrap_or(Window { from: LATER, to: END }));
        if take.to <= put.from {
            return Err(Answer::Impossible(vec![ends.put, ends.take]));
        }
        self.lives.push(Life {
            put: Window { from: put.from, to: put.to.min(take.to) },
            take: Window { from: take.from.max(put.from), to: take.to },
        });
        self.values.push(value);
        self.puts.push(ends.put);
        self.takes.push(ends.take);
        Ok(())
    }

    /// Whether a take of unknown outcome may have taken a value that is not seen taken.
    pub(super) fn may_miss_takes(&self) -> bool {
        !self.unknown_takes.is_empty() && self.takes.contains(&NONE)
    }

    /// The same lives, where each value that is not seen taken may go with the first take of unknown outcome.
    pub(super) fn with_missed_takes(&self, operations: &[Operation<Call>]) -> Lives {
        let invocations = self.unknown_takes.iter().map(|take| window(&operations[*take as usize]).from);
        let from = invocations.min().unwrap_or(LATER);
        let mut lives = self.clone();
        for (life, take) in lives.lives.iter_mut().zip(&self.takes) {
            if *take == NONE {
                life.take.from = life.put.from.max(from);
            }
        }
        lives
    }

    /// Who took the value of this life, if that is known.
    pub(super) fn take_of(&self, life: u32) -> Option<u32> {
        Some(self.takes[life as usize]).filter(|take| *take != NONE)
    }

    /// The operations of these lives, with all takes of unknown outcome if one of them may have ended a life.
    pub(super) fn operations_of(&self, lives: &[u32]) -> Vec<u32> {
        let puts = lives.iter().map(|life| self.puts[*life as usize]);
        let mut places: Vec<u32> = puts.chain(lives.iter().filter_map(|life| self.take_of(*life))).collect();
        if lives.iter().any(|life| self.take_of(*life).is_none()) {
            places.extend(&self.unknown_takes);
        }
        places.sort_unstable();
        places
    }
}

/// The moments of an operation: even ones lie right behind the event of half their number, and odd ones between
/// them and the next event.
pub(super) fn window<C>(operation: &Operation<C>) -> Window {
    let to = if operation.is_unknown() { END } else { 2 * operation.returned };
    Window { from: 2 * operation.invoked, to }
}

/// For each value, who put and who took it.
struct AllEnds {
    slots: Slots,
    ends: Vec<Ends>,
}

impl AllEnds {
    fn of(&self, value: u32) -> Ends {
        self.ends[self.slots.of_value(value)]
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}

fn ends(operations: &[Operation<Call>]) -> Result<AllEnds, Answer> {
    let values = operations.iter().filter_map(|operation| match operation.call {
        Call::Put(value) | Call::Take(value) => Some(value),
        Call::TakeEmpty | Call::TakeUnknown => None,
    });
    let slots = Slots::of(values);
    let mut ends = vec![Ends { put: NONE, take: NONE }; slots.len()];
    for (place, operation) in (0..).zip(operations) {
        if let Call::Put(value) = operation.call {
            let put = &mut ends[slots.of_value(value)].put;
            if *put != NONE {
                return Err(Answer::NotApplicable("a value was put twice"));
            }
            *put = place;
        }
    }
    for (place, operation) in (0..).zip(operations) {
        if let Call::Take(value) = operation.call {
            let Ends { put, take } = &mut ends[slots.of_value(value)];
            if *put == NONE {
                return Err(Answer::Impossible(vec![place]));
            }
            if *take != NONE {
                return Err(Answer::Impossible(vec![*put, *take, place]));
            }
            *take = place;
        }
    }
    Ok(AllEnds { slots, ends })
}
