//! Monotonic writes across keys: whoever sees a session's write sees its earlier writes of other keys too.
//!
//! ```text
//! session 1   ├─ write x, version 3 ─┤    ├─ write y ─┤
//! session 2                                      ├─ read y: that write ─┤    ├─ read x, version 2 ─┤  broken
//! ```
//!
//! Terry et al. 1994, section 3, ask that a server which holds the second write holds the first; what a
//! client sees of it, and how it is judged without comparing versions of different keys, is this: the write
//! of x had returned before the write of y was invoked, somebody else read exactly that write of y, and
//! afterwards read x below the first write. Atomic stores owe it; last write wins per key does not give it.

use perjury_histories::History;

use super::{Checker, Context, decide};
use crate::access::{Accesses, Role};
use crate::across::{self, Break};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct MonotonicWritesAcrossKeys;

impl Checker for MonotonicWritesAcrossKeys {
    fn name(&self) -> &'static str {
        "monotonic-writes-across-keys"
    }

    fn about(&self) -> &'static str {
        "Whoever has read a session's write sees at least what that session had written before, to any key."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let mut findings = Findings::default();
            findings.extend(across::breaks(&accesses, Role::Write).iter().map(anomaly));
            Ok(findings.or_valid())
        })
    }
}

fn anomaly(broken: &Break<'_, '_>) -> Anomaly {
    let Break { cause, effect, seen, read } = broken;
    let [wrote, then, saw, old] = [cause, effect, seen, read].map(|access| words::deed(access.operation));
    let explanation = format!(
        "{wrote}; later in the same session {then}; {saw}, which is that write, and later in its session {old}, \
         which is older than the first write"
    );
    let shown = [cause.index(), effect.index(), seen.index(), read.index()];
    Anomaly::new(AnomalyKind::MonotonicWrites, read.key, shown, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::MonotonicWrites as Kind;

    const WRITES: &str = "0:write(x,5)@2 1:write(x,1)@3 1:write(y,2)@7";

    #[test]
    fn rejects_the_second_write_without_the_first() {
        accepts(&MonotonicWritesAcrossKeys, &format!("{WRITES} 2:read(y)=2@7 2:read(x)=1@3"));
        let broken = format!("{WRITES} 2:read(y)=2@7 2:read(x)=5@2");
        rejects(&MonotonicWritesAcrossKeys, &broken, Kind, &[2, 4, 6, 8]);
    }

    #[test]
    fn accepts_older_value_read_before() {
        accepts(&MonotonicWritesAcrossKeys, &format!("{WRITES} 2:read(x)=5@2 2:read(y)=2@7"));
    }

    #[test]
    fn accepts_older_value_after_somebody_elses_write() {
        accepts(&MonotonicWritesAcrossKeys, &format!("{WRITES} 3:write(y,9)@8 2:read(y)=9@8 2:read(x)=5@2"));
    }

    #[test]
    fn accepts_older_value_when_the_writes_overlapped() {
        let text = |writes| format!("0:write(x,5)@2 {writes} 2:read(y)=2@7 2:read(x)=5@2");
        accepts(&MonotonicWritesAcrossKeys, &text("1s1:write(x,1)? 4s1:write(y,2)? 1:ok@3 4:ok@7"));
        rejects(
            &MonotonicWritesAcrossKeys,
            &text("1s1:write(x,1)? 1:ok@3 4s1:write(y,2)? 4:ok@7"),
            Kind,
            &[2, 4, 6, 8],
        );
    }

    #[test]
    fn knows_an_unacknowledged_write_by_its_value() {
        let text = |read| format!("1s1:write(x,1)@3 1s1:write(y,2):info 2:read(y)=2@7 2:read(x)={read}");
        accepts(&MonotonicWritesAcrossKeys, &text("1@3"));
        rejects(&MonotonicWritesAcrossKeys, &text("null"), Kind, &[0, 2, 4, 6]);
    }
    #[test]
    fn goes_by_the_last_write_seen_and_the_highest_before_it() {
        let text = |last| {
            format!(
                "1:write(y,1)@1 1:write(x,1)@2 1:write(x,2)@3 1:write(y,2)@2 \
                 2:read(y)=1@1 2:read(y)=2@2 2:read(y)=1@1 2:read(x)={last}"
            )
        };
        accepts(&MonotonicWritesAcrossKeys, &text("2@3"));
        rejects(&MonotonicWritesAcrossKeys, &text("1@2"), Kind, &[4, 6, 10, 14]);
    }

    #[test]
    fn does_not_take_the_initial_value_for_a_write() {
        let text = |value| format!("1:write(x,1) 1:write(y,{value}) 2:read(y)={value} 2:read(x)=null");
        accepts(&MonotonicWritesAcrossKeys, &text("null"));
        rejects(&MonotonicWritesAcrossKeys, &text("2"), Kind, &[0, 2, 4, 6]);
    }

    #[test]
    fn leaves_the_session_itself_to_read_your_writes() {
        accepts(&MonotonicWritesAcrossKeys, "1:write(x,1)@3 1:write(y,2)@7 1:read(y)=2@7 1:read(x)=null");
    }
}
