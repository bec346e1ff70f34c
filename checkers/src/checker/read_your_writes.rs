//! Read your writes: a session sees what it wrote, or something newer.
//!
//! ```text
//! session 7   ├─ write 1 to x ─┤ ok, version 3      ├─ read x ─┤ ok, version 2      broken
//! ```
//!
//! After a session's write of a key was answered with ok, none of its reads of that key is below it in the
//! order of versions. Without versions only this is proof: such a read returns the initial value, which
//! nobody may have written again. See Terry et al. 1994, section 3.

use perjury_histories::History;

use super::{Checker, Context, decide};
use crate::access::{Access, Accesses, Role};
use crate::findings::Findings;
use crate::session::{self, Owed, Rule};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct ReadYourWrites;

impl Checker for ReadYourWrites {
    fn name(&self) -> &'static str {
        "read-your-writes"
    }

    fn about(&self) -> &'static str {
        "A session never reads a key below its own acknowledged write of it."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let rule =
                Rule { earlier: Role::Write, later: Role::Read, owed: Owed::NotBelow, anomaly: &anomaly };
            Ok(session::judge(&accesses, &rule, Findings::default()))
        })
    }
}

fn anomaly(write: &Access<'_>, read: &Access<'_>) -> Anomaly {
    let (wrote, saw) = (words::deed(write.operation), words::deed(read.operation));
    let explanation = format!("{wrote}; later in the same session {saw}, which is older than its own write");
    Anomaly::new(AnomalyKind::ReadYourWrites, read.key, [write.index(), read.index()], explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::ReadYourWrites as Kind;

    #[test]
    fn rejects_read_below_own_write() {
        accepts(&ReadYourWrites, "0:write(x,1)@3 0:read(x)=9@3");
        accepts(&ReadYourWrites, "0:write(x,1)@3 0:read(x)=9@4");
        rejects(&ReadYourWrites, "0:write(x,1)@3 0:read(x)=9@2.9", Kind, &[0, 2]);
        rejects(&ReadYourWrites, "0:write(x,1)@3 0:read(x)=null", Kind, &[0, 2]);
    }

    #[test]
    fn accepts_read_below_the_write_of_another_session() {
        accepts(&ReadYourWrites, "0:write(x,1)@3 1:read(x)=9@2");
        accepts(&ReadYourWrites, "0:write(x,1)@3 0:read(y)=9@2");
    }

    #[test]
    fn follows_the_session_across_processes() {
        accepts(&ReadYourWrites, "0s7:write(x,1)@3 0s8:read(x)=9@2");
        rejects(&ReadYourWrites, "0s7:write(x,1)@3 1s7:read(x)=9@2", Kind, &[0, 2]);
    }

    #[test]
    fn accepts_read_that_overlaps_the_write() {
        accepts(&ReadYourWrites, "0s7:write(x,1)? 1s7:read(x)? 0:ok@3 1:ok=9@2");
        rejects(&ReadYourWrites, "0s7:write(x,1)? 0:ok@3 1s7:read(x)? 1:ok=9@2", Kind, &[0, 2]);
    }

    #[test]
    fn accepts_read_below_a_write_of_unknown_fate() {
        accepts(&ReadYourWrites, "0s7:write(x,1):info 1s7:read(x)=null");
        rejects(&ReadYourWrites, "0s7:write(x,1) 1s7:read(x)=null", Kind, &[0, 2]);
    }

    #[test]
    fn knows_a_version_by_its_value() {
        let text = |read| format!("0:write(x,2)@2 1:write(x,3)@3 1:read(x)={read}");
        accepts(&ReadYourWrites, &text(3));
        rejects(&ReadYourWrites, &text(2), Kind, &[2, 4]);
    }

    #[test]
    fn takes_null_without_a_version_for_never_written() {
        let text = |read| format!("2:read(x)=9@1 1:delete(x):info 0:write(x,1)@3 0:read(x)={read}");
        accepts(&ReadYourWrites, &text("null@4"));
        rejects(&ReadYourWrites, &text("null"), Kind, &[4, 6]);
    }

    /// What is read of them is not what was written: only versions tell.
    #[test]
    fn places_counters_and_lists_by_their_versions() {
        let list = |read| format!("0:append(x,1)@3 0:append(x,2)@5 0:read(x)={read}");
        accepts(&ReadYourWrites, &list("[1,2]@5"));
        rejects(&ReadYourWrites, &list("[1]@3"), Kind, &[2, 4]);
        rejects(&ReadYourWrites, "0:append(x,1) 0:read(x)=null", Kind, &[0, 2]);
        is_unsure(&ReadYourWrites, "0:append(x,1) 0:read(x)=[1]");
        let counter = |read| format!("0:add(x,1)@3 0:add(x,1)@5 0:read(x)={read}");
        accepts(&ReadYourWrites, &counter("2@5"));
        rejects(&ReadYourWrites, &counter("1@3"), Kind, &[2, 4]);
        is_unsure(&ReadYourWrites, "0:add(x,1) 0:add(x,1) 0:read(x)=1");
    }

    #[test]
    fn goes_by_values_when_there_are_no_versions() {
        rejects(&ReadYourWrites, "0:write(x,1) 0:read(x)=null", Kind, &[0, 2]);
        is_unsure(&ReadYourWrites, "0:write(x,1) 0:read(x)=2");
        is_unsure(&ReadYourWrites, "0:write(x,1) 1:delete(x) 0:read(x)=null");
    }
}
