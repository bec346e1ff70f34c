//! A plain write does not follow what nobody needed before it.
//!
//! ```text
//! ├──── write 1 ────┤              write 2 comes at once, and covers write 1; write 1 and then write 2 is
//! ├── write 2 ──┤                  not tried, unless a read of 1 that is open has matched in between
//! ```
//!
//! Proof. Let a configuration come from another one by placing, at this same return, a plain write or an
//! operation of unknown outcome, `y`, and let no pure operation match that did not match before. A plain
//! write `w` placed now leads to the same state as `w` placed without `y`, and that was tried: everything that
//! can follow the configuration without `y` is. All else is equal or better without `y`: if `y` is a plain
//! write, it is then [optional](super::optional), covered by `w`, instead of used; if its outcome is unknown, one
//! fewer is used; and no other operation is placed by either way. If `w` was not tried there, because another
//! one of the same effect [goes first](super::deadline), then either it goes first here too, or it is `y`;
//! and then `w` leads back to the state of `y`, with more used.
//!
//! This holds within one return: at the next one, what leads here is gone.

use super::super::configuration::Configuration;
use super::super::mask::Mask;

impl<const N: usize> Configuration<N> {
    /// These pure operations match now; those that were placed before do not count.
    pub(in super::super) fn match_pure(&mut self, matching: Mask<N>) {
        self.is_idle &= !self.must.meets(matching);
        self.must = self.must.without(matching);
    }
}
