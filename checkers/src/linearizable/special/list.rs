//! Lists that are appended to and read as a whole, each value appended once.
//!
//! What is appended stays where it is, so every read is a beginning of every longer one. Then the longest read
//! says the order of all that was ever seen, and between which appends each read stands:
//!
//! ```text
//! longest read [1, 2]     reads of [], append 1, reads of [1], append 2, reads of [1, 2], appends that nobody saw
//! ```
//!
//! **Theorem.** There is an order exactly when the reads are beginnings of each other, and this sequence, each of its
//! groups by invocation, suits real time: nothing stands in it behind what was invoked after it had returned.
//! *Proof.* In a linearization the list only grows. A read of `k` elements stands behind the append of the last of
//! them and before the append of the next, and what no read saw was appended after all reads of less than everything
//! that was seen, and may as well stand behind all of them, unless it returned before one was invoked: but then
//! it had to be seen. So the groups stand as they are drawn, in every linearization. Within a group reads do not
//! change the list, nor does anybody see in which order the last appends took effect; by invocation they suit real
//! time. ∎
//!
//! **Unknown outcomes.** An append that never returned took effect if a read holds its value; otherwise it is left
//! out, which changes no read.

use super::ids::Slots;
use super::{Answer, Operation};

/// What was asked of the list, and what it answered, by the ids of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    /// Added this value to the end.
    Append(u32),
    /// Found these, and no others.
    Read(&'a [u32]),
}

/// No place.
const NONE: u32 = u32::MAX;

/// Whether these operations on a list, empty at first, are linearizable.
pub(crate) fn linearize(operations: &[Operation<Call<'_>>]) -> Answer {
    let list = match List::of(operations) {
        Ok(list) => list,
        Err(answer) => return answer,
    };
    list.order().map_or_else(Answer::Impossible, Answer::Order)
}

/// Who appended what, and the reads.
struct List<'o, 'a> {
    operations: &'o [Operation<Call<'a>>],
    slots: Slots,
    /// The place of the append of each value.
    appends: Vec<u32>,
    /// The place of each value in the longest read, from 1 on.
    ranks: Vec<u32>,
    /// Places of reads with what they found, the shortest first, and by invocation.
    reads: Vec<(u32, &'a [u32])>,
}

impl<'o, 'a> List<'o, 'a> {
    fn of(operations: &'o [Operation<Call<'a>>]) -> Result<List<'o, 'a>, Answer> {
        let values = |operation: &Operation<Call<'a>>| match operation.call {
            Call::Append(value) => (Some(value), &[][..]),
            Call::Read(seen) => (None, seen),
        };
        let all = operations.iter().map(values);
        let slots =
            Slots::of(all.flat_map(|(appended, seen)| appended.into_iter().chain(seen.iter().copied())));
        let (appends, ranks) = (vec![NONE; slots.len()], vec![NONE; slots.len()]);
        let mut list = List { operations, slots, appends, ranks, reads: Vec::new() };
        for (place, operation) in (0..).zip(operations) {
            match operation.call {
                Call::Read(seen) => list.reads.push((place, seen)),
                Call::Append(value) => {
                    let append = &mut list.appends[list.slots.of_value(value)];
                    if *append != NONE {
                        return Err(Answer::NotApplicable("a value was appended twice"));
                    }
                    *append = place;
                }
            }
        }
        list.reads.sort_by_key(|&(place, seen)| (seen.len(), operations[place as usize].invoked));
        list.check_reads().map_err(Answer::Impossible)?;
        Ok(list)
    }

    /// Gives the values that were seen their ranks. Errs with the operations that show it, if a read holds what nobody
    /// appended, or something twice, or if two reads are not beginnings of each other.
    fn check_reads(&mut self) -> Result<(), Vec<u32>> {
        let mut last_seen = vec![NONE; self.appends.len()];
        for &(place, seen) in &self.reads {
            for slot in seen.iter().map(|value| self.slots.of_value(*value)) {
                if self.appends[slot] == NONE {
                    return Err(vec![place]);
                }
                if std::mem::replace(&mut last_seen[slot], place) == place {
                    return Err(self.with_appends(&[place]));
                }
            }
        }
        for pair in self.reads.windows(2) {
            let [(first, short), (second, long)] = [pair[0], pair[1]];
            if !long.starts_with(short) {
                return Err(self.with_appends(&[first, second]));
            }
        }
        let longest = self.reads.last().map_or(&[][..], |(_, longest)| longest);
        for (rank, value) in (1..).zip(longest) {
            self.ranks[self.slots.of_value(*value)] = rank;
        }
        Ok(())
    }

    /// The shortest read of at least so many elements.
    fn shortest(&self, elements: u32) -> Option<u32> {
        let place = self.reads.partition_point(|(_, seen)| (seen.len() as u32) < elements);
        self.reads.get(place).map(|(place, _)| *place)
    }

    /// These operations, with the appends of all that they found.
    fn with_appends(&self, places: &[u32]) -> Vec<u32> {
        let mut all = places.to_vec();
        for place in places {
            if let Call::Read(seen) = self.operations[*place as usize].call {
                all.extend(seen.iter().map(|value| self.appends[self.slots.of_value(*value)]));
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The sequence of the theorem, or the operations that show that it does not suit real time.
    fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        let mut order: Vec<u32> = Vec::with_capacity(self.operations.len());
        let mut reads = self.reads.iter().peekable();
        let longest = self.reads.last().map_or(&[][..], |(_, longest)| longest);
        for length in 0..=longest.len() {
            let appended = length.checked_sub(1).map(|last| self.slots.of_value(longest[last]));
            order.extend(appended.map(|slot| self.appends[slot]));
            while let Some((place, _)) = reads.next_if(|(_, seen)| seen.len() == length) {
                order.push(*place);
            }
        }
        order.extend(self.unseen());
        let mut latest = None;
        for &place in &order {
            let operation = &self.operations[place as usize];
            match latest {
                Some((invoked, earlier)) if operation.returned < invoked => {
                    return Err(self.contradiction(earlier, place));
                }
                _ => latest = latest.max(Some((operation.invoked, place))),
            }
        }
        Ok(order)
    }

    /// Appends that no read shows, but for those of unknown outcome, by invocation.
    fn unseen(&self) -> Vec<u32> {
        let operation = |place: u32| &self.operations[place as usize];
        let mut unseen: Vec<u32> = (0..self.operations.len() as u32)
            .filter(|&place| !operation(place).is_unknown() && self.rank(place) == Some(NONE))
            .collect();
        unseen.sort_by_key(|&place| operation(place).invoked);
        unseen
    }

    /// The rank of what was appended there; none for a read.
    fn rank(&self, place: u32) -> Option<u32> {
        match self.operations[place as usize].call {
            Call::Append(value) => Some(self.ranks[self.slots.of_value(value)]),
            Call::Read(_) => None,
        }
    }

    /// What shows that the first of these comes before the second, which had returned when it was invoked.
    fn contradiction(&self, first: u32, second: u32) -> Vec<u32> {
        let read = match (self.rank(first), self.rank(second)) {
            // A read that has the first: with the second it has them in this order, and without it lacks it.
            (Some(first), Some(_)) => self.shortest(first),
            _ => None,
        };
        let places: Vec<u32> = [first, second].into_iter().chain(read).collect();
        self.with_appends(&places)
    }
}

#[cfg(test)]
mod tests;
