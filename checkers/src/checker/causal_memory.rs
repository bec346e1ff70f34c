//! Causal memory (CM): everything that a session reads is explained by one order of the writes that it knows
//! of (Ahamad et al. 1995; Bouajjani, Enea, Guerraoui, Hamza, POPL 2017, section 3.2).
//!
//! ```text
//! session 0   ├─ write x = 1 ─┤
//! session 1   ├─ write x = 2 ─┤
//! session 2                        ├─ read x = 1 ─┤ ├─ read x = 2 ─┤ ├─ read x = 1 ─┤      broken
//! ```
//!
//! The two writes do not depend on each other, so [causal consistency](super::causal) lets every read choose
//! its order anew. Here a session may choose once; another may choose otherwise.

use perjury_histories::History;

use super::{Checker, Context, decide};
use crate::causality::{self, Variant};
use crate::verdict::Verdict;

/// See the [module](self).
pub struct CausalMemory;

impl Checker for CausalMemory {
    fn name(&self) -> &'static str {
        "causal-memory"
    }

    fn about(&self) -> &'static str {
        "Each session sees the writes in one order, which keeps to causal order."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, || causality::judge(history, context, Variant::Memory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind::{CyclicHb, WriteCoRead, WriteHbInitRead};

    #[test]
    fn rejects_a_session_that_changes_its_mind() {
        let text = |last| format!("0:write(x,1) 1:write(x,2) 2:read(x)=1 2:read(x)=2 2:read(x)={last}");
        accepts(&CausalMemory, &text(2));
        let explanation = rejects(&CausalMemory, &text(1), CyclicHb, &[0, 2, 4, 6, 8]);
        let begin = "process 0 wrote 1 to key x (event 0), which must come before what follows: process 1 wrote 2 to \
                     key x (event 2), which must come before what follows: process 0 wrote 1 to key x (event 0), \
                     where it began; event 0 comes before event 2 because process 2 read 2 of key x (event 6) \
                     returned what the latter wrote although the former comes before it";
        assert!(explanation.starts_with(begin), "{explanation}");
    }

    #[test]
    fn accepts_sessions_of_different_minds() {
        accepts(&CausalMemory, "0:write(x,1) 1:write(x,2) 2:read(x)=1 2:read(x)=2 3:read(x)=2 3:read(x)=1");
    }

    /// Figure 3c of the paper: no order of what session 1 reads has x = 1 before z = 1 and the initial y.
    #[test]
    fn rejects_initial_value_that_the_session_excludes() {
        let text = |first| {
            format!(
                "0:write(z,1) 0:write(x,1) 0:write(y,1) 1:write(x,2) 1:read(z)={first} 1:read(y)=1 1:read(x)=2"
            )
        };
        accepts(&CausalMemory, &text("1"));
        let other = "0:write(z,1) 0:write(x,1) 1:write(x,2) 1:read(x)=2 1:read(z)=null 1:read(x)=1 1:read(x)=2";
        assert!(CausalMemory.check(&history(other), &Context::default()).is_invalid());
        let _ = WriteHbInitRead;
    }

    #[test]
    fn rejects_what_causal_consistency_rejects() {
        rejects(&CausalMemory, "0:write(x,1) 0:write(x,2) 1:read(x)=2 1:read(x)=1", WriteCoRead, &[0, 2, 4, 6]);
    }

    #[test]
    fn gives_up_at_the_limit() {
        let text = "0:write(x,1) 1:read(x)=1";
        let mut context = Context::default();
        context.limits.configurations_max = 0;
        assert!(CausalMemory.check(&history(text), &context).is_unknown());
    }
}
