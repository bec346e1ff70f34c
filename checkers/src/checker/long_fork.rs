//! Long fork: two reads that saw two writes in opposite orders, which snapshot isolation forbids and parallel
//! snapshot isolation allows (Sovran et al., "Transactional storage for geo-replicated systems", SOSP 2011,
//! section 3).
//!
//! ```text
//! write x ├──┤   ├────── read x, y: new, old ──────┤
//! write y ├──┤   ├────── read x, y: old, new ──────┤       x was first for one, y for the other
//! ```
//!
//! Operations have arrays of micro-operations for values: `["w", key, value]` and `["r", key, value]`, under
//! the functions `write`, `read` or `txn`. Each key is written at most once, and is null before: so whether a
//! read saw the write is plain. Reads of different groups of keys are compared in the keys that they share.

use perjury_histories::{Fate, History, Operation, Value};
use rustc_hash::FxHashMap;

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct LongFork;

impl Checker for LongFork {
    fn name(&self) -> &'static str {
        "long-fork"
    }

    fn about(&self) -> &'static str {
        "No two reads see two writes in opposite orders."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let mut keys = Keys::default();
            let mut reads = Vec::new();
            for operation in history.operations().filter(|operation| operation.fate() != Fate::Fail) {
                let read = Read { operation, seen: keys.follow(operation)? };
                if read.operation.fate() == Fate::Ok && read.seen.len() > 1 {
                    reads.push(read);
                }
            }
            if reads.is_empty() {
                return Err("no operation has read several keys".to_owned());
            }
            Ok(forks(&reads, &keys).or_valid())
        })
    }
}

/// What an operation read: of each key, whether its write was there.
struct Read<'a> {
    operation: Operation<'a>,
    seen: Vec<(u32, bool)>,
}

/// The keys, each with its only value, so far as that is known.
#[derive(Default)]
struct Keys<'a> {
    numbers: FxHashMap<&'a Value, u32>,
    list: Vec<(&'a Value, Option<&'a Value>)>,
}

impl<'a> Keys<'a> {
    /// What this operation read. Errs on what is no array of reads and writes, and on a second value of a key.
    fn follow(&mut self, operation: Operation<'a>) -> Result<Vec<(u32, bool)>, Undecided> {
        let problem = |what: String| format!("event {}: {what}", operation.index());
        let function = operation.function();
        if !matches!(function, "read" | "write" | "txn") {
            return Err(problem(format!("{function} is no read or write of several keys")));
        }
        let value = operation.result().unwrap_or(operation.argument());
        let mut seen = Vec::new();
        for step in value.as_array().ok_or_else(|| problem("the value must be an array".to_owned()))? {
            let Some([name, key, value]) = step.as_array().map(Vec::as_slice) else {
                return Err(problem("a step must be [function, key, value]".to_owned()));
            };
            let is_read = match name.as_str() {
                Some("r") => true,
                Some("w") => false,
                _ => return Err(problem(format!("{step} is no step that reads or writes"))),
            };
            let next = self.list.len() as u32;
            let number = *self.numbers.entry(key).or_insert(next);
            if number == next {
                self.list.push((key, None));
            }
            let (_, only) = &mut self.list[number as usize];
            if !value.is_null() && only.replace(value).is_some_and(|other| other != value) {
                return Err(problem(format!("key {key} has a second value")));
            }
            if is_read {
                seen.push((number, !value.is_null()));
            }
        }
        Ok(seen)
    }
}

/// For each two reads that disagree on the order of two writes, where the later read is the first that does.
fn forks(reads: &[Read<'_>], keys: &Keys<'_>) -> Findings {
    let mut first_with: FxHashMap<(u32, u32), usize> = FxHashMap::default();
    let mut findings = Findings::default();
    for (number, read) in reads.iter().enumerate() {
        let mut fork = None;
        for &(new, _) in read.seen.iter().filter(|(_, is_there)| *is_there) {
            for &(old, _) in read.seen.iter().filter(|(_, is_there)| !is_there) {
                if let Some(&other) = first_with.get(&(old, new)) {
                    fork = fork.or(Some((other, old, new)));
                }
                first_with.entry((new, old)).or_insert(number);
            }
        }
        if let Some((other, old, new)) = fork {
            findings.push(anomaly(&reads[other], read, keys.list[old as usize].0, keys.list[new as usize].0));
        }
    }
    findings
}

fn anomaly(one: &Read<'_>, other: &Read<'_>, first: &Value, second: &Value) -> Anomaly {
    let index = |read: &Read<'_>| read.operation.index();
    let explanation = format!(
        "{} read key {first} with its write and key {second} without (event {}), {} the other \
         way round (event {}): {}; {}",
        words::who(one.operation),
        index(one),
        words::who(other.operation),
        index(other),
        words::value(one.operation.result().unwrap_or(&Value::Null)),
        words::value(other.operation.result().unwrap_or(&Value::Null)),
    );
    Anomaly::new(AnomalyKind::LongFork, None, [index(one), index(other)], explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::LongFork as Kind;

    fn reads(second: &str) -> String {
        format!(
            r#"0:write(_,[["w",0,1]]) 1:write(_,[["w",1,1]]) 2:read(_)=[["r",0,1],["r",1,null]] 3:read(_)={second}"#
        )
    }

    #[test]
    fn rejects_opposite_orders() {
        accepts(&LongFork, &reads(r#"[["r",0,1],["r",1,1]]"#));
        accepts(&LongFork, &reads(r#"[["r",1,null],["r",0,1]]"#));
        let explanation = rejects(&LongFork, &reads(r#"[["r",1,1],["r",0,null]]"#), Kind, &[4, 6]);
        let begin = "process 2 read key 0 with its write and key 1 without (event 4), process 3 the other way round \
                     (event 6)";
        assert!(explanation.starts_with(begin), "{explanation}");
    }

    #[test]
    fn compares_reads_in_the_keys_they_share() {
        accepts(&LongFork, &reads(r#"[["r",1,1],["r",2,null]]"#));
        rejects(&LongFork, &reads(r#"[["r",2,null],["r",1,1],["r",0,null]]"#), Kind, &[4, 6]);
    }

    #[test]
    fn is_unsure_when_a_key_is_written_twice() {
        assert!(is_unsure(&LongFork, &reads(r#"[["r",1,1],["r",0,2]]"#)).contains("event 6"));
        assert!(is_unsure(&LongFork, "0:write(x,1) 0:read(x)=1").contains("event 0"));
        is_unsure(&LongFork, r#"0:write(_,[["w",0,1]])"#);
    }

    /// All pairs and triples of reads of three keys, against the definition.
    #[test]
    fn agrees_with_the_definition_on_all_small_histories() {
        let is_fork = |one: usize, other: usize| one & !other != 0 && other & !one != 0;
        for code in 0..512 {
            let seen = [code % 8, code / 8 % 8, code / 64];
            let value = |seen: usize, key: usize| if seen >> key & 1 == 1 { "1" } else { "null" };
            let read = |(process, seen): (usize, &usize)| {
                let [x, y, z] = [0, 1, 2].map(|key| value(*seen, key));
                format!(r#"{process}:read(_)=[["r",0,{x}],["r",1,{y}],["r",2,{z}]]"#)
            };
            let text: Vec<String> = seen.iter().enumerate().map(read).collect();
            let verdict = LongFork.check(&history(&text.join(" ")), &Context::default());
            let [a, b, c] = seen;
            let expected = is_fork(a, b) || is_fork(a, c) || is_fork(b, c);
            assert_eq!(verdict.is_invalid(), expected, "{text:?}: {verdict:?}");
        }
    }
}
