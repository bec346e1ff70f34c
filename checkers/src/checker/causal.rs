//! Causal consistency (CC): each read is explained by what comes before it in causal order (Ahamad et al.
//! 1995; Bouajjani, Enea, Guerraoui, Hamza, POPL 2017, section 3.2).
//!
//! ```text
//! session 0   ├─ write x = 1 ─┤ ├─ write y = 1 ─┤
//! session 1                          ├─ read y = 1 ─┤ ├─ read x: nothing ─┤       broken: 1 comes before it
//! ```
//!
//! Sessions may disagree on the order of writes that do not depend on each other, and one session may even
//! change its mind about it. Two stronger notions forbid this: [causal memory](super::causal_memory) and
//! [causal convergence](super::causal_convergence).

use perjury_histories::History;

use super::{Checker, Context, decide};
use crate::causality::{self, Variant};
use crate::verdict::Verdict;

/// See the [module](self).
pub struct Causal;

impl Checker for Causal {
    fn name(&self) -> &'static str {
        "causal"
    }

    fn about(&self) -> &'static str {
        "Whoever sees a write sees everything that its session had seen or done before it."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || causality::judge(history, context, Variant::Causal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind::{CyclicCo, ThinAirRead, WriteCoInitRead, WriteCoRead};
    use crate::verdict::Count;

    #[test]
    fn rejects_initial_value_after_a_dependent_write() {
        let text = |last| format!("0:write(x,1) 0:write(y,1) 1:read(y)=1 1:read(x)={last}");
        accepts(&Causal, &text("1"));
        let explanation = rejects(&Causal, &text("null"), WriteCoInitRead, &[0, 2, 4, 6]);
        assert_eq!(
            explanation,
            "process 0 wrote 1 to key x (event 0), then in the same session process 0 wrote 1 to key y (event 2), \
             from which process 1 read 1 of key y (event 4), then in the same session process 1 read nothing of \
             key x (event 6): it returned the initial value although the write of event 0 comes before it"
        );
    }

    #[test]
    fn rejects_what_was_overwritten_in_causal_order() {
        let text = |last| format!("0:write(x,1) 0:write(x,2) 1:read(x)=2 1:read(x)={last}");
        accepts(&Causal, &text("2"));
        rejects(&Causal, &text("1"), WriteCoRead, &[0, 2, 4, 6]);
    }

    #[test]
    fn counts_stale_reads_that_are_not_listed_and_stops_at_a_circle() {
        let stale = "0:write(x,1) 0:write(x,2) 1:read(x)=2".to_owned() + &" 1:read(x)=1".repeat(20);
        let verdict = Causal.check(&history(&stale), &Context::default());
        assert_eq!(
            (verdict.anomalies().len(), verdict.count()),
            (16, Count { found: 20, may_be_more: false })
        );
        let circle = "0:read(x)=1 0:write(y,1) 1:read(y)=1 1:write(x,1)";
        let verdict = Causal.check(&history(circle), &Context::default());
        assert_eq!(verdict.count(), Count { found: 1, may_be_more: true }, "{verdict:?}");
    }

    #[test]
    fn accepts_concurrent_writes_in_any_order() {
        accepts(
            &Causal,
            "0:write(x,1) 1:write(x,2) 2:read(x)=1 2:read(x)=2 2:read(x)=1 3:read(x)=2 3:read(x)=1",
        );
    }

    #[test]
    fn rejects_a_circle_of_causes() {
        accepts(&Causal, "0:read(x)=1 0:write(y,1) 1:read(y)=null 1:write(x,1)");
        rejects(&Causal, "0:read(x)=1 0:write(y,1) 1:read(y)=1 1:write(x,1)", CyclicCo, &[0, 2, 4, 6]);
    }

    #[test]
    fn rejects_what_nobody_wrote() {
        accepts(&Causal, "0:write(x,1):info 1:read(x)=1");
        rejects(&Causal, "0:write(x,1):fail 1:read(x)=1", ThinAirRead, &[2]);
    }

    #[test]
    fn passes_causes_on_through_compare_and_set() {
        let text =
            |last| format!("0:write(x,1) 0:write(y,1) 1:cas(y,[1,2]):info 2:read(y)=2 2:read(x)={last}");
        accepts(&Causal, &text("1"));
        rejects(&Causal, &text("null"), WriteCoInitRead, &[0, 2, 4, 6, 8]);
    }

    #[test]
    fn does_not_put_a_session_behind_an_unknown_outcome() {
        let text =
            |ending| format!("0s7:write(x,1){ending} 1s7:write(y,1) 2:read(x)=1 3:read(y)=1 3:read(x)=null");
        accepts(&Causal, &text(":info"));
        rejects(&Causal, &text(":ok"), WriteCoInitRead, &[0, 2, 6, 8]);
    }

    #[test]
    fn takes_a_transaction_as_a_whole() {
        let text = |x| {
            format!(
                r#"0:txn(_,[["writeSome",null,{{"x":1}}]]) 0:txn(_,[["writeSome",null,{{"z":1}}]])
                   1:txn(_,[["readAll",null,{{"x":{x},"z":1}}]])"#
            )
        };
        accepts(&Causal, &text("1"));
        rejects(&Causal, &text("null"), WriteCoInitRead, &[0, 2, 4]);
    }

    #[test]
    fn is_unsure_when_a_value_is_written_twice() {
        assert!(is_unsure(&Causal, "0:write(x,1) 1:write(x,1) 2:read(x)=1").contains("event 2"));
    }
}
