//! Of open operations with the same effect, the one that returns first takes effect first.
//!
//! ```text
//! a ├──── write 1 ─────────┤
//! b      ├─ write 1 ─┤          b first, and a only when b has taken effect
//! ```
//!
//! Proof. Take an order in which `a`, which returns later (one of unknown outcome: never), is placed now and
//! `b` later, both open now and of the same effect. Exchange them. Each is possible where the other was, and
//! leaves behind what the other did. Real time allows it: both were invoked before now, so either may be
//! placed now; the later place is before the return of `b` and so before that of `a`, and nothing between
//! them was invoked after `b` returned. If `b` is [optional](super::optional) and not placed later at all, then
//! placing it now instead of `a` covers `a`, if they are plain writes, and nothing else becomes optional.
//!
//! The effect of a call is that of another if both are the same call, or if both are plain writes that leave
//! the same state behind. An operation of unknown outcome can do whatever one of the same function and
//! argument with a result does, so it waits for that one where both lead to the same state: by the same
//! exchange, or, if that one is optional and never placed later, by placing it and saving the unknown one.
//! (Symmetry of this kind is not in Wing and Gong 1993 nor in Lowe 2017.)

use super::super::configuration::Configuration;
use super::super::mask::Mask;

/// By slot, those of the same effect that return earlier.
pub struct Earlier<const N: usize> {
    slots: Vec<Mask<N>>,
}

impl<const N: usize> Earlier<N> {
    /// Nothing is open.
    pub(in super::super) fn new() -> Earlier<N> {
        Earlier { slots: vec![Mask::EMPTY; Mask::<N>::SLOTS] }
    }

    /// An operation was invoked; so far these were open with the same effect, `returned` tells when each
    /// returns.
    pub(in super::super) fn add(&mut self, slot: usize, same: Mask<N>, returned: impl Fn(usize) -> u32) {
        self.slots[slot] = Mask::EMPTY;
        for other in same.iter() {
            let (first, second) =
                if returned(other) < returned(slot) { (other, slot) } else { (slot, other) };
            self.slots[second] = self.slots[second] | Mask::of(first);
        }
    }

    /// An operation returned; these are still open with the same effect.
    pub(in super::super) fn remove(&mut self, slot: usize, same: Mask<N>) {
        for other in same.iter() {
            self.slots[other] = self.slots[other].without(Mask::of(slot));
        }
    }

    /// Whether another one goes before it.
    #[inline]
    pub(in super::super) fn holds_back(&self, slot: usize, configuration: &Configuration<N>) -> bool {
        self.slots[slot].meets(configuration.may)
    }
}
