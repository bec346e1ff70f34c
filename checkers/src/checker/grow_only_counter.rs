//! Grow-only counter: a [PN-counter](super::pn_counter) to which nothing below zero is added.
//!
//! ```text
//! process 0  ├─ add 2 ─┤ ok      ├─ add 1 ──── outcome unknown
//! process 1                                ├─ final read ─┤ ok, 2 or 3
//! ```
//!
//! An add of an amount below zero is no operation on it, and makes the verdict unknown.

use perjury_histories::{History, Operation};

use super::{Checker, Context, Undecided, decide, pn_counter};
use crate::numbers::integer;
use crate::verdict::Verdict;

/// See the [module](self).
pub struct GrowOnlyCounter;

impl Checker for GrowOnlyCounter {
    fn name(&self) -> &'static str {
        "grow-only-counter"
    }

    fn about(&self) -> &'static str {
        "Every final read of a counter that never goes down is the sum of what was, or may have been, added."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || pn_counter::judge(history, context, grows))
    }
}

fn grows(add: Operation<'_>) -> Result<(), Undecided> {
    match integer(add.argument()) {
        Some(..0) => Err(format!("event {}: a grow-only counter takes no amount below zero", add.index())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind;

    #[test]
    fn rejects_final_read_that_lacks_an_add() {
        accepts(&GrowOnlyCounter, "0:add(_,2) 0:add(_,1):info 1:read!()=2");
        rejects(&GrowOnlyCounter, "0:add(_,2) 0:add(_,1) 1:read!()=2", AnomalyKind::OutOfRangeRead, &[4]);
    }

    #[test]
    fn is_unsure_of_adds_below_zero() {
        assert!(is_unsure(&GrowOnlyCounter, "0:add(_,2) 0:add(_,-1) 1:read!()=1").starts_with("event 2"));
        accepts(&GrowOnlyCounter, "0:add(_,2) 0:add(_,-1):fail 1:read!()=2");
    }
}
