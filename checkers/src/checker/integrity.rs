//! Integrity: nothing comes out that did not go in.
//!
//! ```text
//! process 0  ├─ write 1 to x ─┤ ok
//! process 1                        ├─ read x ─┤ ok, 2        garbage: nobody wrote 2
//! ```
//!
//! A value may be seen when it is the initial one, or when an operation that was invoked before the end
//! of the read, and that did not certainly fail, writes it. When the read names a version, and an ok write
//! of this key has that version, the value must be the one of that write. A successful compare-and-set
//! saw the value it replaced; the entries of a replica's dump count as seen too, except tombstones. A read of
//! null where nobody wrote null has no recorded result: so histories of Knossos mean it. Reads of a whole set
//! are judged by [`set`](super::set).

use std::collections::BTreeSet;

use perjury_histories::{History, Key, Value, Version};

use super::{Checker, Context, decide_on_other_evidence};
use crate::access::{Access, Accesses};
use crate::counted;
use crate::findings::Findings;
use crate::notes::{self, Note, What};
use crate::observation;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct Integrity;

impl Checker for Integrity {
    fn name(&self) -> &'static str {
        "integrity"
    }

    fn about(&self) -> &'static str {
        "Every value read was written by an operation that did not fail, or is the initial one."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || {
            counted::refuse(history)?;
            let accesses = Accesses::of(history, &context.initial)?;
            let notes = notes::all(history)?;
            let mut findings = Findings::default();
            for read in accesses.iter().filter(|access| access.is_ok()) {
                judge_read(&accesses, read, context, &mut findings);
            }
            judge_dumps(&accesses, &notes, context, &mut findings);
            let is_read = accesses.iter().any(|access| access.is_ok() && access.observed().is_some());
            let is_dumped = notes.iter().any(|note| matches!(&note.what, What::Dump(_)));
            Ok(findings.or(match is_read || is_dumped || context.may_be_unread {
                true => Verdict::Valid(None),
                false => Verdict::Unknown(unread(history)),
            }))
        })
    }
}

/// Why nothing can be said of what came out: nothing did.
fn unread(history: &History) -> String {
    observation::why_nothing(history).unwrap_or_else(|| "no read of a single value is ok".to_owned())
}

/// A value that came out of the store.
struct Seen<'a> {
    key: Option<&'a Key>,
    value: &'a Value,
    /// The cell of the two.
    cell: Option<u32>,
    version: Option<&'a Version>,
    /// The position in the history by which it was out.
    by: usize,
    /// The index of the event that shows it.
    index: u64,
    /// Who saw it, for the explanation.
    who: String,
}

fn judge_read(accesses: &Accesses<'_>, read: &Access<'_>, context: &Context, findings: &mut Findings) {
    let (Some(value), Some(by)) = (read.observed(), read.operation.returned_at()) else {
        return;
    };
    let version = read.operation.version().filter(|_| read.is_read());
    let (key, cell, index) = (read.key, read.cell(), read.index());
    let seen = Seen { key, value, cell, version, by, index, who: String::new() };
    if let Some(fault) = fault(accesses, &seen, &context.initial) {
        let seen = Seen { who: words::deed(read.operation), ..seen };
        findings.push(fault.anomaly(&seen));
    }
}

/// Judges what the replicas held: each pair of key and value once, where it first shows.
fn judge_dumps(accesses: &Accesses<'_>, notes: &[Note<'_>], context: &Context, findings: &mut Findings) {
    if !notes.iter().any(|note| matches!(note.what, What::Dump(_))) {
        return;
    }
    let cells = accesses.by_value();
    let mut reported = BTreeSet::new();
    for note in notes {
        let What::Dump(dump) = &note.what else { continue };
        for (key, entry) in dump.entries.iter().filter(|(_, entry)| !entry.value.is_null()) {
            let seen = Seen {
                key: Some(key),
                value: &entry.value,
                cell: cells.get(&(Some(key), &entry.value)).copied(),
                version: entry.version.as_ref(),
                by: dump.position,
                index: dump.event.index,
                who: String::new(),
            };
            let Some(fault) = fault(accesses, &seen, &context.initial) else {
                continue;
            };
            if reported.insert((key, entry.version.clone(), entry.value.to_string())) {
                let (node, value) = (dump.node, words::value(&entry.value));
                let (version, at) = (words::at_version(entry.version.as_ref()), words::moment(dump.event));
                let who = format!("node {node} held {value} under key {key}{version} at {at}");
                findings.push(fault.anomaly(&Seen { who, ..seen }));
            }
        }
    }
}

/// Why a value should not have come out.
enum Fault<'a> {
    /// The write of the same version wrote something else.
    Torn(Access<'a>),
    /// Whoever wrote it failed.
    Failed(Access<'a>),
    /// Whoever wrote it had not begun.
    Future(Access<'a>),
    /// Nobody ever wrote it.
    Garbage,
}

fn fault<'a>(accesses: &Accesses<'a>, seen: &Seen<'_>, initial: &Value) -> Option<Fault<'a>> {
    if let Some(version) = seen.version {
        let mut same = accesses.at_version(seen.key, version).peekable();
        if let Some(&&write) = same.peek() {
            let is_whole = same.any(|write| write.written() == Some(seen.value));
            return (!is_whole).then_some(Fault::Torn(write));
        }
    }
    if seen.value == initial {
        return None;
    }
    let writers = || accesses.writers(seen.cell);
    let has_begun = |write: &&Access<'_>| write.operation.invoked_at() < seen.by;
    if writers().filter(has_begun).any(Access::is_possible) {
        return None;
    }
    if seen.value.is_null() && writers().next().is_none() {
        return None;
    }
    let failed = writers().find(has_begun).map(|&write| Fault::Failed(write));
    let future = || writers().find(|write| write.is_possible()).map(|&write| Fault::Future(write));
    failed.or_else(future).or(Some(Fault::Garbage))
}

impl Fault<'_> {
    fn anomaly(&self, seen: &Seen<'_>) -> Anomaly {
        let who = &seen.who;
        let (kind, explanation) = match self {
            Fault::Torn(write) => {
                let deed = words::deed(write.operation);
                (
                    AnomalyKind::GarbageRead,
                    format!("{who}, but the write of that version says otherwise: {deed}"),
                )
            }
            Fault::Failed(write) => {
                let deed = words::deed(write.operation);
                (
                    AnomalyKind::FailedWriteRead,
                    format!("{who}, but the only write of that value had failed: {deed}"),
                )
            }
            Fault::Future(write) => {
                let began = words::moment(write.operation.invocation());
                let writer = words::who(write.operation);
                let explanation =
                    format!("{who}, but that value was written only later: {writer} began to at {began}");
                (AnomalyKind::GarbageRead, explanation)
            }
            Fault::Garbage => (AnomalyKind::GarbageRead, format!("{who}, but nobody ever wrote that value")),
        };
        let write = match self {
            Fault::Torn(write) | Fault::Failed(write) | Fault::Future(write) => Some(write.index()),
            Fault::Garbage => None,
        };
        Anomaly::new(kind, seen.key, [seen.index].into_iter().chain(write), explanation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::{FailedWriteRead, GarbageRead};

    #[test]
    fn accepts_value_that_was_written() {
        accepts(&Integrity, "0:write(x,1) 1:read(x)=1");
        accepts(&Integrity, "0:write(x,1) 0:cas(x,[1,2]) 1:read(x)=2");
    }

    #[test]
    fn rejects_value_that_nobody_wrote() {
        let explanation = rejects(&Integrity, "0:write(x,1) 1:read(x)=2", GarbageRead, &[2]);
        assert_eq!(explanation, "process 1 read 2 of key x at event 3, but nobody ever wrote that value");
    }

    #[test]
    fn rejects_value_of_another_key() {
        accepts(&Integrity, "0:write(x,1) 1:read(x)=1");
        rejects(&Integrity, "0:write(y,1) 1:read(x)=1", GarbageRead, &[2]);
    }

    #[test]
    fn accepts_initial_value() {
        accepts(&Integrity, "0:write(x,1) 1:read(x)=null");
        let context = Context { initial: Value::from(7), ..Context::default() };
        accepts_in(&context, &Integrity, "0:write(x,1) 1:read(x)=7");
        rejects_in(&context, &Integrity, "0:write(x,1) 1:read(x)=0", GarbageRead, &[2]);
    }

    #[test]
    fn takes_null_for_no_record_where_nobody_wrote_it() {
        let context = Context { initial: Value::from(7), ..Context::default() };
        accepts_in(&context, &Integrity, "0:write(x,1) 1:read(x)=null");
        accepts_in(&context, &Integrity, "0:delete(x) 1:read(x)=null");
        rejects_in(&context, &Integrity, "0:delete(x):fail 1:read(x)=null", FailedWriteRead, &[0, 2]);
    }

    #[test]
    fn accepts_write_of_unknown_fate() {
        accepts(&Integrity, "0:write(x,1):info 1:read(x)=1");
    }

    #[test]
    fn rejects_failed_write() {
        rejects(&Integrity, "0:write(x,1):fail 1:read(x)=1", FailedWriteRead, &[0, 2]);
        accepts(&Integrity, "0:write(x,1):fail 2:write(x,1):info 1:read(x)=1");
    }

    #[test]
    fn rejects_value_from_the_future() {
        accepts(&Integrity, "1:read(x)? 0:write(x,1)? 1:ok=1 0:ok");
        rejects(&Integrity, "1:read(x)? 1:ok=1 0:write(x,1)? 0:ok", GarbageRead, &[0, 2]);
    }

    #[test]
    fn rejects_value_that_is_not_the_one_of_its_version() {
        accepts(&Integrity, "0:write(x,1)@1 0:write(x,2)@2 1:read(x)=2@2");
        rejects(&Integrity, "0:write(x,1)@1 0:write(x,2)@2 1:read(x)=1@2", GarbageRead, &[2, 4]);
    }

    #[test]
    fn rejects_cas_of_a_value_that_nobody_wrote() {
        accepts(&Integrity, "0:write(x,1) 1:cas(x,[1,2])");
        accepts(&Integrity, "0:write(x,1) 1:cas(x,[3,2]):fail 1:read(x)=1");
        rejects(&Integrity, "0:write(x,1) 1:cas(x,[3,2])", GarbageRead, &[2]);
    }

    #[test]
    fn judges_what_replicas_hold_once() {
        let dumps = |value: u8| {
            let dump = format!(r#"(_,{{"stage":"replayed","entries":[["x",[1],{value}]]}})"#);
            format!("0:write(x,1):info nemesis:dump{dump}/n1 nemesis:dump{dump}/n2")
        };
        accepts(&Integrity, &dumps(1));
        let explanation = rejects(&Integrity, &dumps(2), GarbageRead, &[2]);
        assert!(explanation.starts_with("node n1 held 2 under key x (version 1)"), "{explanation}");
    }

    #[test]
    fn leaves_sets_to_their_checker() {
        accepts(&Integrity, "0:add(k,1) 1:read!()=[9] 1:read(k)=1");
        assert_eq!(is_unsure(&Integrity, "0:add(k,1) 1:read!()=[9]"), "no read of a single value is ok");
        let property = Context { may_be_unread: true, ..Context::default() };
        accepts_in(&property, &Integrity, "0:write(x,1)");
    }

    #[test]
    fn leaves_counters_to_their_checker() {
        assert!(is_unsure(&Integrity, "0:add(x,1) 0:add(x,2) 1:read(x)=3").starts_with("event 4"));
        rejects(&Integrity, "0:add(x,one) 0:add(x,two) 1:read(x)=3", GarbageRead, &[4]);
    }

    #[test]
    fn is_unsure_of_what_it_does_not_know() {
        assert!(is_unsure(&Integrity, "0:write(x,1) 1:txn(_,[])").contains("event 2: txn"));
        assert!(is_unsure(&Integrity, "0:write(x,1) 1:cas(x,5)").contains("event 2"));
        is_unsure(&Integrity, "nemesis:healed()");
    }
}
