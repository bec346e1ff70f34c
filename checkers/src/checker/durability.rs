//! Durability of the whole store: what was acknowledged is found again, or something newer is.
//!
//! ```text
//! process 0  ├─ write 1 to x ─┤ ok, version 3.1
//! nemesis                           power loss of all nodes; replay; dump of every node: x at version 2.1
//! process 1                                                        ├─ final read of x ─┤ ok, version 2.1
//!                                                                    lost write, seen twice
//! ```
//!
//! For each key the highest version that an ok write had, of those that had returned before the reading
//! began, must be found, that one or a higher one:
//!
//! - in the dumps of stage `replayed`, at the best of the key's home replicas (without a placement: of all
//!   dumped nodes). While a home replica has given no such dump, the key is not judged by dumps: the write
//!   may be safe there.
//! - in every final read of the key that names no node; and in the best of those that name the node that
//!   served them, since these may be reads of one replica each, and one replica may lack what W others hold.
//!
//! Without versions a write is provably lost only when a final read returns the initial value, which no
//! operation may have written again.
//!
//! Where the context says how many home replicas must acknowledge a write, each ok write is also compared
//! with the acknowledgements that were noted before it returned.

use std::collections::BTreeMap;

use perjury_histories::{History, Key};

use super::{Checker, Context, decide_on_other_evidence};
use crate::access::{Access, Accesses, Position};
use crate::findings::Findings;
use crate::notes::{self, Dump, Note, Placement, Stage, What};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

mod replication;

/// Of those who dropped a key after a write that is lost, so many are shown.
const RELEASES_SHOWN: usize = 3;

/// See the [module](self).
pub struct Durability;

impl Checker for Durability {
    fn name(&self) -> &'static str {
        "durability"
    }

    fn about(&self) -> &'static str {
        "Every acknowledged write is found again after replay, at its version or a higher one."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || {
            let accesses = Accesses::placed(history, &context.initial)?;
            let notes = notes::all(history)?;
            let acknowledged = Acknowledged::of(&accesses);
            let mut findings = Findings::default();
            let dumps = notes::last_dumps(&notes, Stage::Replayed);
            let inside =
                Inside { dumps: &dumps, placement: notes::placement(&notes, Stage::Replayed), notes: &notes };
            judge_dumps(&acknowledged, &inside, &mut findings);
            let reads = final_reads(&accesses);
            judge_reads(&accesses, &acknowledged, &reads, &mut findings);
            let noted = replication::judge(&accesses, &notes, context, &mut findings);
            let otherwise = if dumps.is_empty() && reads.is_empty() {
                Verdict::Unknown("no final read is ok, and no replica was dumped after replay".to_owned())
            } else {
                noted
            };
            Ok(findings.or(otherwise))
        })
    }
}

/// The ok writes of each key, in the order in which they returned, each with the highest of it and those
/// before it.
struct Acknowledged<'a>(BTreeMap<Option<&'a Key>, Vec<(usize, Access<'a>)>>);

impl<'a> Acknowledged<'a> {
    fn of(accesses: &Accesses<'a>) -> Acknowledged<'a> {
        let mut writes: BTreeMap<_, Vec<(usize, Access<'a>)>> = BTreeMap::new();
        for write in accesses.iter().filter(|access| access.is_ok() && access.is_write()) {
            let returned_at = write.operation.returned_at().unwrap_or(usize::MAX);
            writes.entry(write.key).or_default().push((returned_at, *write));
        }
        for writes in writes.values_mut() {
            writes.sort_by_key(|(returned_at, _)| *returned_at);
            for later in 1..writes.len() {
                if writes[later].1.operation.version() < writes[later - 1].1.operation.version() {
                    writes[later].1 = writes[later - 1].1;
                }
            }
        }
        Acknowledged(writes)
    }

    /// The highest write of this key that had returned before this position.
    fn highest<'s>(&'s self, key: Option<&'s Key>, before: usize) -> Option<&'s Access<'a>> {
        let writes = self.0.get(&key)?;
        let returned = writes.partition_point(|(returned_at, _)| *returned_at < before);
        returned.checked_sub(1).map(|last| &writes[last].1)
    }
}

/// What was noted of the replicas.
struct Inside<'n, 'a> {
    dumps: &'n BTreeMap<&'a str, &'n Dump<'a>>,
    placement: Option<&'n Placement>,
    notes: &'n [Note<'a>],
}

impl Inside<'_, '_> {
    /// Where this key was dropped after this event, as others owned it: that is what may have lost it.
    fn released(&self, key: &Key, after: u64) -> impl Iterator<Item = u64> {
        let notes = self.notes.iter().filter(move |note| note.event.index > after);
        notes.filter_map(move |note| match note.what {
            What::Release { key: of, .. } if of == key => Some(note.event.index),
            _ => None,
        })
    }
}

fn judge_dumps(acknowledged: &Acknowledged<'_>, inside: &Inside<'_, '_>, findings: &mut Findings) {
    let Inside { dumps, placement, .. } = inside;
    for key in acknowledged.0.keys().copied().flatten() {
        let homes: Option<Vec<&Dump<'_>>> = match placement.map(|placement| placement.get(key)) {
            None => Some(dumps.values().copied().collect()),
            Some(Some(homes)) => homes.iter().map(|node| dumps.get(node.as_str()).copied()).collect(),
            Some(None) => None,
        };
        let Some(homes) = homes else { continue };
        let first = homes.iter().map(|dump| dump.position).min();
        let best =
            homes.iter().max_by_key(|dump| dump.entries.get(key).and_then(|entry| entry.version.as_ref()));
        let Some((first, best)) = first.zip(best) else {
            continue;
        };
        let Some(write) = acknowledged.highest(Some(key), first) else {
            continue;
        };
        let found = best.entries.get(key).and_then(|entry| entry.version.as_ref());
        if write.operation.version() > found {
            let what = match found {
                Some(found) => format!("nothing above version {found}, on {}", best.node),
                None => "nothing".to_owned(),
            };
            let deed = words::deed(write.operation);
            let explanation = format!("{deed}, but after replay its home replicas held {what}");
            let released = inside.released(key, write.index()).take(RELEASES_SHOWN);
            let shown = [write.index(), best.event.index].into_iter().chain(released);
            findings.push(Anomaly::new(AnomalyKind::LostWrite, Some(key), shown, explanation));
        }
    }
}

/// The final reads of each key that are ok.
fn final_reads<'s, 'a>(accesses: &'s Accesses<'a>) -> BTreeMap<Option<&'a Key>, Vec<&'s Access<'a>>> {
    let mut reads: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for read in accesses.iter().filter(|access| access.is_ok() && access.is_read()) {
        if read.operation.is_final() {
            reads.entry(read.key).or_default().push(read);
        }
    }
    reads
}

fn judge_reads<'a>(
    accesses: &Accesses<'a>,
    acknowledged: &Acknowledged<'a>,
    reads: &BTreeMap<Option<&'a Key>, Vec<&Access<'a>>>,
    findings: &mut Findings,
) {
    let is_served = |read: &Access<'_>| {
        let completion = read.operation.completion();
        read.operation.invocation().node.is_some() || completion.is_some_and(|event| event.node.is_some())
    };
    for (key, reads) in reads {
        let (of_node, of_store): (Vec<&Access<'_>>, Vec<&Access<'_>>) =
            reads.iter().partition(|read| is_served(read));
        // The best is the highest, if all can be compared; one that cannot may be as high as any.
        let positions = of_node.iter().map(|read| accesses.position(read).map(|position| (position, *read)));
        let best = positions.collect::<Option<Vec<_>>>().unwrap_or_default();
        let best = best.into_iter().max_by_key(|(position, _)| *position).map(|(_, read)| read);
        let first = of_node.iter().map(|read| read.operation.invoked_at()).min().unwrap_or(0);
        let judged = best.map(|read| (read, first)).into_iter();
        for (read, before) in judged.chain(of_store.iter().map(|read| (*read, read.operation.invoked_at()))) {
            let Some(write) = acknowledged.highest(*key, before) else {
                continue;
            };
            let (found, owed) = (accesses.position(read), accesses.position(write));
            if found.zip(owed).is_some_and(|(found, owed)| found.is_below(owed)) {
                findings.push(lost(write, read, found == Some(Position::Initial)));
            }
        }
    }
}

fn lost(write: &Access<'_>, read: &Access<'_>, is_initial: bool) -> Anomaly {
    let (wrote, saw) = (words::deed(write.operation), words::deed(read.operation));
    let what = if is_initial { "as if it had never been written" } else { "which is older" };
    let explanation = format!("{wrote}, but in the final read {saw}, {what}");
    Anomaly::new(AnomalyKind::LostWrite, write.key, [write.index(), read.index()], explanation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::{LostWrite, UnderReplicated};

    fn dump(node: &str, entries: &str) -> String {
        format!(r#" nemesis:dump(_,{{"stage":"replayed","entries":[{entries}]}})/{node}"#)
    }

    #[test]
    fn rejects_final_read_below_an_acknowledged_write() {
        accepts(&Durability, "0:write(x,1)@3 1:read!(x)=1@3");
        accepts(&Durability, "0:write(x,1)@3 1:read!(x)=2@4");
        rejects(&Durability, "0:write(x,1)@3 1:read!(x)=2@2", LostWrite, &[0, 2]);
        rejects(&Durability, "0:write(x,1)@3 1:read!(x)=null", LostWrite, &[0, 2]);
    }

    #[test]
    fn names_the_highest_write_that_is_lost() {
        rejects(&Durability, "0:write(x,1)@3 0:write(x,2)@2 1:read!(x)=2@2", LostWrite, &[0, 4]);
    }

    #[test]
    fn accepts_loss_of_what_was_not_acknowledged() {
        accepts(&Durability, "0:write(x,1)@2 2:write(x,2):info 1:read!(x)=1@2");
        accepts(&Durability, "0:write(x,1)@2 1:read!(x)? 2:write(x,2)@3 1:ok=1@2");
        rejects(&Durability, "0:write(x,1)@2 2:write(x,2)@3 1:read!(x)? 1:ok=1@2", LostWrite, &[2, 4]);
    }

    #[test]
    fn goes_by_the_best_of_reads_that_name_their_node() {
        accepts(&Durability, "0:write(x,1)@3 1:read!(x)/n1=9@2 1:read!(x)/n2=1@3");
        accepts(&Durability, "0:write(x,1)@3 1:read!(x)/n1=9@2 1:read!(x)/n2=8");
        rejects(&Durability, "0:write(x,1)@3 1:read!(x)/n1=9@2 1:read!(x)/n2=8@1", LostWrite, &[0, 2]);
        rejects(&Durability, "0:write(x,1)@3 1:read!(x)=9@2 1:read!(x)/n2=1@3", LostWrite, &[0, 2]);
    }

    #[test]
    fn proves_little_without_versions() {
        rejects(&Durability, "0:write(x,1) 1:read!(x)=null", LostWrite, &[0, 2]);
        accepts(&Durability, "0:write(x,1) 1:delete(x):info 2:read!(x)=null");
        accepts(&Durability, "0:write(x,1) 0:write(x,2) 1:read!(x)=1");
    }

    #[test]
    fn accepts_value_whose_place_is_not_known() {
        let text = |write| format!("2:{write} 0:write(x,1)@3 1:read!(x)=9");
        accepts(&Durability, &text("write(x,9):info"));
        rejects(&Durability, &text("write(x,9)@2"), LostWrite, &[2, 4]);
    }

    #[test]
    fn goes_by_the_best_home_replica_after_replay() {
        let text = |homes: &str| {
            let dumps = dump("n1", r#"["x",[2],9]"#) + &dump("n2", r#"["x",[3],1]"#);
            format!(r#"0:write(x,1)@3 {dumps} nemesis:placement(_,[["x",{homes}]])"#)
        };
        accepts(&Durability, &text(r#"["n1","n2"]"#));
        rejects(&Durability, &text(r#"["n1"]"#), LostWrite, &[0, 2]);
        // The write may be safe on n3, which has not been dumped.
        accepts(&Durability, &text(r#"["n1","n3"]"#));
    }

    #[test]
    fn shows_who_gave_it_up() {
        let text = format!(
            r#"nemesis:release(x)/n2 0:write(x,1)@3 nemesis:release(y)/n1 nemesis:release(x)/n1 {} nemesis:placement(_,[["x",["n3"]]])"#,
            dump("n3", "")
        );
        rejects(&Durability, &text, LostWrite, &[1, 4, 5]);
    }

    #[test]
    fn accepts_write_acknowledged_after_the_dump() {
        accepts(&Durability, &format!("{} 0:write(x,1)@3", dump("n1", "")));
        rejects(&Durability, &format!("0:write(x,1)@3 {}", dump("n1", "")), LostWrite, &[0, 2]);
    }

    #[test]
    fn places_counters_and_lists_by_their_versions() {
        let text = |read| format!("0:append(x,1)@3 0:append(x,2)@5 1:read!(x)={read}");
        accepts(&Durability, &text("[1,2]@5"));
        rejects(&Durability, &text("[1]@3"), LostWrite, &[2, 4]);
        let counter = |read| format!("0:add(x,1)@3 0:add(x,1)@5 1:read!(x)={read}");
        accepts(&Durability, &counter("2@5"));
        rejects(&Durability, &counter("1@3"), LostWrite, &[2, 4]);
        rejects(
            &Durability,
            &format!("0:append(x,1)@3 {}", dump("n1", r#"["x",[2],[]]"#)),
            LostWrite,
            &[0, 2],
        );
    }

    #[test]
    fn is_unsure_when_nobody_looked() {
        is_unsure(&Durability, "0:write(x,1)@3 1:read(x)=1@3");
        is_unsure(&Durability, "0:write(x,1)@3 1:read!(x):fail");
    }

    #[test]
    fn rejects_write_that_too_few_had_acknowledged() {
        let context = Context { acknowledgements_min: Some(2), ..Context::default() };
        let text = |second: &str| {
            format!(
                "0:write(x,1)? nemesis:acknowledge(x)/n1@3 {second} 0:ok@3 nemesis:acknowledge(x)/n3@3 \
                 1:read!(x)=1@3 nemesis:placement(_,[[\"x\",[\"n1\",\"n2\",\"n3\"]]])"
            )
        };
        let accepts = |second| accepts_in(&context, &Durability, &text(second));
        let rejects = |second| rejects_in(&context, &Durability, &text(second), UnderReplicated, &[0]);
        accepts("nemesis:acknowledge(x)/n2@3");
        accepts("nemesis:acknowledge(x)/n2@3.1");
        rejects("nemesis:acknowledge(x)/n2@2");
        rejects("nemesis:acknowledge(y)/n2@3");
        rejects("nemesis:acknowledge(x)/n1@3");
        rejects("nemesis:acknowledge(x)/n9@3");
        assert!(rejects("").contains("only n1 had acknowledged it; 2 must"));
    }

    #[test]
    fn is_unsure_when_no_acknowledgement_was_ever_noted() {
        let context = Context { acknowledgements_min: Some(2), ..Context::default() };
        assert!(Durability.check(&history("0:write(x,1)@3 1:read!(x)=1@3"), &context).is_unknown());
    }
}
