//! Eventual convergence: once everything is healed, the replicas become equal.
//!
//! ```text
//! nemesis   healed ─────── dump n1   x: 5 (version 3.1)
//!                          dump n2   x: 5 (version 3.1)
//!                          dump n3   x: 4 (version 2.1)      divergence on x
//! ```
//!
//! Judged from the last dump of each node at stage `converged`, which the harness takes when the time to
//! converge is over, and before any final read, because reads repair. The home replicas of each key (without
//! a placement: all dumped nodes) must hold the same version and the same value; a tombstone is not the same
//! as nothing. What a node holds of keys that it is no home of does not matter. A home replica that gave no
//! dump although others did has not converged either: it was healed as they were, and must answer.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{History, Key};

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::notes::{self, Dump, Entry, Note, Placement, Stage, What};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct Convergence;

impl Checker for Convergence {
    fn name(&self) -> &'static str {
        "convergence"
    }

    fn about(&self) -> &'static str {
        "Once everything is healed, all home replicas of a key become equal within the declared time."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(&notes::all(history)?, context))
    }
}

/// How long it took from healing to the last dump at stage `converged`, in nanoseconds, where both are
/// noted with their times.
pub fn took_ns(history: &History) -> Option<u64> {
    let notes = notes::all(history).ok()?;
    took(&notes, &notes::last_dumps(&notes, Stage::Converged))
}

/// The last dump of each node.
type Dumps<'n, 'a> = BTreeMap<&'a str, &'n Dump<'a>>;

fn judge(notes: &[Note<'_>], context: &Context) -> Result<Verdict, Undecided> {
    let dumps = notes::last_dumps(notes, Stage::Converged);
    if dumps.is_empty() {
        return Ok(Verdict::Unknown("no replica was dumped after healing".to_owned()));
    }
    let placement = notes::placement(notes, Stage::Converged);
    let took = took(notes, &dumps);
    let after = took.map(|took| format!(", {} after healing", words::seconds(took))).unwrap_or_default();
    let mut findings = Findings::default();
    let mut unplaced = None;
    for key in keys(&dumps, placement) {
        let homes = match placement {
            None => dumps.values().copied().collect(),
            Some(placement) => match placement.get(key) {
                Some(homes) => homes.iter().filter_map(|node| dumps.get(node.as_str()).copied()).collect(),
                None => {
                    unplaced = Some(format!("the placement does not name key {key}"));
                    continue;
                }
            },
        };
        findings.extend(difference(key, homes, &after));
    }
    findings.extend(silent(&dumps, placement, &after));
    findings.extend(late(notes, &dumps, took, context.convergence_ns_max));
    let untimed = context.convergence_ns_max.filter(|_| took.is_none());
    let untimed = untimed.map(|_| "no time of healing, or none of the dumps, is noted".to_owned());
    Ok(findings.or(unplaced.or(untimed).map_or(Verdict::Valid(None), Verdict::Unknown)))
}

/// Every key that a replica holds, or should.
fn keys<'n>(dumps: &Dumps<'n, '_>, placement: Option<&'n Placement>) -> BTreeSet<&'n Key> {
    let dumped = dumps.values().flat_map(|dump| dump.entries.keys());
    dumped.chain(placement.into_iter().flat_map(BTreeMap::keys)).collect()
}

/// The divergence of these replicas on this key, shown by two of them.
fn difference(key: &Key, homes: Vec<&Dump<'_>>, after: &str) -> Option<Anomaly> {
    let mut nodes_by_entry: Vec<(Option<&Entry>, Vec<&Dump<'_>>)> = Vec::new();
    for dump in homes {
        let entry = dump.entries.get(key);
        match nodes_by_entry.iter_mut().find(|(other, _)| *other == entry) {
            Some((_, nodes)) => nodes.push(dump),
            None => nodes_by_entry.push((entry, vec![dump])),
        }
    }
    if nodes_by_entry.len() < 2 {
        return None;
    }
    let held = nodes_by_entry.iter().map(|(entry, dumps)| {
        let nodes: Vec<&str> = dumps.iter().map(|dump| dump.node).collect();
        format!("{} held {}", nodes.join(" and "), held(*entry))
    });
    let held: Vec<String> = held.collect();
    let explanation = format!("the home replicas of key {key} differ{after}: {}", held.join("; "));
    let shown = nodes_by_entry.iter().take(2).map(|(_, dumps)| dumps[0].event.index);
    Some(Anomaly::new(AnomalyKind::Divergence, Some(key), shown, explanation))
}

fn held(entry: Option<&Entry>) -> String {
    match entry {
        None => "nothing".to_owned(),
        Some(Entry { version, value }) => {
            let what = if value.is_null() { "a tombstone".to_owned() } else { words::value(value) };
            format!("{what}{}", words::at_version(version.as_ref()))
        }
    }
}

/// Home replicas without a dump.
fn silent(dumps: &Dumps<'_, '_>, placement: Option<&Placement>, after: &str) -> Vec<Anomaly> {
    let homes: BTreeSet<&String> = placement.into_iter().flat_map(BTreeMap::values).flatten().collect();
    let other = dumps.values().map(|dump| dump.event.index).min();
    let silent = homes.into_iter().filter(|node| !dumps.contains_key(node.as_str()));
    let anomaly = |node| {
        let explanation = format!("home replica {node} gave no dump{after}, although others did");
        Anomaly::new(AnomalyKind::Divergence, None, other, explanation)
    };
    silent.map(anomaly).collect()
}

/// Equal, but too late.
fn late(notes: &[Note<'_>], dumps: &Dumps<'_, '_>, took: Option<u64>, max: Option<u64>) -> Option<Anomaly> {
    let (took, max) = (took?, max?);
    if took <= max {
        return None;
    }
    let last = dumps.values().max_by_key(|dump| dump.event.time)?;
    let (took, max) = (words::seconds(took), words::seconds(max));
    let explanation = format!("the replicas took {took} after healing to become equal; {max} are allowed");
    let shown = [healed(notes)?.event.index, last.event.index];
    Some(Anomaly::new(AnomalyKind::Divergence, None, shown, explanation))
}

fn healed<'n, 'a>(notes: &'n [Note<'a>]) -> Option<&'n Note<'a>> {
    notes.iter().rev().find(|note| matches!(note.what, What::Healed))
}

fn took(notes: &[Note<'_>], dumps: &Dumps<'_, '_>) -> Option<u64> {
    let last = dumps.values().filter_map(|dump| dump.event.time).max()?;
    Some(last.saturating_sub(healed(notes)?.event.time?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::Divergence;
    use perjury_histories::{Event, Kind, Process};

    fn dump(node: &str, entries: &str) -> String {
        format!(r#" nemesis:dump(_,{{"stage":"converged","entries":[{entries}]}})/{node}"#)
    }

    fn text(first: &str, second: &str) -> String {
        format!("0:write(x,1)@3 nemesis:healed(){}{}", dump("n1", first), dump("n2", second))
    }

    const X: &str = r#"["x",[3],1]"#;

    #[test]
    fn rejects_replicas_that_differ() {
        accepts(&Convergence, &text(X, X));
        let explanation = rejects(&Convergence, &text(X, r#"["x",[2],1]"#), Divergence, &[3, 4]);
        assert!(explanation.contains("n1 held 1 (version 3); n2 held 1 (version 2)"), "{explanation}");
        rejects(&Convergence, &text(X, r#"["x",[3],2]"#), Divergence, &[3, 4]);
        rejects(&Convergence, &text(X, ""), Divergence, &[3, 4]);
        rejects(&Convergence, &text("", r#"["x",[3],null]"#), Divergence, &[3, 4]);
    }

    #[test]
    fn asks_only_home_replicas() {
        let placed = |homes| format!(r#"{} nemesis:placement(_,[["x",{homes}]])"#, text(X, ""));
        accepts(&Convergence, &placed(r#"["n1"]"#));
        rejects(&Convergence, &placed(r#"["n1","n2"]"#), Divergence, &[3, 4]);
    }

    #[test]
    fn goes_by_the_homes_at_the_time_of_the_dump() {
        let text = |before, after| {
            let placed = |homes| format!(r#"nemesis:placement(_,[["x",{homes}]])"#);
            format!("{} {} {}", placed(before), text(X, ""), placed(after))
        };
        accepts(&Convergence, &text(r#"["n1"]"#, r#"["n1","n2"]"#));
        rejects(&Convergence, &text(r#"["n1","n2"]"#, r#"["n1"]"#), Divergence, &[4, 5]);
    }

    #[test]
    fn rejects_home_replica_without_a_dump() {
        let placed = |homes| format!(r#"{} nemesis:placement(_,[["x",{homes}]])"#, text(X, X));
        accepts(&Convergence, &placed(r#"["n1","n2"]"#));
        rejects(&Convergence, &placed(r#"["n1","n2","n3"]"#), Divergence, &[3]);
    }

    #[test]
    fn goes_by_the_last_dump_of_each_node() {
        accepts(&Convergence, &(text(X, "") + &dump("n2", X)));
        rejects(&Convergence, &(text(X, X) + &dump("n2", "")), Divergence, &[3, 5]);
    }

    #[test]
    fn is_unsure_without_dumps_or_with_strange_ones() {
        is_unsure(&Convergence, "0:write(x,1)@3 nemesis:healed()");
        assert!(is_unsure(&Convergence, &text(X, "7")).contains("event 4"));
        let unplaced = format!(r#"{} nemesis:placement(_,[["y",["n1"]]])"#, text(X, X));
        assert!(is_unsure(&Convergence, &unplaced).contains("key x"));
    }

    /// The same history with a second between its events.
    fn timed(text: &str) -> History {
        let events = history(text).to_events().into_iter();
        let events = events.map(|event| Event { time: Some(event.index * 1_000_000_000), ..event });
        History::new(events).expect("well formed")
    }

    #[test]
    fn rejects_equality_that_comes_too_late() {
        let history = timed(&text(X, X));
        assert_eq!(took_ns(&history), Some(2_000_000_000));
        let check = |max| {
            let context = Context { convergence_ns_max: Some(max), ..Context::default() };
            Convergence.check(&history, &context)
        };
        assert_eq!(check(2_000_000_000), Verdict::Valid(None));
        let verdict = check(1_999_999_999);
        assert_eq!(verdict.anomalies()[0].operations, [2, 4]);
        assert!(verdict.anomalies()[0].explanation.contains("took 2.000 s"), "{verdict:?}");
    }

    #[test]
    fn is_unsure_of_a_deadline_without_times() {
        let context = Context { convergence_ns_max: Some(1), ..Context::default() };
        assert!(Convergence.check(&history(&text(X, X)), &context).is_unknown());
        let note = Event::new(9, Process::Nemesis, Kind::Info, "healed");
        assert_eq!(took_ns(&History::new([note]).expect("well formed")), None);
    }
}
