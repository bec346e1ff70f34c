//! Writes follow reads: a session's write takes effect after the writes it had seen.
//!
//! ```text
//! session 3   ├─ write 1 to x ─┤ ok, version 3
//! session 7                          ├─ read x ─┤ ok, 1, version 3      ├─ write 2 to x ─┤ ok, version 2
//!                                                                          broken
//! ```
//!
//! After a session read a version of a key, every later write of it to that key has a higher version.
//! Without versions values alone prove nothing here, unless the session had read the initial value, which
//! is before every write. The anomaly shows the read, the write, and where it is known the write that had
//! been read. See Terry et al. 1994, section 3.

use perjury_histories::History;

use super::{Checker, Context, decide_on_other_evidence};
use crate::access::{Access, Accesses, Role};
use crate::findings::Findings;
use crate::session::{self, Owed, Rule};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct WritesFollowReads;

impl Checker for WritesFollowReads {
    fn name(&self) -> &'static str {
        "writes-follow-reads"
    }

    fn about(&self) -> &'static str {
        "A session's write of a key takes effect after every write of it that the session had read."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let rule = Rule {
                earlier: Role::Read,
                later: Role::Write,
                owed: Owed::Above,
                anomaly: &|read, write| anomaly(read, write, accesses.writer(read)),
            };
            Ok(session::judge(&accesses, &rule, Findings::default()))
        })
    }
}

fn anomaly(read: &Access<'_>, write: &Access<'_>, origin: Option<&Access<'_>>) -> Anomaly {
    let (saw, wrote) = (words::deed(read.operation), words::deed(write.operation));
    let explanation =
        format!("{saw}; later in the same session {wrote}, which took effect no later than that");
    let shown = [read.index(), write.index()].into_iter().chain(origin.map(Access::index));
    Anomaly::new(AnomalyKind::WritesFollowReads, write.key, shown, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::WritesFollowReads as Kind;

    #[test]
    fn rejects_write_below_what_was_read() {
        accepts(&WritesFollowReads, "0:write(x,1)@3 1:read(x)=1@3 1:write(x,2)@4");
        rejects(&WritesFollowReads, "0:write(x,1)@3 1:read(x)=1@3 1:write(x,2)@2", Kind, &[0, 2, 4]);
    }

    #[test]
    fn does_not_need_to_know_who_wrote_it() {
        rejects(&WritesFollowReads, "1:read(x)=1@3 1:write(x,2)@2", Kind, &[0, 2]);
    }

    #[test]
    fn accepts_write_by_another_session() {
        accepts(&WritesFollowReads, "1:read(x)=1@3 2:write(x,2)@2");
    }

    #[test]
    fn accepts_write_after_the_initial_value() {
        accepts(&WritesFollowReads, "1:read(x)=null 1:write(x,2)");
    }
}
