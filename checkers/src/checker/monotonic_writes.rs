//! Monotonic writes: a session's writes take effect in the order in which it made them.
//!
//! ```text
//! session 7   ├─ write 1 to x ─┤ ok, version 3      ├─ write 2 to x ─┤ ok, version 2      broken
//! ```
//!
//! After a session's write of a key was answered with ok, every later write of it to that key has a higher
//! version; the same version is broken too, since two writes cannot share a place. Without versions values
//! alone prove nothing here, and the verdict is unknown. See Terry et al. 1994, section 3.

use perjury_histories::History;

use super::{Checker, Context, decide_on_other_evidence};
use crate::access::{Access, Accesses, Role};
use crate::findings::Findings;
use crate::session::{self, Owed, Rule};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct MonotonicWrites;

impl Checker for MonotonicWrites {
    fn name(&self) -> &'static str {
        "monotonic-writes"
    }

    fn about(&self) -> &'static str {
        "A session's writes of a key take effect in the order in which it made them."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let rule =
                Rule { earlier: Role::Write, later: Role::Write, owed: Owed::Above, anomaly: &anomaly };
            Ok(session::judge(&accesses, &rule, Findings::default()))
        })
    }
}

fn anomaly(first: &Access<'_>, second: &Access<'_>) -> Anomaly {
    let (wrote, then) = (words::deed(first.operation), words::deed(second.operation));
    let explanation = format!(
        "{wrote}; later in the same session {then}, which took effect no later than its earlier write"
    );
    Anomaly::new(AnomalyKind::MonotonicWrites, second.key, [first.index(), second.index()], explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::MonotonicWrites as Kind;

    #[test]
    fn rejects_write_below_an_earlier_one() {
        accepts(&MonotonicWrites, "0:write(x,1)@3 0:write(x,2)@4");
        rejects(&MonotonicWrites, "0:write(x,1)@3 0:write(x,2)@2", Kind, &[0, 2]);
        rejects(&MonotonicWrites, "0:write(x,1)@3 0:cas(x,[1,2])@3", Kind, &[0, 2]);
    }

    #[test]
    fn accepts_writes_of_several_sessions_or_keys_in_any_order() {
        accepts(&MonotonicWrites, "0:write(x,1)@3 1:write(x,2)@2");
        accepts(&MonotonicWrites, "0:write(x,1)@3 0:write(y,2)@2");
    }

    #[test]
    fn places_counters_and_lists_by_their_versions() {
        accepts(&MonotonicWrites, "0:append(x,1)@3 0:append(x,2)@4");
        rejects(&MonotonicWrites, "0:append(x,1)@3 0:append(x,2)@2", Kind, &[0, 2]);
        accepts(&MonotonicWrites, "0:add(x,1)@3 0:add(x,1)@4 0:read(x)=2");
        rejects(&MonotonicWrites, "0:add(x,1)@3 0:add(x,1)@2 0:read(x)=2", Kind, &[0, 2]);
    }

    #[test]
    fn is_unsure_without_versions() {
        is_unsure(&MonotonicWrites, "0:write(x,1) 0:write(x,2)");
        assert_eq!(is_unsure(&MonotonicWrites, "0:write(x,1)"), "no write is ok and tells its version");
        is_unsure(&MonotonicWrites, "0:read(x)=1@3 0:read(x)=1@3");
        accepts(&MonotonicWrites, "0:write(x,1)@3");
    }
}
