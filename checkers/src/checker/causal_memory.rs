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
        decide(history, context, || causality::judge(history, context, Variant::Memory))
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

    /// Session 1 knows of both writes of x and read 2: so 1 was before 2, and with it the write of y.
    #[test]
    fn rejects_initial_value_that_a_later_read_excludes() {
        let text = |y| {
            format!(
                "0:write(y,1) 0:write(x,1) 0:write(z,1) 1:write(x,2) 1:read(y)={y} 1:read(z)=1 1:read(x)=2"
            )
        };
        accepts(&CausalMemory, &text("1"));
        rejects(&CausalMemory, &text("null"), WriteHbInitRead, &[0, 2, 4, 6, 8, 10, 12]);
    }

    /// That x = 1 comes before x = 2 puts y = 1 before the second read of y, and so before y = 2, and only then
    /// is u = 1 before the read of u.
    #[test]
    fn rejects_what_takes_two_conclusions() {
        let text = |u| {
            format!(
                "0:write(u,1) 0:write(y,1) 0:write(x,1) 0:write(z,1) 3:write(y,2) 1:read(y)=2 1:read(u)={u} \
                 1:write(x,2) 1:read(y)=2 1:read(z)=1 1:read(x)=2"
            )
        };
        accepts(&CausalMemory, &text("1"));
        let every = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20];
        let explanation = rejects(&CausalMemory, &text("null"), WriteHbInitRead, &every);
        assert_eq!(explanation.matches(" comes before event ").count(), 2, "{explanation}");
    }

    #[test]
    fn rejects_what_causal_consistency_rejects() {
        rejects(
            &CausalMemory,
            "0:write(x,1) 0:write(x,2) 1:read(x)=2 1:read(x)=1",
            WriteCoRead,
            &[0, 2, 4, 6],
        );
    }

    #[test]
    fn gives_up_at_the_limit() {
        let text = "0:write(x,1) 1:read(x)=1";
        let mut context = Context::default();
        context.limits.configurations_max = 0;
        assert!(CausalMemory.check(&history(text), &context).is_unknown());
    }
}
