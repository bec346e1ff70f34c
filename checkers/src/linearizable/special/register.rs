//! Registers in which every value that is observed was written once (Gibbons and Korach, "Testing Shared
//! Memories", SIAM J. Comput. 26(4), 1997, section 4.1: reads-from known), with compare-and-set.
//!
//! A value's **cluster** is the operation that wrote it and all that read it. In a linearization nothing
//! stands between them, so clusters are put in order as a whole. Two moments of a cluster matter: the first
//! return `f` and the last invocation `s` of its operations. Cluster U must precede W exactly when some
//! operation of U returned before some operation of W was invoked: `f(U) < s(W)`.
//!
//! ```text
//!     write 1 ├──┤                         f(1) = 3, s(1) = 12
//!     read = 1                ├──┤
//!     write 2      ├──┤                    f(2) = 8, s(2) = 5: 1 must precede 2, for 3 < 5,
//!              0   5   10   15   20        and 2 must precede 1, for 8 < 12: impossible
//! ```
//!
//! **Theorem.** Some order of the clusters suits real time exactly when no two must precede each other; then
//! the order by `min(f, s)` does. *Proof.* Let U stand before W in it, although W must precede U: `f(W) < s(U)`.
//! Since `min(f(U), s(U)) <= f(W)`, that minimum is `f(U)`; and `f(U) <= min(f(W), s(W)) <= s(W)`, so U must
//! precede W, too. ∎ Within a cluster the write goes first, which suits real time unless a read returned before
//! the write was invoked; the reads follow by invocation.
//!
//! **Compare-and-set.** `cas(old, new)` reads old and writes new, so the cluster of old stands directly before
//! that of new: clusters are joined to chains, whose order inside is given, and which have the same two moments
//! as a whole. Two that took effect on one value cannot both stand directly after it; and a circle of them has
//! no beginning. `cas(a, a)` is a read of a. The initial value is a cluster that begins before everything.
//!
//! **Unknown outcomes.** A write or cas that never returned took effect if its value was observed (by something
//! that took effect itself), and ends never. Otherwise it can be left out: take it out of any linearization,
//! and nothing that is left had observed its value; for a cas, what stood after its cluster now stands after
//! the cluster of old. Reads without a result are left out.

mod chains;
mod clusters;
#[cfg(test)]
mod tests;

use self::clusters::Clusters;
use super::{Answer, Operation};

/// What was asked of the register, and what it answered, by the ids of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Wrote this value.
    Write(u32),
    /// Read this value.
    Read(u32),
    /// Found the first value and wrote the second.
    Cas(u32, u32),
}

impl Call {
    /// The value that it brings.
    fn written(self) -> Option<u32> {
        match self {
            Call::Write(value) => Some(value),
            Call::Cas(old, new) if old != new => Some(new),
            Call::Cas(..) | Call::Read(_) => None,
        }
    }

    /// The value that it met.
    fn observed(self) -> Option<u32> {
        match self {
            Call::Write(_) => None,
            Call::Cas(value, _) | Call::Read(value) => Some(value),
        }
    }
}

/// Whether these operations on one register, which holds `initial` at first, are linearizable.
pub(crate) fn linearize(operations: &[Operation<Call>], initial: u32) -> Answer {
    let order = Clusters::of(operations, initial).and_then(|clusters| {
        let order = chains::order(&clusters)?;
        Ok(clusters.operations_by(&order))
    });
    order.map_or_else(|answer| answer, Answer::Order)
}
