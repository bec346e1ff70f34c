//! Staleness: how old is what is read, in versions and in time; and whether that is within what was declared.
//!
//! ```text
//! process 0  ├─ write 1 ─┤ ├─ write 2 ─┤ ├─ write 3 ─┤ 40 ms
//! process 1                                                 100 ms ├─ read 1 ─┤
//!                                    ^ 20 ms
//! The read is at least 2 versions and 80 ms behind. It is 3-atomic, and atomic for a delta of 80 ms.
//! ```
//!
//! Each register is judged by itself, and two scales are applied to it:
//!
//! - k-atomicity: some order that keeps real time lets every read return one of the last k writes. 1-atomic is
//!   linearizable. Decided for k = 1 and 2 (Golab, Hurwitz, Li 2013), above that there are bounds.
//! - delta-atomicity: moving the begin of every read back by delta makes it linearizable (Golab, Li, Shah
//!   2011). The least delta is exact, to the nanosecond.
//!
//! [`Context::staleness_versions_max`] v declares (v + 1)-atomicity, [`Context::staleness_ns_max`] delta; both
//! are then asked for. If neither is declared nothing may be stale. Values must be written once each, and not
//! be compared-and-set; otherwise the verdict is unknown, as it is where time is asked for and the events have
//! no times, or times that decrease. Of a verdict that is valid, [`measure`] gives the figures.

use perjury_histories::{History, Key, Value};

use super::{Checker, Context, Undecided, decide};
use crate::access::{Access, Accesses};
use crate::findings::Findings;
use crate::verdict::{Anomaly, Verdict};

mod atomicity;
mod behind;
mod delta;
mod explain;
#[cfg(test)]
mod oracle;
mod register;
mod two_atomicity;

use atomicity::Bounds;
use behind::Behind;
use delta::Zones;
use register::{Refusal, Register};

/// See the [module](self).
pub struct Staleness;

impl Checker for Staleness {
    fn name(&self) -> &'static str {
        "staleness"
    }

    fn about(&self) -> &'static str {
        "No read is further behind, in versions or in time, than was declared."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let accesses = Accesses::of(history, &context.initial)?;
            let mut findings = Findings::default();
            let mut undecided = Vec::new();
            for (_, register) in by_key(&accesses) {
                match judge(&register, context) {
                    Ok(anomaly) => findings.extend(anomaly),
                    Err(reason) => undecided.push(reason),
                }
            }
            Ok(findings.or(match undecided.is_empty() {
                true => Verdict::Valid(None),
                false => Verdict::Unknown(undecided.join("; ")),
            }))
        })
    }
}

/// How stale one register is.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// Its key.
    pub key: Option<Key>,
    /// How many reads are ok.
    pub reads: u64,
    /// The reads that are certainly behind, in order; each other one may have been current.
    pub behind: Vec<ReadBehind>,
    /// The least k for which it is k-atomic is not less than this …
    pub k_min: u64,
    /// … and not more than this. Both are the same up to 2.
    pub k_max: u64,
    /// The least delta in nanoseconds for which it is delta-atomic; none if that is not zero and times are
    /// missing or decrease.
    pub delta_ns: Option<u64>,
}

/// How far a read is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBehind {
    /// The index of its invocation.
    pub index: u64,
    /// So many versions at least.
    pub versions_min: u64,
    /// So many nanoseconds at least, where times are known.
    pub ns_min: Option<u64>,
}

/// How stale each register of this history is, in the order of the keys; or why one of them cannot be
/// measured: what is no operation on a register, a compare-and-set, a value written twice, a value read that
/// was not written before.
pub fn measure(history: &History, initial: &Value) -> Vec<Result<Measures, String>> {
    let accesses = match Accesses::of(history, initial) {
        Ok(accesses) => accesses,
        Err(reason) => return vec![Err(reason)],
    };
    let registers = by_key(&accesses);
    let measures = registers.iter().map(|(key, accesses)| match Facts::of(accesses, initial) {
        Ok(facts) => Ok(facts.measures(*key)),
        Err(Refusal::Undecided(reason)) => Err(reason),
        Err(Refusal::Broken(anomaly)) => Err(anomaly.explanation),
    });
    measures.collect()
}

/// The accesses of each register, in the order of the keys.
fn by_key<'a>(accesses: &'a Accesses<'a>) -> Vec<(Option<&'a Key>, Vec<&'a Access<'a>>)> {
    let mut registers: Vec<(Option<&Key>, Vec<&Access<'_>>)> = Vec::new();
    for access in accesses.iter() {
        let number = access.register() as usize;
        if registers.len() <= number {
            registers.resize_with(number + 1, Default::default);
        }
        registers[number].0 = access.key;
        registers[number].1.push(access);
    }
    registers.retain(|(_, accesses)| !accesses.is_empty());
    registers.sort_by_key(|(key, _)| *key);
    registers
}

/// Everything that is known of the staleness of a register.
struct Facts<'a> {
    register: Register<'a>,
    zones: Zones,
    behind: Vec<Behind>,
    bounds: Bounds,
    delta_ns: Option<u64>,
}

impl<'a> Facts<'a> {
    fn of(accesses: &[&'a Access<'a>], initial: &Value) -> Result<Facts<'a>, Refusal> {
        let register = Register::of(accesses, initial)?;
        let zones = Zones::of(&register);
        let behind = behind::behind(&register);
        let bounds = atomicity::bounds(&register, &zones, &behind);
        let delta_ns = zones.delta();
        Ok(Facts { register, zones, behind, bounds, delta_ns })
    }

    /// For how long at least what this read returned had been overwritten when it began.
    fn ns_behind(&self, behind: &Behind) -> Option<u64> {
        let overwriting = &self.register.clusters[behind.overwritten_by];
        let since = overwriting.first_ended?.operation.completion()?.time?;
        let begin = self.register.reads[behind.read].1.operation.invocation().time?;
        self.zones.has_times().then(|| begin.saturating_sub(since))
    }

    fn measures(&self, key: Option<&Key>) -> Measures {
        let read = |behind: &Behind| ReadBehind {
            index: self.register.reads[behind.read].1.index(),
            versions_min: behind.versions,
            ns_min: self.ns_behind(behind),
        };
        Measures {
            key: key.cloned(),
            reads: self.register.reads.len() as u64,
            behind: self.behind.iter().map(read).collect(),
            k_min: self.bounds.min,
            k_max: self.bounds.max,
            delta_ns: self.delta_ns,
        }
    }
}

/// For tests: whether this one register is 2-atomic, whatever its bounds say.
#[cfg(test)]
fn verify_two(history: &History) -> bool {
    let accesses = Accesses::of(history, &Value::Null).expect("registers");
    let accesses: Vec<&Access<'_>> = accesses.iter().collect();
    let Ok(register) = Register::of(&accesses, &Value::Null) else { panic!("a register") };
    atomicity::is_two_atomic(&register)
}

/// What is wrong with this register, if anything is.
fn judge<'a>(accesses: &[&'a Access<'a>], context: &Context) -> Result<Option<Anomaly>, Undecided> {
    let facts = match Facts::of(accesses, &context.initial) {
        Ok(facts) => facts,
        Err(Refusal::Undecided(reason)) => return Err(reason),
        Err(Refusal::Broken(anomaly)) => return Ok(Some(*anomaly)),
    };
    let (versions_max, ns_max) = match (context.staleness_versions_max, context.staleness_ns_max) {
        (None, None) => (Some(0), None),
        declared => declared,
    };
    let k = versions_max.map(|versions| versions.saturating_add(1));
    if k.is_some_and(|k| facts.bounds.min > k) {
        return Ok(Some(facts.too_many_versions(versions_max.unwrap_or(0))));
    }
    if let Some(delta) = ns_max {
        match facts.delta_ns {
            Some(least) if least > delta => return Ok(facts.too_long(delta)),
            None => return Err("it is not atomic, and there are no times to say for how long".to_owned()),
            Some(_) => {}
        }
    }
    match k {
        Some(k) if facts.bounds.max > k => Err(format!(
            "the least k for which it is k-atomic is between {} and {}",
            facts.bounds.min, facts.bounds.max
        )),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind::{FutureRead, GarbageRead, StaleRead};

    fn within(versions_max: Option<u64>, ns_max: Option<u64>) -> Context {
        Context { staleness_versions_max: versions_max, staleness_ns_max: ns_max, ..Context::default() }
    }

    #[test]
    fn rejects_stale_read_and_says_by_how_much() {
        accepts(&Staleness, "0:write(x,1) 0:write(x,2) 1:read(x)=2");
        let text = "0:write(x,1) 0:write(x,2) 0:write(x,3) 1:read(x)=1";
        let explanation = rejects(&Staleness, text, StaleRead, &[0, 2, 6]);
        assert_eq!(
            explanation,
            "process 1 read 1 of key x (event 6) at least 2 versions after it had been overwritten: process 0 \
             wrote 2 to key x (event 2); 1 of 1 reads are certainly behind; the least k for which it is k-atomic \
             is 3"
        );
    }

    #[test]
    fn allows_as_many_versions_as_were_declared() {
        let text = "0:write(x,1) 0:write(x,2) 0:write(x,3) 1:read(x)=1";
        accepts_in(&within(Some(2), None), &Staleness, text);
        rejects_in(&within(Some(1), None), &Staleness, text, StaleRead, &[0, 2, 4, 6]);
    }

    #[test]
    fn rejects_new_old_inversion() {
        let text = |last| format!("0:write(x,1)? 1:read(x)=1 2:read(x)={last} 0:ok");
        accepts(&Staleness, &text("1"));
        rejects(&Staleness, &text("null"), StaleRead, &[0, 1, 3]);
    }

    /// Neither write was certainly first, and yet the three reads have no order.
    #[test]
    fn rejects_return_to_a_concurrent_write() {
        let text =
            |last| format!("0:write(x,1)? 1:write(x,2)? 0:ok 1:ok 2:read(x)=1 2:read(x)=2 2:read(x)={last}");
        accepts(&Staleness, &text(2).replace("read(x)=1", "read(x)=2"));
        rejects(&Staleness, &text(1), StaleRead, &[0, 1, 6, 8]);
        accepts_in(&within(Some(1), None), &Staleness, &text(1));
    }

    /// Any two of three concurrent writes may be the last two, but not each of them.
    #[test]
    fn rejects_what_is_not_2_atomic_although_no_read_is_certainly_behind() {
        let text = |last| {
            format!(
                "0:write(x,1)? 1:write(x,2)? 2:write(x,3)? 0:ok 1:ok 2:ok 3:read(x)=1 3:read(x)=2 3:read(x)={last}"
            )
        };
        let context = within(Some(1), None);
        accepts_in(&context, &Staleness, &text(1));
        rejects_in(&context, &Staleness, &text(3), StaleRead, &[0, 1, 2, 6, 8, 10]);
    }

    #[test]
    fn rejects_what_was_not_there() {
        rejects(&Staleness, "0:read(x)=1 1:write(x,1)", FutureRead, &[0, 2]);
        rejects(&Staleness, "0:read(x)=1 1:write(x,1):fail", GarbageRead, &[0]);
        accepts(&Staleness, "1:write(x,1):info 0:read(x)=1");
    }

    #[test]
    fn measures_delta_in_nanoseconds() {
        // A write from 10 to 20, another from 30 to 40, and a read of the first from 100 to 110.
        let mut events: Vec<_> = history("0:write(x,1) 0:write(x,2) 1:read(x)=1").to_events();
        for (event, time) in events.iter_mut().zip([10, 20, 30, 40, 100, 110]) {
            event.time = Some(time);
        }
        let timed = History::new(events).expect("well formed");
        let measured = measure(&timed, &Value::Null);
        let behind = vec![ReadBehind { index: 4, versions_min: 1, ns_min: Some(60) }];
        let key = Some("x".into());
        let expected = Measures { key, reads: 1, behind, k_min: 2, k_max: 2, delta_ns: Some(60) };
        assert_eq!(measured, [Ok(expected)]);
        let check = |ns_max| Staleness.check(&timed, &within(None, Some(ns_max)));
        assert!(check(60).is_valid());
        assert_eq!(check(59).anomalies()[0].operations, [0, 2, 4]);
        assert!(check(59).anomalies()[0].explanation.contains("atomic if reads may be 0.000060 ms late"));
    }

    #[test]
    fn is_unsure_of_time_without_times() {
        let text = "0:write(x,1) 0:write(x,2) 1:read(x)=1";
        let verdict = Staleness.check(&history(text), &within(None, Some(1_000)));
        assert!(verdict.is_unknown(), "{verdict:?}");
        accepts_in(&within(None, Some(0)), &Staleness, "0:write(x,1) 1:read(x)=1");
    }

    #[test]
    fn is_unsure_where_values_are_not_unique() {
        assert!(is_unsure(&Staleness, "0:write(x,1) 0:write(x,1)").contains("event 2"));
        assert!(is_unsure(&Staleness, "0:write(x,1) 0:cas(x,[1,2])").contains("event 2"));
        assert!(is_unsure(&Staleness, "0:write(x,null)").contains("event 0"));
    }

    #[test]
    fn is_unsure_between_the_bounds_on_k() {
        let text = "0:write(x,1)? 1:write(x,2)? 2:write(x,3)? 3:write(x,4)? 0:ok 1:ok 2:ok 3:ok 4:read(x)=4 \
                    4:read(x)=3 4:read(x)=2 4:read(x)=1 4:read(x)=4";
        let measured = measure(&history(text), &Value::Null);
        let Ok(measures) = &measured[0] else { panic!("{measured:?}") };
        assert!(measures.k_min == 3 && measures.k_max > 3, "{measures:?}");
        assert!(Staleness.check(&history(text), &within(Some(2), None)).is_unknown());
    }
}
