//! PN-counter: a counter up and down, replicated without coordination; at the end every replica has the sum.
//!
//! ```text
//! process 0  ├─ add 5 ─┤ ok      ├─ add 3 ──── outcome unknown
//! process 1                                 ├─ final read ─┤ ok, 5 or 8; 6 is impossible
//! ```
//!
//! Reads on the way may be as stale as they like: judged are those marked final, each by itself. Its value must
//! be the initial one, and all adds that were ok before it was invoked, and some choice of those that may have
//! happened: of unknown outcome, or not yet ended when it was invoked, and invoked before it returned. The
//! possible sums are kept as a union of intervals, which stays small as long as the amounts are, and is exact
//! whatever they are (Maelstrom's checker of that name does the same).
//!
//! Each key is a counter of its own.

use std::collections::BTreeMap;

use perjury_histories::{Fate, History, KeyId, Operation};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::counter::{amount, initial, total};
use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::sweep::{Step, Sweep};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

#[cfg(test)]
mod oracle;
mod sums;

use sums::Sums;

/// See the [module](self).
pub struct PnCounter;

impl Checker for PnCounter {
    fn name(&self) -> &'static str {
        "pn-counter"
    }

    fn about(&self) -> &'static str {
        "Every final read of a counter is the sum of what was added, and of some of what may have been."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || judge(history, context, |_| Ok(())))
    }
}

/// What a final read returned, and all that it could return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FinalRead {
    /// The index of its invocation.
    pub event: u64,
    /// What it returned.
    pub value: i128,
    /// What it could return: intervals, both ends included, in order.
    pub acceptable: Vec<(i128, i128)>,
}

/// What every final read could return; or why that cannot be said.
pub fn measure(history: &History, context: &Context) -> Result<Vec<FinalRead>, String> {
    let mut all = Vec::new();
    judge_final_reads(
        history,
        context,
        |_| Ok(()),
        |read, value, sums| {
            let acceptable = sums.intervals().to_vec();
            all.push(FinalRead { event: read.index(), value, acceptable });
        },
    )?;
    Ok(all)
}

/// The verdict on a counter whose adds all pass `allow`.
pub(super) fn judge<'a>(
    history: &'a History,
    context: &Context,
    allow: impl Fn(Operation<'a>) -> Result<(), Undecided>,
) -> Result<Verdict, Undecided> {
    let mut findings = Findings::default();
    let reads = judge_final_reads(history, context, allow, |read, value, sums| {
        if !sums.contains(value) {
            findings.push(out_of_range(read, value, sums));
        }
    })?;
    let unread = Verdict::Unknown("no read of a counter that is marked final is ok".to_owned());
    Ok(findings.or(if reads > 0 { Verdict::Valid(None) } else { unread }))
}

/// The adds of one counter up to some moment.
#[derive(Default)]
struct Adds {
    /// The sum of those that are ok.
    sure: i128,
    /// Those that are ok, in the order of their ends.
    ended: Vec<i128>,
    /// Those that have begun and are not ok, by their number.
    open: BTreeMap<usize, i128>,
    /// The sums that the last final read could return, and what they were made of.
    last: Option<(i128, BTreeMap<i128, u64>, Sums)>,
}

impl Adds {
    /// The sums that a read could return that ends now, and that began when so much was sure and so many adds
    /// had ended.
    fn sums(&mut self, sure: i128, ended: usize, intervals_max: u64) -> Option<&Sums> {
        let mut choices: BTreeMap<i128, u64> = BTreeMap::new();
        for &amount in self.open.values().chain(&self.ended[ended..]) {
            *choices.entry(amount).or_default() += 1;
        }
        let is_last = self.last.as_ref().is_some_and(|last| last.0 == sure && last.1 == choices);
        if !is_last {
            let sums = Sums::of(sure, &choices, intervals_max)?;
            self.last = Some((sure, choices, sums));
        }
        self.last.as_ref().map(|last| &last.2)
    }
}

/// Visits every ok final read with the sums that it could return; says how many there were.
fn judge_final_reads<'a>(
    history: &'a History,
    context: &Context,
    allow: impl Fn(Operation<'a>) -> Result<(), Undecided>,
    mut visit: impl FnMut(Operation<'a>, i128, &Sums),
) -> Result<usize, Undecided> {
    let initial = initial(context)?;
    let mut counters: FxHashMap<Option<KeyId>, Adds> = FxHashMap::default();
    let mut began: FxHashMap<usize, (i128, usize)> = FxHashMap::default();
    let mut reads = 0;
    for Step { operation, number, is_end } in Sweep::of(history).steps() {
        let adds = counters.entry(operation.key_id()).or_default();
        let event = operation.index();
        match operation.function() {
            "add" => {
                let Some(amount) = amount(operation)? else { continue };
                allow(operation)?;
                if is_end {
                    adds.open.remove(&number);
                    adds.sure += amount;
                    adds.ended.push(amount);
                } else {
                    adds.open.insert(number, amount);
                }
            }
            "read" if operation.fate() != Fate::Ok || !operation.is_final() => {}
            "read" if !is_end => {
                began.insert(number, (adds.sure, adds.ended.len()));
            }
            "read" => {
                let (sure, ended) = began.remove(&number).unwrap_or((adds.sure, adds.ended.len()));
                let value = total(operation, initial)?;
                let sums = adds.sums(initial + sure, ended, context.limits.configurations_max);
                let sums = sums.ok_or_else(|| {
                    format!("event {event}: the sums that are possible are more than the limit allows")
                })?;
                visit(operation, value, sums);
                reads += 1;
            }
            other if operation.fate() != Fate::Fail => {
                return Err(format!("event {event}: {other} is no operation on a counter"));
            }
            _ => {}
        }
    }
    Ok(reads)
}

fn out_of_range(read: Operation<'_>, value: i128, sums: &Sums) -> Anomaly {
    let (below, above) = sums.nearest(value);
    let possible = match (below, above) {
        (Some(below), Some(above)) => format!("it could be {below} or less, or {above} or more"),
        (Some(below), None) => format!("it could be at most {below}"),
        (None, Some(above)) => format!("it could be at least {above}"),
        (None, None) => "nothing was possible".to_owned(),
    };
    let deed = words::deed(read);
    let explanation = format!("the final read, {deed}, is the sum of no choice of the adds: {possible}");
    Anomaly::new(AnomalyKind::OutOfRangeRead, read.key(), [read.index()], explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::Limits;
    use crate::testing::*;

    const OUT: AnomalyKind = AnomalyKind::OutOfRangeRead;

    #[test]
    fn rejects_final_read_that_is_not_the_sum() {
        accepts(&PnCounter, "0:add(_,2) 0:add(_,-5) 1:read!()=-3");
        let why = rejects(&PnCounter, "0:add(_,2) 0:add(_,-5) 1:read!()=2", OUT, &[4]);
        assert_eq!(
            why,
            "the final read, process 1 read 2 at event 5, is the sum of no choice of the adds: it could be at \
             most -3"
        );
    }

    #[test]
    fn accepts_every_choice_of_unknown_adds_and_no_other() {
        for (total, is_possible) in [(10, true), (9, true), (8, true), (15, true), (14, true), (11, false)] {
            let text =
                format!("0:add(_,10) 0:add(_,5):info 1:add(_,-1):info 2:add(_,-1):info 3:read!()={total}");
            if is_possible {
                accepts(&PnCounter, &text);
            } else {
                let why = rejects(&PnCounter, &text, OUT, &[8]);
                assert!(why.ends_with("it could be 10 or less, or 13 or more"), "{why}");
            }
        }
    }

    #[test]
    fn accepts_either_fate_of_overlapping_add() {
        accepts(&PnCounter, "0:add(_,1)? 1:read!()? 0:ok 1:ok=0");
        accepts(&PnCounter, "0:add(_,1)? 1:read!()? 0:ok 1:ok=1");
        rejects(&PnCounter, "0:add(_,1)? 0:ok 1:read!()? 1:ok=0", OUT, &[2]);
        rejects(&PnCounter, "1:read!()? 1:ok=1 0:add(_,1)", OUT, &[0]);
    }

    #[test]
    fn ignores_failed_adds_and_reads_on_the_way() {
        accepts(&PnCounter, "0:add(_,2) 0:add(_,1):fail 1:read()=0 1:read!()=2");
        rejects(&PnCounter, "0:add(_,2) 0:add(_,1):fail 1:read()=0 1:read!()=3", OUT, &[6]);
    }

    #[test]
    fn keeps_keys_apart() {
        accepts(&PnCounter, "0:add(x,1) 0:add(y,2) 1:read!(x)=1 1:read!(y)=2");
        rejects(&PnCounter, "0:add(x,1) 0:add(y,2) 1:read!(x)=1 1:read!(y)=3", OUT, &[6]);
    }

    #[test]
    fn is_unsure_without_final_read_and_beyond_the_limit() {
        is_unsure(&PnCounter, "0:add(_,1) 1:read()=1");
        assert!(is_unsure(&PnCounter, "0:add(_,1) 1:read!()=one").starts_with("event 2"));
        assert!(is_unsure(&PnCounter, "0:add(_,1) 1:push(_,2) 1:read!()=1").starts_with("event 2"));
        let text = "0:add(_,10):info 1:add(_,100):info 2:read!()=10";
        let limits = Limits { configurations_max: 3, ..Limits::default() };
        let verdict = PnCounter.check(&history(text), &Context { limits, ..Context::default() });
        assert!(verdict.is_unknown(), "{verdict:?}");
        accepts(&PnCounter, text);
    }

    #[test]
    fn measures_what_is_acceptable() {
        let history = history("0:add(_,10) 1:add(_,5):info 2:add(_,-1):info 3:read!()=11");
        let reads = measure(&history, &Context::default()).expect("a counter");
        assert_eq!(reads, [FinalRead { event: 6, value: 11, acceptable: vec![(9, 10), (14, 15)] }]);
    }
}
