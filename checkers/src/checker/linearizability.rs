//! Linearizability of registers: every operation takes effect at one moment between its invocation and its
//! return, and what it returned is right in that order (Herlihy and Wing 1990).
//!
//! ```text
//! process 0  ├─ write 1 ─┤    ├─ write 2 ─┤
//! process 1                                   ├─ read 1 ─┤       stale: write 2 had returned
//! ```
//!
//! A register has read, write, delete (a write of null) and cas. Keys are judged one by one, which is enough:
//! a history is linearizable if and only if each object's part is. Each verdict can be checked without
//! trusting the `search`: a valid one carries its order, which is checked here once more; an
//! invalid one carries a `core` of operations, few enough to be followed by hand.

use std::collections::BTreeMap;

use perjury_histories::{History, Key, Value};

use super::{Checker, Context, decide};
use crate::access::{Access, Accesses};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict, Witness};
use crate::words;

mod core;
mod explain;
#[cfg(test)]
mod oracle;
mod problem;
mod search;
mod witness;

use problem::Problem;
use search::Outcome;

/// See the [module](self).
pub struct Linearizability;

impl Checker for Linearizability {
    fn name(&self) -> &'static str {
        "linearizability"
    }

    fn about(&self) -> &'static str {
        "Every operation takes effect at one moment between its invocation and its return."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, || {
            let accesses = Accesses::of(history, &context.initial)?;
            let mut registers: BTreeMap<Option<&Key>, Vec<Access<'_>>> = BTreeMap::new();
            for access in accesses.iter() {
                registers.entry(access.key).or_default().push(*access);
            }
            Ok(judge(&registers, context))
        })
    }
}

fn judge(registers: &BTreeMap<Option<&Key>, Vec<Access<'_>>>, context: &Context) -> Verdict {
    let mut configurations = context.limits.configurations_max;
    let mut witness = Witness::default();
    let mut findings = Findings::default();
    let mut undecided = Vec::new();
    for (key, register) in registers {
        let problem = Problem::of(register, &context.initial);
        match search::search(&problem, &mut configurations) {
            Outcome::Order(order) => {
                let order: Vec<usize> = order.into_iter().map(|op| problem.ops[op].source).collect();
                let is_proof = witness::proves(register, &context.initial, &order);
                assert!(is_proof, "the order that the search found must explain the history");
                let indices = order.into_iter().map(|place| register[place].index()).collect();
                witness.0.push((key.cloned(), indices));
            }
            Outcome::Impossible => findings.push(anomaly(*key, register, &context.initial)),
            Outcome::GaveUp => undecided.push(format!(
                "{} operations{} need more than the configurations that are left of {}",
                register.len(),
                words::of_key("on", *key),
                context.limits.configurations_max
            )),
        }
    }
    findings.or(match undecided.is_empty() {
        true => Verdict::Valid(Some(witness)),
        false => Verdict::Unknown(undecided.join("; ")),
    })
}

fn anomaly(key: Option<&Key>, register: &[Access<'_>], initial: &Value) -> Anomaly {
    let core = core::minimize(register, initial);
    let explanation = explain::explain(&core, initial);
    Anomaly::new(AnomalyKind::NotLinearizable, key, core.iter().map(Access::index), explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::NotLinearizable;

    #[test]
    fn rejects_stale_read() {
        accepts(&Linearizability, "0:write(x,1) 0:write(x,2) 1:read(x)=2");
        let explanation =
            rejects(&Linearizability, "0:write(x,1) 0:write(x,2) 1:read(x)=1", NotLinearizable, &[0, 2, 4]);
        let headline = "process 1 read 1 of key x at event 5, although the write of 2 by process 0 had \
                        completed at event 3; no order explains these 3 operations: ";
        assert!(explanation.starts_with(headline), "{explanation}");
    }

    #[test]
    fn rejects_new_old_inversion() {
        let text = |last| format!("0:write(x,1)? 1:read(x)=1 2:read(x)={last} 0:ok");
        accepts(&Linearizability, &text("1"));
        rejects(&Linearizability, &text("null"), NotLinearizable, &[0, 1, 3]);
    }

    #[test]
    fn accepts_write_of_unknown_fate_either_way() {
        accepts(&Linearizability, "0:write(x,1) 2:write(x,2):info 1:read(x)=1 1:read(x)=2");
        accepts(&Linearizability, "0:write(x,1) 2:write(x,2):info 1:read(x)=1 1:read(x)=1");
        let back = "0:write(x,1) 2:write(x,2):info 1:read(x)=2 1:read(x)=1";
        rejects(&Linearizability, back, NotLinearizable, &[0, 2, 4, 6]);
    }

    /// Both orders of the first two writes make the same set, but only one of them leaves 1.
    #[test]
    fn tells_configurations_apart_by_their_value() {
        for ends in ["0:ok 1:ok", "1:ok 0:ok"] {
            let text = |seen| {
                format!(
                    "0:write(x,1)? 1:write(x,2)? {ends} 2:read(x)={seen} 3:write(x,1) 3:write(x,2) 4:read(x)=2"
                )
            };
            accepts(&Linearizability, &text("1"));
            accepts(&Linearizability, &text("2"));
            assert!(Linearizability.check(&history(&text("null")), &Context::default()).is_invalid());
        }
    }

    #[test]
    fn rejects_two_cas_of_one_value() {
        accepts(&Linearizability, "0:write(x,1) 1:cas(x,[1,2])? 2:cas(x,[1,3])? 1:ok 2:fail");
        let both = "0:write(x,1) 1:cas(x,[1,2])? 2:cas(x,[1,3])? 1:ok 2:ok";
        rejects(&Linearizability, both, NotLinearizable, &[0, 2, 3]);
    }

    #[test]
    fn judges_keys_apart() {
        accepts(&Linearizability, "0:write(x,1) 1:read(y)=null");
        rejects(&Linearizability, "0:write(x,1) 1:read(x)=null", NotLinearizable, &[0, 2]);
    }

    #[test]
    fn shows_garbage_alone() {
        let explanation = rejects(&Linearizability, "0:write(x,1) 1:read(x)=7", NotLinearizable, &[2]);
        assert!(explanation.contains("although nobody had written 7"), "{explanation}");
    }

    /// Without the first write of 1, its read would seem to come from the future: no proof of anything.
    #[test]
    fn leaves_a_write_out_of_the_core_only_with_what_observed_it() {
        let text =
            |seen| format!("0:write(x,3) 0:write(x,1) 1:read(x)=1 2:write(x,1)? 3:read(x)={seen} 2:ok");
        accepts(&Linearizability, &text(1));
        rejects(&Linearizability, &text(3), NotLinearizable, &[0, 2, 7]);
    }

    #[test]
    fn deletes_by_writing_null() {
        accepts(&Linearizability, "0:write(x,1) 0:delete(x) 1:read(x)=null");
        rejects(&Linearizability, "0:write(x,1) 0:delete(x) 1:read(x)=1", NotLinearizable, &[0, 2, 4]);
    }

    #[test]
    fn gives_an_order_as_witness() {
        let text = "0:write(x,1)? 1:write(x,2)? 0:ok 1:ok 2:read(x)=1 2:read(y)=null";
        let verdict = Linearizability.check(&history(text), &Context::default());
        let witness = Witness(vec![(Some("x".into()), vec![1, 0, 4]), (Some("y".into()), vec![6])]);
        assert_eq!(verdict, Verdict::Valid(Some(witness)));
    }

    #[test]
    fn gives_up_at_the_limit() {
        let mut context = Context::default();
        let check = |context: &Context| Linearizability.check(&history("0:write(x,1) 1:read(x)=1"), context);
        context.limits.configurations_max = 0;
        let Verdict::Unknown(reason) = check(&context) else { panic!("no limit") };
        assert!(reason.contains("2 operations on key x"), "{reason}");
        context.limits.configurations_max = 1;
        assert!(check(&context).is_valid());
    }
}
