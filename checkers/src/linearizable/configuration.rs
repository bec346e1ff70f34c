//! What one way of ordering everything until now has led to.

use super::mask::Mask;
use super::trail::ROOT;

/// What one way of ordering everything until now has led to. It does not grow with the history.
#[derive(Clone, Copy, Debug)]
pub struct Configuration<const N: usize> {
    /// The state of the object.
    pub(super) state: u32,
    /// How many operations of unknown outcome it has used.
    pub(super) tally: u32,
    /// The open operations that must still be placed.
    pub(super) must: Mask<N>,
    /// The open operations that may still be placed (without those that are pure, if these are pruned).
    pub(super) may: Mask<N>,
    /// How it came about, in the trail.
    pub(super) trail: u32,
    /// Whether a plain write placed next would have done as well without what was placed last: see
    /// [`idle`](super::pruning::idle).
    pub(super) is_idle: bool,
}

impl<const N: usize> Configuration<N> {
    /// Nothing is open, in the initial state.
    pub(super) fn start() -> Configuration<N> {
        Configuration { state: 0, tally: 0, must: Mask::EMPTY, may: Mask::EMPTY, trail: ROOT, is_idle: false }
    }

    /// The operations of these bits are placed, or need not be.
    pub(super) fn close(&mut self, bits: Mask<N>) {
        self.must = self.must.without(bits);
        self.may = self.may.without(bits);
    }
}
