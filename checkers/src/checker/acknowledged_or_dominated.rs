//! Acknowledged or dominated: no acknowledged write vanishes where conflicts are kept for the clients to settle.
//!
//! ```text
//! process 0  ├─ add 1 to s ─┤ ok       ├─ add 3 to s ─┤ ok, over [1] and [2], which it had read
//! process 1  ├─ add 2 to s ─┤ ok
//! nemesis                        healed ── dump n1   s: [[1, 2, 3]]      1 and 2 are dominated, 3 is held
//!                                       ── dump n2   s: [[2, 3]]         1 is lost
//! ```
//!
//! A replica holds siblings: values of which none was written by somebody who had seen another. A client that adds an
//! element to a set reads all of them, and writes what they hold together, with the element. So whoever has seen a write,
//! or something that dominates it, wrote its element again: it stands in the sibling that was written, or in one that
//! dominates that one, and an element that stands in none has vanished unseen.
//!
//! Judged from the last dump of each node at stage `converged`. Each element whose add had returned ok before the replica
//! was asked must stand in a sibling, on every home replica of its key that was dumped (without a placement: on every
//! dumped node). Who deletes a key may have seen any element of it, and the history does not say which: such a key is
//! not judged. Of each add, the first replica is shown that has lost it.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{Fate, History, Key, Operation, Value};
use rustc_hash::FxHashSet;

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::notes::{self, Dump, Stage};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct AcknowledgedOrDominated;

impl Checker for AcknowledgedOrDominated {
    fn name(&self) -> &'static str {
        "acknowledged-or-dominated"
    }

    fn about(&self) -> &'static str {
        "Every home replica holds each acknowledged write, or one by somebody who had seen it."
    }

    fn check(&self, history: &History, _: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(history))
    }
}

fn judge(history: &History) -> Result<Verdict, Undecided> {
    let notes = notes::all(history)?;
    let (dumps, placement) =
        (notes::last_dumps(&notes, Stage::Converged), notes::placement(&notes, Stage::Converged));
    let deletes = history.operations().filter(|operation| operation.function() == "delete");
    let deleted: BTreeSet<Option<&Key>> = deletes.map(|delete| delete.key()).collect();
    let copies = dumps.values().map(|dump| Copy::of(dump)).collect::<Result<Vec<Copy<'_>>, Undecided>>()?;
    let (mut findings, mut is_judged) = (Findings::default(), false);
    for add in history.operations().filter(|operation| operation.function() == "add") {
        let Some(key) = add.key().filter(|key| !deleted.contains(&Some(*key))) else { continue };
        let homes = placement.map(|placement| placement.get(key));
        let is_home = |copy: &&Copy<'_>| {
            homes.is_none_or(|homes| homes.is_some_and(|homes| homes.contains(copy.dump.node)))
        };
        let owed = |copy: &&Copy<'_>| is_home(copy) && is_owed(add, copy.dump);
        let mut owing = copies.iter().filter(owed).peekable();
        is_judged |= owing.peek().is_some();
        findings.extend(owing.find(|copy| !copy.has(key, add.argument())).map(|copy| lost(add, key, copy)));
    }
    let unjudged = "no home replica was dumped after an element had been added to a key".to_owned();
    Ok(findings.or(if is_judged { Verdict::Valid(None) } else { Verdict::Unknown(unjudged) }))
}

/// Whether a dump must show what was added.
fn is_owed(add: Operation<'_>, dump: &Dump<'_>) -> bool {
    let returned = add.completion().filter(|_| add.fate() == Fate::Ok);
    returned.is_some_and(|event| event.index < dump.asked)
}

/// What one replica holds: of each key the elements of all its siblings.
struct Copy<'n> {
    dump: &'n Dump<'n>,
    elements: BTreeMap<&'n Key, FxHashSet<&'n Value>>,
}

impl<'n> Copy<'n> {
    fn of(dump: &'n Dump<'n>) -> Result<Copy<'n>, Undecided> {
        let elements = dump.entries.iter().map(|(key, entry)| {
            let no_siblings = || {
                let (index, value) = (dump.event.index, words::value(&entry.value));
                format!(
                    "event {index}: {value} of key {key} is no array of siblings, each an array of elements"
                )
            };
            Ok((key, elements(&entry.value).ok_or_else(no_siblings)?))
        });
        Ok(Copy { dump, elements: elements.collect::<Result<_, Undecided>>()? })
    }

    fn has(&self, key: &Key, element: &Value) -> bool {
        self.elements.get(key).is_some_and(|elements| elements.contains(element))
    }
}

/// The elements in an array of siblings, of which a tombstone holds none.
fn elements(siblings: &Value) -> Option<FxHashSet<&Value>> {
    let mut elements = FxHashSet::default();
    for sibling in siblings.as_array()?.iter().filter(|sibling| !sibling.is_null()) {
        elements.extend(sibling.as_array()?);
    }
    Some(elements)
}

fn lost(add: Operation<'_>, key: &Key, copy: &Copy<'_>) -> Anomaly {
    let (node, at) = (copy.dump.node, words::moment(copy.dump.event));
    let held = copy.dump.entries.get(key).map_or("nothing".to_owned(), |entry| words::value(&entry.value));
    let deed = words::deed(add);
    let explanation = format!("{deed}, but {node} held {held} of it at {at}, nothing of which has seen that");
    Anomaly::new(AnomalyKind::LostWrite, Some(key), [add.index(), copy.dump.event.index], explanation)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::*;

    use AnomalyKind::LostWrite;

    /// Two elements are added to s; n1 holds this of it.
    fn text(siblings: &str) -> String {
        format!("0:add(s,1) 1:add(s,2) {}", dump("n1", siblings))
    }

    fn dump(node: &str, siblings: &str) -> String {
        format!(r#"nemesis:dump(_,{{"stage":"converged","entries":[["s",[1],{siblings}]]}})/{node}"#)
    }

    #[test]
    fn rejects_write_that_vanished_beside_another() {
        accepts(&AcknowledgedOrDominated, &text("[[1],[2]]"));
        let why = rejects(&AcknowledgedOrDominated, &text("[[2]]"), LostWrite, &[0, 4]);
        assert!(why.contains("added 1 under key s"), "{why}");
        assert!(why.contains("n1 held [[2]] of it at event 4"), "{why}");
        rejects(&AcknowledgedOrDominated, &text("[[1],null]"), LostWrite, &[2, 4]);
    }

    #[test]
    fn accepts_write_that_another_one_has_seen() {
        accepts(&AcknowledgedOrDominated, &text("[[1,2,3]]"));
        rejects(&AcknowledgedOrDominated, &text("[[2,3]]"), LostWrite, &[0, 4]);
    }

    #[test]
    fn holds_every_home_replica_to_it() {
        let placed = |homes: &str| {
            let note = format!(r#"nemesis:placement(_,[["s",{homes}]])"#);
            format!("{} {} {note}", text("[[1,2]]"), dump("n2", "[[1]]"))
        };
        accepts(&AcknowledgedOrDominated, &placed(r#"["n1","n3"]"#));
        rejects(&AcknowledgedOrDominated, &placed(r#"["n1","n2"]"#), LostWrite, &[2, 5]);
    }

    #[test]
    fn asks_only_for_what_was_acknowledged_before_the_dump() {
        accepts(&AcknowledgedOrDominated, &format!("2:add(s,3):info {}", text("[[1,2]]")));
        accepts(&AcknowledgedOrDominated, &format!("{} 0:add(s,3)", text("[[1,2]]")));
        rejects(&AcknowledgedOrDominated, &format!("0:add(s,3) {}", text("[[1,2]]")), LostWrite, &[0, 6]);
    }

    #[test]
    fn is_unsure_where_nobody_looked_or_something_was_deleted() {
        is_unsure(&AcknowledgedOrDominated, "0:add(s,1) 0:read!(s)=[1]");
        is_unsure(&AcknowledgedOrDominated, &format!("0:write(s,1) {}", dump("n1", "[[1]]")));
        is_unsure(&AcknowledgedOrDominated, &format!("0:delete(s):info {}", text("[[2]]")));
    }

    #[test]
    fn is_unsure_of_what_is_no_siblings() {
        for held in ["1", "[1,2]", "null", r#"{"a":[1,2]}"#] {
            let why = is_unsure(&AcknowledgedOrDominated, &text(held));
            assert!(why.starts_with("event 4: ") && why.contains("is no array of siblings"), "{why}");
        }
    }

    proptest! {
        /// By the definition: an element is lost where no sibling of some replica holds it.
        #[test]
        fn agrees_with_the_definition(copies in prop::collection::vec(prop::collection::vec(0..4u8, 0..6), 1..4)) {
            let adds = (0..4).map(|element| format!("0:add(s,{element})"));
            let dumps = (1..).zip(&copies).map(|(node, held): (usize, &Vec<u8>)| {
                let (one, other) = held.split_at(held.len() / 2);
                dump(&format!("n{node}"), &format!("[{one:?},{other:?}]"))
            });
            let text = adds.chain(dumps).collect::<Vec<_>>().join(" ");
            let verdict = AcknowledgedOrDominated.check(&history(&text), &Context::default());
            let is_kept = (0..4).all(|element| copies.iter().all(|held| held.contains(&element)));
            prop_assert_eq!(verdict.is_valid(), is_kept, "{}", text);
        }
    }
}
