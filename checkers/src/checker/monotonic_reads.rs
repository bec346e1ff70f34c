//! Monotonic reads: a session never sees an older state than it had seen.
//!
//! ```text
//! session 7   ├─ read x ─┤ ok, version 3      ├─ read x ─┤ ok, version 2      broken
//! ```
//!
//! After a session read a version of a key, none of its later reads of that key is below it. Without
//! versions two things are proof: a later read that returns the initial value, which nobody may have written
//! again; and a session that reads a value, then another, then the first one again, although only one
//! operation may have written that, because no order of the writes has it both before and after the other.
//! See Terry et al. 1994, section 3.

use perjury_histories::{History, Value};
use rustc_hash::FxHashMap;

use super::{Checker, Context, decide};
use crate::access::{Access, Accesses, Position, Role};
use crate::findings::Findings;
use crate::session::{self, Owed, Rule};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct MonotonicReads;

impl Checker for MonotonicReads {
    fn name(&self) -> &'static str {
        "monotonic-reads"
    }

    fn about(&self) -> &'static str {
        "A session never reads a key below what it had read of it before."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let rule =
                Rule { earlier: Role::Read, later: Role::Read, owed: Owed::NotBelow, anomaly: &anomaly };
            Ok(session::judge(&accesses, &rule, returns(&accesses)))
        })
    }
}

fn anomaly(first: &Access<'_>, second: &Access<'_>) -> Anomaly {
    let (saw, then) = (words::deed(first.operation), words::deed(second.operation));
    let explanation = format!("{saw}; later in the same session {then}, which is older");
    Anomaly::new(AnomalyKind::MonotonicReads, second.key, [first.index(), second.index()], explanation)
}

/// What a session has read of a key, as far as no version says more.
#[derive(Default)]
struct Past<'s, 'a> {
    first_of: FxHashMap<u32, &'s Access<'a>>,
    last: Option<(&'a Value, &'s Access<'a>)>,
}

/// Reads without a known version that return to a value after another one.
fn returns(accesses: &Accesses<'_>) -> Findings {
    let mut findings = Findings::default();
    let mut pasts: FxHashMap<(u64, u32), Past<'_, '_>> = FxHashMap::default();
    for step in session::steps(accesses) {
        let read = step.access;
        let Some((cell, value)) = read.met().filter(|_| read.is_read()) else {
            continue;
        };
        if accesses.position(read) != Some(Position::Somewhere) {
            continue;
        }
        let past = pasts.entry((step.session, read.register())).or_default();
        if step.is_return {
            past.first_of.entry(cell).or_insert(read);
            past.last = Some((value, read));
        } else if let (Some(first), Some((other, between))) = (past.first_of.get(&cell), past.last)
            && other != value
            && accesses.writer(read).is_some()
            && first.operation.returned_at() < Some(between.operation.invoked_at())
        {
            findings.push(there_and_back(first, between, read));
        }
    }
    findings
}

fn there_and_back(first: &Access<'_>, between: &Access<'_>, read: &Access<'_>) -> Anomaly {
    let (saw, then) = (words::deed(first.operation), words::deed(between.operation));
    let again = words::deed(read.operation);
    let explanation = format!(
        "{saw}; later in the same session {then}; later again {again}, although that was written only once"
    );
    let shown = [first.index(), between.index(), read.index()];
    Anomaly::new(AnomalyKind::MonotonicReads, read.key, shown, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::MonotonicReads as Kind;

    #[test]
    fn rejects_read_below_an_earlier_one() {
        accepts(&MonotonicReads, "0:read(x)=1@3 0:read(x)=1@3");
        rejects(&MonotonicReads, "0:read(x)=1@3 0:read(x)=2@2", Kind, &[0, 2]);
        rejects(&MonotonicReads, "0:read(x)=1@3 0:read(x)=null", Kind, &[0, 2]);
    }

    #[test]
    fn compares_versions_by_their_first_difference() {
        accepts(&MonotonicReads, "0:read(x)=1@3.5 0:read(x)=2@3.5.0");
        rejects(&MonotonicReads, "0:read(x)=1@3.5 0:read(x)=2@3", Kind, &[0, 2]);
    }

    #[test]
    fn names_the_highest_earlier_read() {
        rejects(&MonotonicReads, "0:read(x)=1@2 0:read(x)=2@3 0:read(x)=1@2.5", Kind, &[2, 4]);
    }

    #[test]
    fn accepts_sessions_that_see_different_things() {
        accepts(&MonotonicReads, "0:read(x)=1@3 1:read(x)=2@2");
        accepts(&MonotonicReads, "0:read(x)=1@3 0:read(y)=2@2");
    }

    #[test]
    fn places_counters_and_lists_by_their_versions() {
        accepts(&MonotonicReads, "1:append(x,1)? 0:read(x)=null 0:read(x)=[1]@3");
        rejects(&MonotonicReads, "1:append(x,1)? 0:read(x)=[1]@3 0:read(x)=null", Kind, &[1, 3]);
        let text = |last| format!("1:add(x,1)@3 1:add(x,2)@5 0:read(x)=1@3 0:read(x)=3@5 0:read(x)={last}");
        accepts(&MonotonicReads, &text("3@5"));
        rejects(&MonotonicReads, &text("1@3"), Kind, &[6, 8]);
    }

    #[test]
    fn rejects_return_to_a_value_without_versions() {
        let text = |last| format!("1:write(x,1) 2:write(x,2) 0:read(x)=1 0:read(x)=2 0:read(x)={last}");
        is_unsure(&MonotonicReads, &text(2));
        rejects(&MonotonicReads, &text(1), Kind, &[4, 6, 8]);
        is_unsure(&MonotonicReads, &format!("3:write(x,1) {}", text(1)));
    }
}
