//! Causal reverse: a read saw a write, but not another one that had completed before it began; strict
//! serializability forbids it (Jepsen's test of this name, first met in CockroachDB, 2017).
//!
//! ```text
//! process 0  ├─ write 1 ─┤
//! process 1                 ├─ write 2 ─┤
//! process 2               ├────────── read: [2] ──────────┤       2 is there, 1 is not
//! ```
//!
//! A `read` returns an array of what was written so far, under its key if it has one; each value is written
//! once. What it must hold is given by the last to begin of the writes that it saw: everything that had
//! completed by then. It may miss whatever came later.

use std::collections::BTreeMap;

use perjury_histories::{Fate, History, Key, Operation, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct CausalReverse;

impl Checker for CausalReverse {
    fn name(&self) -> &'static str {
        "causal-reverse"
    }

    fn about(&self) -> &'static str {
        "Whoever sees a write sees all writes that had completed before it began."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let mut lists: BTreeMap<Option<&Key>, List<'_>> = BTreeMap::new();
            for operation in history.operations() {
                lists.entry(operation.key()).or_default().add(operation)?;
            }
            if lists.values().all(|list| list.reads.is_empty()) {
                return Err("no read is ok".to_owned());
            }
            let mut findings = Findings::default();
            lists.values_mut().for_each(|list| list.judge(&mut findings));
            Ok(findings.or_valid())
        })
    }
}

/// The writes and reads of one key.
#[derive(Default)]
struct List<'a> {
    writes: FxHashMap<&'a Value, Operation<'a>>,
    /// Writes that are ok, in the order of their returns once they are sorted.
    completed: Vec<(usize, &'a Value)>,
    reads: Vec<(Operation<'a>, &'a [Value])>,
}

impl<'a> List<'a> {
    fn add(&mut self, operation: Operation<'a>) -> Result<(), Undecided> {
        let problem = |what: &str| Err(format!("event {}: {what}", operation.index()));
        match (operation.function(), operation.result()) {
            ("write", _) => {
                let value = operation.argument();
                if operation.fate() == Fate::Ok {
                    self.completed.extend(operation.returned_at().map(|returned_at| (returned_at, value)));
                }
                if self.writes.insert(value, operation).is_some() {
                    return problem(&format!("writes {value} a second time"));
                }
            }
            ("read", Some(Value::Array(seen))) => self.reads.push((operation, seen)),
            ("read", Some(_)) => return problem("a read must return an array"),
            ("read", None) => {}
            (other, _) => return problem(&format!("{other} is neither a write nor a read of all writes")),
        }
        Ok(())
    }

    fn judge(&mut self, findings: &mut Findings) {
        self.completed.sort_unstable_by_key(|(returned_at, _)| *returned_at);
        for (read, seen) in &self.reads {
            let mut latest: Option<Operation<'a>> = None;
            for value in *seen {
                match self.writes.get(value).filter(|write| write.fate() != Fate::Fail) {
                    None => findings.push(garbage(*read, value)),
                    Some(write) if latest.is_none_or(|other| other.invoked_at() < write.invoked_at()) => {
                        latest = Some(*write);
                    }
                    Some(_) => {}
                }
            }
            let missing = latest.and_then(|latest| Some((self.missing(seen, latest)?, latest)));
            findings.extend(missing.map(|(missing, latest)| anomaly(*read, missing, latest)));
        }
    }

    /// The first write that had completed before this one began, and is not among what was seen.
    fn missing(&self, seen: &'a [Value], latest: Operation<'a>) -> Option<Operation<'a>> {
        let before = self.completed.partition_point(|(returned_at, _)| *returned_at < latest.invoked_at());
        let seen: FxHashSet<&Value> = seen.iter().collect();
        let mut before = self.completed[..before].iter();
        before.find(|(_, value)| !seen.contains(value)).and_then(|(_, value)| self.writes.get(value).copied())
    }
}

fn garbage(read: Operation<'_>, value: &Value) -> Anomaly {
    let explanation = format!("{}, although no write of {value} succeeded", words::deed_and_event(read));
    Anomaly::new(AnomalyKind::GarbageRead, read.key(), [read.index()], explanation)
}

fn anomaly(read: Operation<'_>, missing: Operation<'_>, latest: Operation<'_>) -> Anomaly {
    let explanation = format!(
        "{}: it saw that {}, but not that {}, which had completed before the other began",
        words::deed_and_event(read),
        words::deed_and_event(latest),
        words::deed_and_event(missing)
    );
    let shown = [missing, latest, read].map(|operation| operation.index());
    Anomaly::new(AnomalyKind::CausalReverse, read.key(), shown, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::{CausalReverse as Kind, GarbageRead};

    #[test]
    fn rejects_the_second_write_without_the_first() {
        let text = |seen| format!("0:write(_,1) 1:write(_,2) 2:read()={seen}");
        accepts(&CausalReverse, &text("[1]"));
        accepts(&CausalReverse, &text("[1,2]"));
        let explanation = rejects(&CausalReverse, &text("[2]"), Kind, &[0, 2, 4]);
        assert_eq!(
            explanation,
            "process 2 read [2] (event 4): it saw that process 1 wrote 2 (event 2), but not that process 0 wrote 1 \
             (event 0), which had completed before the other began"
        );
    }

    #[test]
    fn accepts_either_of_two_concurrent_writes() {
        accepts(&CausalReverse, "0:write(_,1)? 1:write(_,2) 0:ok 2:read()=[2] 2:read()=[1]");
        accepts(&CausalReverse, "0:write(_,1):info 1:write(_,2) 2:read()=[2] 2:read()=[1,2]");
    }

    #[test]
    fn judges_keys_apart() {
        accepts(&CausalReverse, "0:write(x,1) 1:write(y,2) 2:read(y)=[2] 2:read(x)=[]");
        rejects(&CausalReverse, "0:write(y,1) 1:write(y,2) 2:read(y)=[2] 2:read(x)=[]", Kind, &[0, 2, 4]);
    }

    #[test]
    fn rejects_what_was_not_written() {
        rejects(&CausalReverse, "0:write(_,1):fail 2:read()=[1]", GarbageRead, &[2]);
    }

    #[test]
    fn is_unsure_of_other_histories() {
        assert!(is_unsure(&CausalReverse, "0:write(_,1) 0:write(_,1) 0:read()=[1]").contains("event 2"));
        assert!(is_unsure(&CausalReverse, "0:write(_,1) 0:read()=1").contains("event 2"));
        assert!(is_unsure(&CausalReverse, "0:cas(_,[1,2])").contains("event 0"));
        is_unsure(&CausalReverse, "0:write(_,1)");
    }

    /// All interleavings of three writes with any set read, against the definition.
    #[test]
    fn agrees_with_the_definition_on_all_small_histories() {
        for code in 0..27_usize {
            // Each write begins with the one before it, after it, or after all before it.
            let begins = [0, code % 3, code / 3 % 3];
            let spans =
                [(0, 1 + code / 9), (begins[1] * 2, begins[1] * 2 + 3), (begins[2] * 3, begins[2] * 3 + 2)];
            let mut events: Vec<(usize, usize, String)> = Vec::new();
            for (write, (begin, end)) in spans.iter().enumerate() {
                events.push((*begin, write, format!("{write}:write(_,{write})?")));
                events.push((*end, write, format!("{write}:ok")));
            }
            events.sort_by_key(|(at, write, text)| (*at, text.ends_with("ok"), *write));
            let place =
                |text: String| events.iter().position(|(_, _, event)| *event == text).expect("an event");
            let is_before = |one: usize, other: usize| {
                place(format!("{one}:ok")) < place(format!("{other}:write(_,{other})?"))
            };
            for seen in 0..8_usize {
                let is_seen = |write: &usize| seen >> write & 1 == 1;
                let is_reversed = |pair: usize| {
                    !is_seen(&(pair / 3)) && is_seen(&(pair % 3)) && is_before(pair / 3, pair % 3)
                };
                let list: Vec<String> = (0..3).filter(is_seen).map(|write| write.to_string()).collect();
                let terms: Vec<&str> = events.iter().map(|(_, _, term)| term.as_str()).collect();
                let text = format!("{} 7:read()=[{}]", terms.join(" "), list.join(","));
                let verdict = CausalReverse.check(&history(&text), &Context::default());
                assert_eq!(verdict.is_invalid(), (0..9).any(is_reversed), "{text}: {verdict:?}");
            }
        }
    }
}
