//! Leaving writes out of a register: each with all that may have observed it.
//!
//! A write is left out together with everything that may have observed its value, and with what that wrote in
//! turn, so that no read turns into garbage by it. Take an order of the whole, leave out the same operations:
//! whatever is left still meets the value of the same write as before, which is left too, because what stood
//! between them can only have been observers of its value.
//!
//! ```text
//! write 1 ├─┤     write 1 ├─┤     read 1 ├─┤     the first write can go alone: the read may stay, since
//!          write 2 ├┤                            in between write 2 both began and ended
//! ```
//!
//! An observer cannot have observed a write of its value that began only when it had ended, nor one after
//! which a further write both began and ended before the observer began. It may then stay, as long as any
//! write of its value stays.

use perjury_histories::Value;
use rustc_hash::FxHashMap;

use crate::linearizable::{AnyModel, Op, Problem};

/// What each call writes and observes, by number.
pub(super) struct Observers {
    writes: Vec<Option<u32>>,
    observes: Vec<Option<u32>>,
    /// The number of the initial value.
    initial: u32,
    /// How many values there are.
    values: usize,
}

impl Observers {
    pub(super) fn of(model: &dyn AnyModel, problem: &Problem<'_>, initial: &Value) -> Observers {
        let mut numbers: FxHashMap<&Value, u32> = FxHashMap::default();
        let mut number = |value| {
            let next = numbers.len() as u32;
            *numbers.entry(value).or_insert(next)
        };
        let initial = number(initial);
        let mut observers = Observers { writes: Vec::new(), observes: Vec::new(), initial, values: 0 };
        for call in &problem.calls {
            observers.writes.push(model.brings(call).map(&mut number));
            observers.observes.push(model.needs(call).first().map(|value| number(value)));
        }
        observers.values = numbers.len();
        observers
    }

    fn written(&self, op: &Op) -> Option<usize> {
        self.writes[op.call as usize].map(|value| value as usize)
    }

    fn observed(&self, op: &Op) -> Option<usize> {
        self.observes[op.call as usize].map(|value| value as usize)
    }

    /// Of these others, those whose value is needed at these places, or by one of them that is.
    pub(super) fn that_matter(
        &self,
        problem: &Problem<'_>,
        places: &[usize],
        others: &[usize],
    ) -> Vec<usize> {
        let mut is_needed = vec![false; self.values];
        let observed = |place: &usize| self.observed(&problem.ops[*place]);
        places.iter().filter_map(observed).for_each(|value| is_needed[value] = true);
        let mut by_value: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        for &place in others {
            if let Some(value) = self.written(&problem.ops[place]) {
                by_value.entry(value).or_default().push(place);
            }
        }
        let mut fresh: Vec<usize> = (0..self.values).filter(|&value| is_needed[value]).collect();
        let mut found = Vec::new();
        while let Some(value) = fresh.pop() {
            let writers = by_value.remove(&value).unwrap_or_default();
            for needed in writers.iter().filter_map(observed) {
                if !std::mem::replace(&mut is_needed[needed], true) {
                    fresh.push(needed);
                }
            }
            found.extend(writers);
        }
        found.sort_unstable();
        found
    }

    /// Leaves out some of the places, and all that may have observed what these wrote.
    pub(super) fn without(&self, problem: &Problem<'_>, places: &[usize], out: Vec<bool>) -> Vec<usize> {
        let ops: Vec<&Op> = places.iter().map(|&place| &problem.ops[place]).collect();
        let overwritten = Overwritten::of(ops.iter().filter(|op| self.written(op).is_some()));
        let mut writers = vec![0_u32; self.values];
        ops.iter().filter_map(|op| self.written(op)).for_each(|value| writers[value] += 1);
        let is_written: Vec<bool> = writers.iter().map(|writers| *writers > 0).collect();
        let mut is_out = out;
        let mut fresh: Vec<usize> = (0..ops.len()).filter(|&place| is_out[place]).collect();
        while !fresh.is_empty() {
            let gone = fresh.drain(..).filter_map(|place| {
                let value = self.written(ops[place])?;
                writers[value] -= 1;
                Some((value, (ops[place].invoked, overwritten.before(ops[place]))))
            });
            let gone = Visible::of(gone);
            for (place, op) in ops.iter().enumerate().filter(|(place, _)| !is_out[*place]) {
                let Some(value) = self.observed(op) else { continue };
                let is_orphan = value != self.initial as usize && is_written[value] && writers[value] == 0;
                if is_orphan || gone.is_to(value, op) {
                    fresh.push(place);
                }
            }
            fresh.iter().for_each(|&place| is_out[place] = true);
        }
        places.iter().zip(is_out).filter(|(_, is_out)| !is_out).map(|(place, _)| *place).collect()
    }
}

/// When writes could be observed: of each value from the first invocations on, and the latest end so far.
struct Visible(FxHashMap<usize, Vec<(u32, u32)>>);

impl Visible {
    fn of(writes: impl Iterator<Item = (usize, (u32, u32))>) -> Visible {
        let mut visible: FxHashMap<usize, Vec<(u32, u32)>> = FxHashMap::default();
        writes.for_each(|(value, interval)| visible.entry(value).or_default().push(interval));
        for intervals in visible.values_mut() {
            intervals.sort_unstable();
            let mut latest = 0;
            for (_, end) in intervals {
                latest = latest.max(*end);
                *end = latest;
            }
        }
        Visible(visible)
    }

    /// Whether this operation may have observed one of the writes of this value.
    fn is_to(&self, value: usize, op: &Op) -> bool {
        let Some(intervals) = self.0.get(&value) else { return false };
        let begun = intervals.partition_point(|(begin, _)| *begin < op.returned);
        begun > 0 && op.invoked < intervals[begun - 1].1
    }
}

/// Of all writes that began at a position or later, in the order of their beginnings, the first return.
struct Overwritten(Vec<(u32, u32)>);

impl Overwritten {
    fn of<'o>(writes: impl Iterator<Item = &'o &'o Op>) -> Overwritten {
        let mut first: Vec<(u32, u32)> = writes
            .filter(|write| !write.is_indeterminate())
            .map(|write| (write.invoked, write.returned))
            .collect();
        for later in (1..first.len()).rev() {
            first[later - 1].1 = first[later - 1].1.min(first[later].1);
        }
        Overwritten(first)
    }

    /// From where on this write has certainly been overwritten.
    fn before(&self, write: &Op) -> u32 {
        let later = self.0.partition_point(|(invoked, _)| *invoked <= write.returned);
        self.0.get(later).map_or(u32::MAX, |(_, returned)| *returned)
    }
}
