//! Writes follow reads across keys: whoever sees a session's write sees what that session had read.
//!
//! ```text
//! session 0   ├─ write x, version 3 ─┤
//! session 1        ├─ read x, version 3 ─┤    ├─ write y ─┤
//! session 2                                          ├─ read y: that write ─┤    ├─ read x, version 2 ─┤
//!                                                                                  broken
//! ```
//!
//! Terry et al. 1994, section 3, ask that a server which holds the write holds what its session had read
//! before; what a client sees of it is this: the read of x had returned before the write of y was invoked,
//! somebody else read exactly that write of y, and afterwards read x below what the first one had read.

use perjury_histories::History;

use super::{Checker, Context, decide};
use crate::access::{Access, Accesses, Role};
use crate::across::{self, Break};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct WritesFollowReadsAcrossKeys;

impl Checker for WritesFollowReadsAcrossKeys {
    fn name(&self) -> &'static str {
        "writes-follow-reads-across-keys"
    }

    fn about(&self) -> &'static str {
        "Whoever has read a session's write sees at least what that session had read before, of any key."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let mut findings = Findings::default();
            for broken in across::breaks(&accesses, Role::Read) {
                findings.push(anomaly(&broken, accesses.writer(broken.cause)));
            }
            Ok(findings.or_valid())
        })
    }
}

fn anomaly(broken: &Break<'_, '_>, origin: Option<&Access<'_>>) -> Anomaly {
    let Break { cause, effect, seen, read } = broken;
    let [knew, wrote, saw, old] = [cause, effect, seen, read].map(|access| words::deed(access.operation));
    let explanation = format!(
        "{knew}; later in the same session {wrote}; {saw}, which is that write, and later in its session {old}, \
         which is older than what the writer had read"
    );
    let shown = [cause, effect, seen, read].map(|access| access.index());
    let shown = shown.into_iter().chain(origin.map(Access::index));
    Anomaly::new(AnomalyKind::WritesFollowReads, read.key, shown, explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::WritesFollowReads as Kind;

    const READ_AND_WRITE: &str = "0:write(x,1)@3 1:read(x)=1@3 1:write(y,2)@7";

    #[test]
    fn rejects_the_write_without_what_its_session_had_read() {
        accepts(&WritesFollowReadsAcrossKeys, &format!("{READ_AND_WRITE} 2:read(y)=2@7 2:read(x)=1@3"));
        let broken = format!("{READ_AND_WRITE} 2:read(y)=2@7 2:read(x)=null");
        rejects(&WritesFollowReadsAcrossKeys, &broken, Kind, &[0, 2, 4, 6, 8]);
    }

    #[test]
    fn places_lists_by_their_versions() {
        let text = |last| {
            format!("0:append(x,1)@3 1:read(x)=[1]@3 1:append(y,2)@7 2:read(y)=[2]@7 2:read(x)={last}")
        };
        accepts(&WritesFollowReadsAcrossKeys, &text("[1]@3"));
        rejects(&WritesFollowReadsAcrossKeys, &text("null"), Kind, &[0, 2, 4, 6, 8]);
    }

    #[test]
    fn accepts_older_value_in_another_session() {
        accepts(&WritesFollowReadsAcrossKeys, &format!("{READ_AND_WRITE} 2:read(y)=2@7 3:read(x)=null"));
    }

    #[test]
    fn accepts_older_value_when_the_write_came_before_the_read() {
        let text = "0:write(x,1)@3 1:write(y,2)@7 1:read(x)=1@3 2:read(y)=2@7 2:read(x)=null";
        accepts(&WritesFollowReadsAcrossKeys, text);
    }
}
