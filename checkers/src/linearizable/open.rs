//! The operations that are open: which slot each has, and what kind it is.

use super::facts::Facts;
use super::mask::Mask;
use super::problem::Op;
use super::pruning::deadline::Earlier;

/// The open operations of known outcome, by slot, and how many of unknown outcome were invoked, by class.
pub struct Open<const N: usize> {
    slots: Vec<Slot>,
    /// The slots that are taken.
    taken: Mask<N>,
    /// Those of operations that never change the state.
    pub(super) pure: Mask<N>,
    /// Those of plain writes.
    pub(super) overwrites: Mask<N>,
    /// By effect, by group.
    by_effect: Vec<Mask<N>>,
    by_group: Vec<Mask<N>>,
    pub(super) earlier: Earlier<N>,
    /// By class, how many there are to use.
    pub(super) available: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Slot {
    op: u32,
    call: u32,
    returned: u32,
}

impl<const N: usize> Open<N> {
    pub(super) fn new(facts: &Facts) -> Open<N> {
        Open {
            slots: vec![Slot { op: 0, call: 0, returned: 0 }; Mask::<N>::SLOTS],
            taken: Mask::EMPTY,
            pure: Mask::EMPTY,
            overwrites: Mask::EMPTY,
            by_effect: vec![Mask::EMPTY; facts.calls.len()],
            by_group: vec![Mask::EMPTY; facts.groups],
            earlier: Earlier::new(),
            available: vec![0; facts.classes.len()],
        }
    }

    pub(super) fn op(&self, slot: usize) -> u32 {
        self.slots[slot].op
    }

    pub(super) fn call(&self, slot: usize) -> u32 {
        self.slots[slot].call
    }

    /// Those that differ from this one in their result at most.
    pub(super) fn of_group(&self, group: u32) -> Mask<N> {
        self.by_group[group as usize]
    }

    /// Opens an operation of known outcome; none when all slots are taken.
    pub(super) fn invoke(&mut self, number: u32, op: &Op, facts: &Facts) -> Option<usize> {
        let slot = self.taken.first_free()?;
        let (bit, fact) = (Mask::of(slot), &facts.calls[op.call as usize]);
        self.slots[slot] = Slot { op: number, call: op.call, returned: op.returned };
        self.taken = self.taken | bit;
        if fact.is_pure {
            self.pure = self.pure | bit;
            return Some(slot);
        }
        if fact.is_overwrite {
            self.overwrites = self.overwrites | bit;
        }
        let same = &mut self.by_effect[fact.effect as usize];
        self.earlier.add(slot, *same, |slot| self.slots[slot].returned);
        *same = *same | bit;
        let group = &mut self.by_group[fact.group as usize];
        *group = *group | bit;
        Some(slot)
    }

    /// Closes what is in this slot.
    pub(super) fn free(&mut self, slot: usize, facts: &Facts) {
        let bit = Mask::of(slot);
        let fact = &facts.calls[self.slots[slot].call as usize];
        self.taken = self.taken.without(bit);
        self.pure = self.pure.without(bit);
        self.overwrites = self.overwrites.without(bit);
        let same = &mut self.by_effect[fact.effect as usize];
        *same = same.without(bit);
        self.earlier.remove(slot, *same);
        let group = &mut self.by_group[fact.group as usize];
        *group = group.without(bit);
    }
}
