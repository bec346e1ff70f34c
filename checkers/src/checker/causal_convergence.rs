//! Causal convergence (CCv): everything that anybody reads is explained by one order of all writes, which
//! keeps to causal order (Bouajjani, Enea, Guerraoui, Hamza, POPL 2017, section 3.3; Burckhardt, "Principles
//! of eventual consistency", 2014).
//!
//! ```text
//! session 0   ├─ write x = 1 ─┤        ├─ read x = 2 ─┤
//! session 1   ├─ write x = 2 ─┤        ├─ read x = 1 ─┤       broken: each puts its own write before
//! ```
//!
//! Whoever knows of both writes agrees on which one counts, as with last-write-wins. A read may still miss
//! writes that it need not know of.

use perjury_histories::History;

use super::{Checker, Context, decide};
use crate::causality::{self, Variant};
use crate::verdict::Verdict;

/// See the [module](self).
pub struct CausalConvergence;

impl Checker for CausalConvergence {
    fn name(&self) -> &'static str {
        "causal-convergence"
    }

    fn about(&self) -> &'static str {
        "All sessions agree on one order of the writes, which keeps to causal order."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || causality::judge(history, context, Variant::Convergence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind::{CyclicCf, WriteCoInitRead};

    #[test]
    fn rejects_sessions_of_different_minds() {
        let text = |last| format!("0:write(x,1) 1:write(x,2) 0:read(x)=2 1:read(x)={last}");
        accepts(&CausalConvergence, &text(2));
        rejects(&CausalConvergence, &text(1), CyclicCf, &[0, 2, 4, 6]);
    }

    #[test]
    fn accepts_a_read_that_misses_what_it_need_not_know() {
        accepts(
            &CausalConvergence,
            "0:write(x,1) 1:write(x,2) 2:read(x)=1 2:read(x)=2 3:read(x)=1 3:read(x)=2",
        );
    }

    #[test]
    fn rejects_what_causal_consistency_rejects() {
        let text = "0:write(x,1) 0:write(y,1) 1:read(y)=1 1:read(x)=null";
        rejects(&CausalConvergence, text, WriteCoInitRead, &[0, 2, 4, 6]);
    }
}
