//! Deleted stays deleted: what was deleted does not come back.
//!
//! ```text
//! process 0  ├─ write 1 to x ─┤ ok, version 3
//! process 0                       ├─ delete x ─┤ ok, version 5
//! process 1                                       ├─ read x ─┤ 1, version 7      it came back as something new
//! nemesis                         healed ── dump n2   x: 1 (version 3)           it came back as it was
//! ```
//!
//! For each key the highest version of a delete that was ok, or that an ok read saw as a tombstone, of those that had
//! returned before somebody looks. The value found then must have been written above it: by the one operation that may
//! have written it, where that is ok and has a version, else at the version that was found.
//!
//! - Dumps of the stage `converged`, and final reads, must find nothing older. A replica whose log was just `replayed` may
//!   not have heard of a delete that another one acknowledged.
//! - Any other read may be late, and find what was there before the delete. But where it finds something of before at a
//!   version above the delete, that was written again.
//!
//! Of each key the first resurrection is shown: what comes later may be a copy of it.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{EventRef, History, Key, Value, Version};
use rustc_hash::FxHashMap;

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::access::{Access, Accesses};
use crate::findings::Findings;
use crate::notes::{self, Dump, Note, Stage, What};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct DeletedStaysDeleted;

impl Checker for DeletedStaysDeleted {
    fn name(&self) -> &'static str {
        "deleted-stays-deleted"
    }

    fn about(&self) -> &'static str {
        "What was deleted does not come back, unless it is written again."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(history, context))
    }
}

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    let accesses = Accesses::of(history, &context.initial)?;
    let notes = notes::all(history)?;
    let deletes = Deletes::of(&accesses);
    let mut sightings: Vec<Sighting<'_>> = reads(&accesses).chain(dumped(&notes)).collect();
    sightings.sort_by_key(|sighting| sighting.event.index);
    let (mut findings, mut found) = (Findings::default(), BTreeSet::new());
    let (mut is_judged, writers) = (false, Writers::of(&accesses));
    for sighting in sightings {
        let Some((version, delete)) = deletes.highest(sighting.key, sighting.begun) else { continue };
        is_judged |= sighting.is_last;
        let writer = writers.of_value(&sighting);
        let written = writer.and_then(|writer| writer.operation.version()).or(sighting.version);
        let is_new = sighting.is_last || sighting.version > Some(version);
        let is_back = !sighting.value.is_null() && is_new && written.is_some_and(|written| written < version);
        if is_back && found.insert(sighting.key) {
            findings.push(resurrection(delete, &sighting, writer));
        }
    }
    let unjudged = "nobody looked in the end for what an acknowledged delete had deleted".to_owned();
    Ok(findings.or(if is_judged { Verdict::Valid(None) } else { Verdict::Unknown(unjudged) }))
}

/// A delete, by the version of its tombstone.
type Delete<'s, 'a> = (&'a Version, &'s Access<'a>);

/// Of each key what proves that it was deleted: by which event that was known, each higher than those before it.
struct Deletes<'s, 'a>(BTreeMap<Option<&'a Key>, Vec<(u64, Delete<'s, 'a>)>>);

impl<'s, 'a> Deletes<'s, 'a> {
    fn of(accesses: &'s Accesses<'a>) -> Deletes<'s, 'a> {
        let proof = |access: &'s Access<'a>| {
            let left = access.written().or(access.observed()).filter(|_| access.is_ok())?;
            let known = access.operation.completion()?.index;
            left.is_null().then_some((known, (access.operation.version()?, access)))
        };
        let mut proofs: Vec<_> = accesses.iter().filter_map(proof).collect();
        proofs.sort_by_key(|(known, _)| *known);
        let mut rising: BTreeMap<_, Vec<(u64, Delete<'s, 'a>)>> = BTreeMap::new();
        for (known, (version, access)) in proofs {
            let of_key = rising.entry(access.key).or_default();
            if of_key.last().is_none_or(|(_, (highest, _))| *highest < version) {
                of_key.push((known, (version, access)));
            }
        }
        Deletes(rising)
    }

    /// The highest of this key that was known before this event.
    fn highest(&self, key: Option<&Key>, before: u64) -> Option<Delete<'s, 'a>> {
        let of_key = self.0.get(&key)?;
        let known = of_key.partition_point(|(known, _)| *known < before);
        of_key[..known].last().map(|(_, delete)| *delete)
    }
}

/// Somebody sees what a key holds.
struct Sighting<'a> {
    key: Option<&'a Key>,
    value: &'a Value,
    version: Option<&'a Version>,
    /// It shows all that was known before this event.
    begun: u64,
    event: EventRef<'a>,
    /// Everything was healed before, and the replicas had time to become equal.
    is_last: bool,
    what: String,
}

fn reads<'s, 'a>(accesses: &'s Accesses<'a>) -> impl Iterator<Item = Sighting<'a>> + use<'s, 'a> {
    let reads = accesses.iter().filter(|access| access.is_ok() && access.is_read());
    reads.filter_map(|read| {
        let event = read.operation.invocation();
        Some(Sighting {
            key: read.key,
            value: read.observed()?,
            version: read.operation.version(),
            begun: event.index,
            event,
            is_last: read.operation.is_final(),
            what: words::deed(read.operation),
        })
    })
}

fn dumped<'n>(notes: &'n [Note<'_>]) -> impl Iterator<Item = Sighting<'n>> {
    let dumps = notes.iter().filter_map(|note| match &note.what {
        What::Dump(dump) if dump.stage == Stage::Converged => Some(dump),
        _ => None,
    });
    dumps.flat_map(|dump: &Dump<'_>| {
        dump.entries.iter().map(|(key, entry)| {
            let (held, at) = (words::value(&entry.value), words::at_version(entry.version.as_ref()));
            let moment = words::moment(dump.event);
            Sighting {
                key: Some(key),
                value: &entry.value,
                version: entry.version.as_ref(),
                begun: dump.asked,
                event: dump.event,
                is_last: true,
                what: format!("{} held {held} under it{at} at {moment}", dump.node),
            }
        })
    })
}

/// Who wrote what was seen.
struct Writers<'s, 'a> {
    accesses: &'s Accesses<'a>,
    cells: FxHashMap<(Option<&'a Key>, &'a Value), u32>,
}

impl<'s, 'a> Writers<'s, 'a> {
    fn of(accesses: &'s Accesses<'a>) -> Writers<'s, 'a> {
        Writers { accesses, cells: accesses.by_value() }
    }

    /// The one operation that may have written the value, if it is ok.
    fn of_value(&self, sighting: &Sighting<'_>) -> Option<&'s Access<'a>> {
        let cell = self.cells.get(&(sighting.key, sighting.value)).copied()?;
        let mut possible = self.accesses.writers(Some(cell)).filter(|write| write.is_possible());
        possible.next().filter(|write| possible.next().is_none() && write.is_ok())
    }
}

fn resurrection(delete: &Access<'_>, sighting: &Sighting<'_>, writer: Option<&Access<'_>>) -> Anomaly {
    let again = writer.filter(|writer| writer.operation.version() != sighting.version);
    let origin = again.map(|writer| format!("; {}", words::deed(writer.operation))).unwrap_or_default();
    let explanation = format!("{}, but {}{origin}", words::deed(delete.operation), sighting.what);
    let shown = writer.map(Access::index).into_iter().chain([delete.index(), sighting.event.index]);
    Anomaly::new(AnomalyKind::Resurrection, sighting.key, shown, explanation)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::*;

    use AnomalyKind::Resurrection;

    fn dump(stage: &str, entries: &str) -> String {
        format!(r#" nemesis:dump(_,{{"stage":"{stage}","asked":9,"entries":[{entries}]}})/n2"#)
    }

    /// x is written at version 3 and deleted at version 5, and then something is seen.
    fn text(then: &str) -> String {
        format!("0:write(x,1)@3 0:delete(x)@5 {then}")
    }

    #[test]
    fn rejects_dump_that_holds_what_was_deleted() {
        let judge = |stage, entries| text(&dump(stage, entries));
        accepts(&DeletedStaysDeleted, &judge("converged", r#"["x",[5],null]"#));
        accepts(&DeletedStaysDeleted, &judge("converged", r#"["x",[6],2]"#));
        rejects(&DeletedStaysDeleted, &judge("converged", r#"["x",[3],1]"#), Resurrection, &[0, 2, 4]);
        rejects(&DeletedStaysDeleted, &judge("converged", r#"["x",[4],2]"#), Resurrection, &[2, 4]);
        // Another replica may have acknowledged the delete.
        for stage in ["restarted", "replayed"] {
            is_unsure(&DeletedStaysDeleted, &judge(stage, r#"["x",[3],1]"#));
        }
    }

    #[test]
    fn rejects_final_read_of_what_was_deleted() {
        accepts(&DeletedStaysDeleted, &text("1:read!(x)=null"));
        accepts(&DeletedStaysDeleted, &text("1:read!(x)=null@5"));
        accepts(&DeletedStaysDeleted, &text("0:write(x,2)@6 1:read!(x)=2@6"));
        rejects(&DeletedStaysDeleted, &text("1:read!(x)=1@3"), Resurrection, &[0, 2, 4]);
        rejects(&DeletedStaysDeleted, &text("1:read!(x)=1"), Resurrection, &[0, 2, 4]);
    }

    #[test]
    fn rejects_what_came_back_at_a_new_version() {
        let last = "1:read!(x)=null@5";
        accepts(&DeletedStaysDeleted, &text(&format!("1:read(x)=1@3 {last}")));
        accepts(&DeletedStaysDeleted, &text(&format!("2:write(x,2):info 1:read(x)=2@7 {last}")));
        let explanation = rejects(&DeletedStaysDeleted, &text("1:read(x)=1@7"), Resurrection, &[0, 2, 4]);
        assert_eq!(
            explanation,
            "process 0 deleted key x (version 5) at event 3, but process 1 read 1 of key x (version 7) at event 5; \
             process 0 wrote 1 to key x (version 3) at event 1"
        );
    }

    #[test]
    fn takes_a_tombstone_that_was_read_for_a_delete() {
        let text = |seen| format!("0:write(x,1)@3 2:delete(x):info 1:read(x)={seen} 1:read!(x)=1@3");
        is_unsure(&DeletedStaysDeleted, &text("null"));
        rejects(&DeletedStaysDeleted, &text("null@5"), Resurrection, &[0, 4, 6]);
    }

    #[test]
    fn asks_only_for_deletes_that_had_returned() {
        let text = |during| format!("0:write(x,1)@3 0:delete(x)@5 {during} 3:read!(x)=null@5");
        accepts(&DeletedStaysDeleted, &text(""));
        let overlapping = "0:write(x,1)@3 1:read!(x)? 0:delete(x)@5 1:ok=1@3 3:read!(x)=null@5";
        accepts(&DeletedStaysDeleted, overlapping);
        rejects(&DeletedStaysDeleted, &text("1:read!(x)? 1:ok=1@3"), Resurrection, &[0, 2, 4]);
    }

    #[test]
    fn shows_the_first_of_each_key() {
        let both = "1:read!(x)=1@3 0:write(y,7)@3 0:delete(y)@4 1:read!(x)=1@3 1:read!(y)=7@3";
        let verdict = DeletedStaysDeleted.check(&history(&text(both)), &Context::default());
        let Verdict::Invalid(anomalies) = verdict else { panic!("{verdict:?}") };
        assert_eq!(
            anomalies.iter().filter_map(|anomaly| anomaly.key.clone()).collect::<Vec<_>>(),
            ["x".into(), "y".into()]
        );
    }

    #[test]
    fn is_unsure_when_nothing_was_deleted_or_nobody_looked() {
        is_unsure(&DeletedStaysDeleted, "0:write(x,1)@3 1:read!(x)=1@3");
        is_unsure(&DeletedStaysDeleted, "0:write(x,1)@3 0:delete(x):info 1:read!(x)=1@3");
        is_unsure(&DeletedStaysDeleted, &text("1:read(x)=null@5"));
    }

    /// One step of a history of one key, each by itself: what is written, deleted or read, and at which version.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Write(u8),
        Delete(u8),
        Read { of: usize, version: u8, is_final: bool },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1..9u8).prop_map(Step::Write),
            (1..9u8).prop_map(Step::Delete),
            (0..4usize, 1..9u8, any::<bool>()).prop_map(|(of, version, is_final)| Step::Read {
                of,
                version,
                is_final
            }),
        ];
        prop::collection::vec(step, 1..8)
    }

    /// Whether anything came back, by the definition: every read is held against every delete before it.
    fn is_broken(steps: &[Step]) -> bool {
        steps.iter().enumerate().any(|(place, step)| {
            let Step::Read { of, version, is_final } = *step else { return false };
            // Values are the places of their writes; other values nobody wrote.
            let written = match steps.get(of) {
                Some(Step::Write(written)) => *written,
                _ => version,
            };
            let deletes = steps[..place].iter().filter_map(|step| match step {
                Step::Delete(deleted) => Some(*deleted),
                _ => None,
            });
            deletes.max().is_some_and(|deleted| written < deleted && (is_final || version > deleted))
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(steps in steps()) {
            let line = |(place, step): (usize, &Step)| match step {
                Step::Write(version) => format!("0:write(x,{place})@{version}"),
                Step::Delete(version) => format!("0:delete(x)@{version}"),
                Step::Read { of, version, is_final } => {
                    format!("1:read{}(x)={of}@{version}", if *is_final { "!" } else { "" })
                }
            };
            let text = steps.iter().enumerate().map(line).collect::<Vec<_>>().join(" ");
            let verdict = DeletedStaysDeleted.check(&history(&text), &Context::default());
            prop_assert_eq!(verdict.is_invalid(), is_broken(&steps), "{}", text);
        }
    }
}
