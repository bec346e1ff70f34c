//! Once a plain write has been placed, every other plain write that is open has become optional.
//!
//! ```text
//! ├──── write 1 ────┤
//! ├── write 2 ──┤               write 2 is placed: write 1 can be imagined just before it, where nobody sees
//!                ├─ read 2 ─┤   it; or it may come later, for real
//! ```
//!
//! Proof. Let `w` be placed now, and `y` be another plain write, open and not placed. If `y` is never placed
//! later, put it just before `w`: a plain write is possible in every state, and `w` leaves the same state
//! behind whatever it meets, so every operation meets the state it met without `y`. Real time allows it:
//! what returned before `y` was invoked has been placed before now, and what is invoked after `y` returns is
//! placed after now. So an order that leaves out `y` is as good as one with `y`, and `y` need not
//! be placed; that it may still be placed later, for real, is as before.
//!
//! A write that was placed for real does not become optional again: what it wrote may have been read.
//! And a write of the value already there makes the others optional like any other: state 5, writes of 3 and
//! 5 open, cas 5 to 6 ok, write 3 ok, read 6 is valid (3, 5, cas), because the write of 5 covers that of 3.
//!
//! An optional operation is better than one that must be placed and than one that was placed already,
//! all else being equal: whatever follows from those follows from it. See [dominance](super::dominance).

use super::super::configuration::Configuration;
use super::super::mask::Mask;

impl<const N: usize> Configuration<N> {
    /// A plain write has been placed; these plain writes are open.
    pub(in super::super) fn cover(&mut self, open_overwrites: Mask<N>) {
        self.must = self.must.without(open_overwrites);
    }
}
