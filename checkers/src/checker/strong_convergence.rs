//! Strong convergence: replicas that have received the same updates show the same state (Shapiro, Preguiça,
//! Baquero and Zawirski, "Conflict-free replicated data types", 2011).
//!
//! ```text
//! at node n1  ├─ append 1 to x ─┤ ok              ├─ final read of x ─┤ ok, [1]
//! at node n2                       everything heals   ├─ final read of x ─┤ ok, []        they diverge
//! ```
//!
//! Judged by what clients see, at the nodes that they were connected to, by reads marked final, which begin when
//! everything is delivered:
//!
//! - every node that was asked for anything has a final read of every key that any node has one of;
//! - final reads of a key are equal (an empty array is equal to nothing at all);
//! - what was ok before is in them: an appended element; for writes of which the greatest wins, a value at least
//!   as great as every one written or read before;
//! - no read holds what nobody may have written, and where the greatest write wins, no session reads less than
//!   it had read before.
//!
//! Operations are `read` and `write` of a key, or transactions (`txn`): lists of `["r", key, value]`,
//! `["append", key, element]`, `["w", key, value]`, and for stores where the greatest write wins
//! `["readAll", null, {key: value}]` and `["writeSome", null, {key: value}]`, where -1 is a key without value.
//! What replicas tell of themselves is judged by [`convergence`](super::convergence) instead.

use perjury_histories::History;

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::verdict::Verdict;

mod finals;
mod log;
mod rules;

use log::Log;

/// See the [module](self).
pub struct StrongConvergence;

impl Checker for StrongConvergence {
    fn name(&self) -> &'static str {
        "strong-convergence"
    }

    fn about(&self) -> &'static str {
        "The final reads at all nodes show the same, and everything that was acknowledged."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || judge(history, context))
    }
}

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    let log = Log::of(history, &context.initial)?;
    let all: Vec<_> = log.keys.iter().map(|(key, accesses)| (key, finals::shown(&log, accesses))).collect();
    if all.iter().all(|(_, shown)| shown.is_empty()) {
        return Err("no read that is marked final is ok, and names its node".to_owned());
    }
    if log.nodes.len() < 2 {
        return Err("only one node was asked for anything: there is nothing to converge".to_owned());
    }
    let mut findings = Findings::default();
    findings.extend(rules::missing(&log, &all));
    for ((key, shown), accesses) in all.iter().zip(log.keys.values()) {
        match rules::divergent(key, shown) {
            Some(anomaly) => findings.push(anomaly),
            None => findings.extend(rules::lost(key, accesses, shown)),
        }
        findings.extend(rules::garbage(key, accesses));
        findings.extend(rules::decreasing(key, accesses));
    }
    Ok(findings.or_valid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind;

    const CHECKER: &StrongConvergence = &StrongConvergence;

    #[test]
    fn rejects_final_reads_that_differ() {
        accepts(CHECKER, "0:write(x,1)/n1 0:read!(x)/n1=1 1:read!(x)/n2=1");
        let text = "0:write(x,1)/n1 0:read!(x)/n1=1 1:read!(x)/n2=null";
        let why = rejects(CHECKER, text, AnomalyKind::Divergence, &[2, 4]);
        assert_eq!(
            why,
            "node n1 finally showed 1 under key x (process 0 at event 3), and node n2 showed nothing (process 1 at \
             event 5)"
        );
        let text = "0:write(x,1)/n1 0:write(x,2)/n1 0:read!(x)/n1=1 0:read!(x)/n1=2 1:read!(x)/n2=1";
        rejects(CHECKER, text, AnomalyKind::Divergence, &[4, 6]);
    }

    #[test]
    fn rejects_node_without_final_read() {
        let text = "0:write(x,1)/n1 1:write(y,1)/n2 0:read!(x)/n1=1";
        let why = rejects(CHECKER, text, AnomalyKind::MissingFinalRead, &[2]);
        assert!(why.starts_with("node n2 served process 1 at event 3, but no final read of key x"), "{why}");
        accepts(CHECKER, "0:write(x,1)/n1 1:write(y,1)/n2 0:read!(x)/n1=1 1:read!(x)/n2=1");
    }

    #[test]
    fn rejects_lost_append() {
        let text = |end| {
            format!(
                r#"0:txn(_,[["append","x",1]])/n1 1:txn!(_,[["r","x",null]])/n1=[["r","x",{end}]]
               2:txn!(_,[["r","x",null]])/n2=[["r","x",{end}]]"#
            )
        };
        accepts(CHECKER, &text("[1]"));
        let why = rejects(CHECKER, &text("[]"), AnomalyKind::LostElement, &[0, 2]);
        assert_eq!(
            why,
            "process 0 appended 1 to key x at event 1, but the final read of process 1 at event 3 does not hold it"
        );
    }

    #[test]
    fn owes_final_reads_only_what_was_ok_before() {
        let text = r#"0:txn(_,[["append","x",1]])/n1 0:txn(_,[["append","x",2]])/n1?
            1:txn!(_,[["r","x",null]])/n1=[["r","x",[1]]] 0:ok 2:txn!(_,[["r","x",null]])/n2=[["r","x",[1]]]"#;
        accepts(CHECKER, text);
    }

    #[test]
    fn rejects_read_of_what_was_written_later() {
        let text = r#"1:txn(_,[["r","x",null]])/n1=[["r","x",[1]]] 0:txn(_,[["append","x",1]])/n1
            1:txn!(_,[["r","x",null]])/n1=[["r","x",[1]]] 2:txn!(_,[["r","x",null]])/n2=[["r","x",[1]]]"#;
        rejects(CHECKER, text, AnomalyKind::GarbageRead, &[0]);
    }

    #[test]
    fn rejects_final_reads_below_what_another_session_read() {
        let text = |end| {
            format!(
                r#"0:txn(_,[["writeSome",null,{{"x":3}}]])/n1:info
                   3:txn(_,[["readAll",null,{{}}]])/n1=[["readAll",null,{{"x":3}}]]
                   1:txn!(_,[["readAll",null,{{}}]])/n1=[["readAll",null,{{"x":{end}}}]]
                   2:txn!(_,[["readAll",null,{{}}]])/n2=[["readAll",null,{{"x":{end}}}]]"#
            )
        };
        accepts(CHECKER, &text(3));
        rejects(CHECKER, &text(-1), AnomalyKind::LostWrite, &[2, 4]);
    }

    #[test]
    fn rejects_lost_greatest_write() {
        let text = |value| {
            format!(
                r#"0:txn(_,[["writeSome",null,{{"x":3}}]])/n1 1:txn!(_,[["readAll",null,{{}}]])/n1=[["readAll",null,{value}]]
               2:txn!(_,[["readAll",null,{{}}]])/n2=[["readAll",null,{value}]]"#
            )
        };
        accepts(CHECKER, &text(r#"{"x":3}"#));
        rejects(CHECKER, &text(r#"{"x":-1}"#), AnomalyKind::LostWrite, &[0, 2]);
        rejects(CHECKER, &text("{}"), AnomalyKind::LostWrite, &[0, 2]);
    }

    #[test]
    fn rejects_what_nobody_wrote() {
        let text = |written, fate| {
            format!(
                r#"0:txn(_,[["append","x",{written}]])/n1:{fate} 1:txn!(_,[["r","x",null]])/n1=[["r","x",[1]]]
               2:txn!(_,[["r","x",null]])/n2=[["r","x",[1]]]"#
            )
        };
        accepts(CHECKER, &text(1, "info"));
        let verdict = CHECKER.check(&history(&text(1, "fail")), &Context::default());
        assert_eq!(verdict.anomalies()[0].kind, AnomalyKind::GarbageRead, "{verdict:?}");
        assert!(CHECKER.check(&history(&text(2, "info")), &Context::default()).is_invalid());
    }

    #[test]
    fn accepts_the_initial_value() {
        let seven = Context { initial: 7.into(), ..Context::default() };
        accepts_in(&seven, CHECKER, "0:write(x,1)/n1:fail 0:read!(x)/n1=7 1:read!(x)/n2=7");
        let text = "0:write(x,1)/n1:fail 0:read!(x)/n1=7 1:read!(x)/n2=7";
        assert!(CHECKER.check(&history(text), &Context::default()).is_invalid());
    }

    #[test]
    fn rejects_greatest_write_that_decreases() {
        let text = |first, second| {
            format!(
                r#"0:txn(_,[["writeSome",null,{{"x":1}}]])/n1 0:txn(_,[["writeSome",null,{{"x":2}}]])/n1
               1:txn(_,[["readAll",null,{{}}]])/n2=[["readAll",null,{{"x":{first}}}]]
               1:txn(_,[["readAll",null,{{}}]])/n2=[["readAll",null,{{"x":{second}}}]]
               0:txn!(_,[["readAll",null,{{}}]])/n1=[["readAll",null,{{"x":2}}]]
               1:txn!(_,[["readAll",null,{{}}]])/n2=[["readAll",null,{{"x":2}}]]"#
            )
        };
        accepts(CHECKER, &text(1, 2));
        let why = rejects(CHECKER, &text(2, 1), AnomalyKind::MonotonicReads, &[4, 6]);
        assert!(why.contains("read 1 of key x at event 7, after 2 at event 5"), "{why}");
    }

    #[test]
    fn is_unsure_without_final_reads_of_two_nodes() {
        assert!(is_unsure(CHECKER, "0:write(x,1)/n1 0:read(x)/n1=1").contains("marked final"));
        assert!(is_unsure(CHECKER, "0:write(x,1)/n1 0:read!(x)/n1=1").contains("only one node"));
        assert!(is_unsure(CHECKER, "0:write(x,1)/n1 0:pop(x)/n1=1").starts_with("event 2"));
        assert!(is_unsure(CHECKER, "0:txn(_,[[1]])/n1").starts_with("event 0"));
    }
}
