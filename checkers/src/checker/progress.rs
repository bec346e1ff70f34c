//! Progress: once every fault is healed, every client gets something done again, and soon.
//!
//! ```text
//! nemesis   ── partition ──┤ healed
//! session 0    fail  fail  │ fail   ├─ write ─┤ ok        progress after 0.9 s
//! session 1    info  fail  │ fail   fail   fail   fail …  none within the limit: invalid
//! ```
//!
//! Counted from the first `healed` note, for every session that has an operation open then, or invokes one
//! later; final reads are left out. An operation that was open counts as any other: a client that hangs on
//! it for ever has made no progress.

use std::collections::BTreeMap;

use perjury_histories::{Fate, History, Operation};

use super::{Checker, Context, decide_on_other_evidence};
use crate::findings::Findings;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct Progress;

impl Checker for Progress {
    fn name(&self) -> &'static str {
        "progress"
    }

    fn about(&self) -> &'static str {
        "Once healed, every client that tries gets an operation done within the limit."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || {
            let healed = history.notes().find(|note| note.function == "healed");
            let Some(healed) = healed else {
                return Ok(Verdict::Unknown("nothing notes that faults were healed".to_owned()));
            };
            let Some(healed_at) = healed.time else {
                return Ok(Verdict::Unknown(format!("event {}: healed at no known time", healed.index)));
            };
            let after = |operation: &Operation<'_>| {
                let is_over = operation.completion().is_some_and(|event| event.index < healed.index);
                !is_over && !operation.is_final()
            };
            let sessions = by_session(history.operations().filter(after));
            if sessions.is_empty() {
                return Ok(Verdict::Unknown("no client tried anything after healing".to_owned()));
            }
            let limit = context.progress_ns_max.unwrap_or(u64::MAX);
            let mut findings = Findings::default();
            findings.extend(sessions.values().filter_map(|session| stalled(session, healed_at, limit)));
            Ok(findings.or(Verdict::Valid(None)))
        })
    }
}

fn by_session<'a>(operations: impl Iterator<Item = Operation<'a>>) -> BTreeMap<u64, Vec<Operation<'a>>> {
    let mut sessions: BTreeMap<u64, Vec<Operation<'a>>> = BTreeMap::new();
    for operation in operations {
        if let Some(session) = operation.session() {
            sessions.entry(session).or_default().push(operation);
        }
    }
    sessions
}

/// The anomaly of a session that got nothing done by the limit.
fn stalled(session: &[Operation<'_>], healed_at: u64, limit: u64) -> Option<Anomaly> {
    let first = session.first()?;
    let succeeded = session.iter().filter(|operation| operation.fate() == Fate::Ok);
    let first_success = succeeded.filter_map(|operation| operation.completion()?.time).min();
    let took = first_success.map(|time| time.saturating_sub(healed_at));
    if took.is_some_and(|took| took <= limit) {
        return None;
    }
    let outcome = match took {
        Some(took) => format!("got its first operation done {} after healing", words::seconds(took)),
        None => format!("got none of its {} operations after healing done", session.len()),
    };
    let explanation = format!(
        "the session of {} {outcome}, although every fault was healed at {}",
        words::who(*first),
        words::seconds(healed_at)
    );
    Some(Anomaly::new(AnomalyKind::NoProgress, None, [first.index()], explanation))
}

#[cfg(test)]
mod tests {
    use perjury_histories::{Event, History, notation};

    use super::*;

    /// The history of this text, its events one second apart.
    fn timed(text: &str) -> History {
        let events = notation::parse(text).expect("a history").to_events();
        let seconds = |(position, event): (usize, Event)| Event {
            time: Some(position as u64 * 1_000_000_000),
            ..event
        };
        History::new(events.into_iter().enumerate().map(seconds)).expect("the same history")
    }

    fn check(text: &str, limit_seconds: u64) -> Verdict {
        let context = Context { progress_ns_max: Some(limit_seconds * 1_000_000_000), ..Context::default() };
        Progress.check(&timed(text), &context)
    }

    #[test]
    fn rejects_a_session_that_gets_nothing_done() {
        assert!(check("0:write(x,1):fail nemesis:healed() 0:write(x,2)", 10).is_valid());
        assert!(check("0:write(x,1) nemesis:healed() 0:write(x,2):fail", 10).is_invalid());
    }

    #[test]
    fn rejects_progress_after_the_limit() {
        let text = "nemesis:healed() 0:write(x,1):fail 0:write(x,2)";
        assert!(check(text, 4).is_valid());
        assert!(check(text, 3).is_invalid());
    }

    #[test]
    fn asks_every_session() {
        assert!(check("nemesis:healed() 0:write(x,1) 1:write(x,2)", 10).is_valid());
        assert!(check("nemesis:healed() 0:write(x,1) 1:write(x,2):fail", 10).is_invalid());
    }

    #[test]
    fn asks_for_what_was_open_too() {
        assert!(check("0:write(x,1)? nemesis:healed() 0:ok", 10).is_valid());
        assert!(check("0:write(x,1)? nemesis:healed() 0:fail", 10).is_invalid());
        assert!(check("0:write(x,1)? nemesis:healed() 1:write(x,2)", 10).is_invalid());
    }

    #[test]
    fn leaves_final_reads_out() {
        assert!(check("nemesis:healed() 0:write(x,1) 1:read!(x):fail", 10).is_valid());
        assert!(check("nemesis:healed() 0:write(x,1) 1:read(x):fail", 10).is_invalid());
    }

    #[test]
    fn is_unknown_when_nothing_was_tried_after_healing() {
        assert!(check("0:write(x,1) nemesis:healed()", 10).is_unknown());
        assert!(check("0:write(x,1)", 10).is_unknown());
    }
}
