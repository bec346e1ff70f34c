//! Durability of each replica: what it acknowledged it keeps.
//!
//! ```text
//! nemesis   acknowledge x at 3.1 by n1 ── power loss of n1 ── dump n1   x at 2.1      rollback
//! nemesis   acknowledge x at 3.1 by n1 ── corrupt x on n1 ─── dump n1   x at 2.1      excused: it said so
//! ```
//!
//! After a replica acknowledged a version of a key, none of its later dumps may lack the key or hold it at a
//! lower version. A report of a corrupt record excuses that key, and one without a key every key, for all
//! that was acknowledged before the report; what is acknowledged after it counts again. A replica that has released a key
//! to others owes nothing of it. Other replicas may
//! still hold the write, so that no client notices: that is why this is judged replica by replica.

use std::collections::BTreeMap;

use perjury_histories::{EventRef, History, Key, Version};

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::notes::{self, Dump, What};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;

/// See the [module](self).
pub struct ReplicaDurability;

impl Checker for ReplicaDurability {
    fn name(&self) -> &'static str {
        "replica-durability"
    }

    fn about(&self) -> &'static str {
        "A replica never goes back below a version it acknowledged, unless it reported the record corrupt."
    }

    fn check(&self, history: &History, _: &Context) -> Verdict {
        decide_on_other_evidence(history, || judge(history))
    }
}

/// What one replica owes: of each key the acknowledged versions, each higher than those before it, and by
/// which event.
type Owed<'a> = BTreeMap<&'a Key, Vec<(&'a Version, EventRef<'a>)>>;

fn judge(history: &History) -> Result<Verdict, Undecided> {
    let mut findings = Findings::default();
    let mut owed: BTreeMap<&str, Owed<'_>> = BTreeMap::new();
    let mut is_judged = false;
    for note in &notes::all(history)? {
        match &note.what {
            What::Acknowledge { node, key, version } => {
                let rising = owed.entry(node).or_default().entry(key).or_default();
                if rising.last().is_none_or(|(highest, _)| highest < version) {
                    rising.push((version, note.event));
                }
            }
            What::Corrupt { node, key } => {
                if let Some(owed) = owed.get_mut(node) {
                    owed.retain(|owed, _| key.is_some_and(|key| *owed != key));
                }
            }
            What::Release { node, key } => {
                if let Some(owed) = owed.get_mut(node) {
                    owed.remove(key);
                }
            }
            What::Dump(dump) => {
                let Some(owed) = owed.get_mut(dump.node) else { continue };
                for (key, rising) in owed {
                    // What was acknowledged while the dump was under way it may not show yet.
                    let due = rising.partition_point(|(_, event)| event.index < dump.asked);
                    let Some(&(version, acknowledged)) = rising[..due].last() else { continue };
                    is_judged = true;
                    if let Some(rollback) = rollback(dump, key, version, acknowledged) {
                        findings.push(rollback);
                        // Reported once.
                        rising.drain(..due);
                    }
                }
            }
            _ => {}
        }
    }
    let unjudged = "no replica was dumped after it had acknowledged something".to_owned();
    Ok(findings.or(if is_judged { Verdict::Valid(None) } else { Verdict::Unknown(unjudged) }))
}

/// The anomaly of a dump that holds less of a key than the version acknowledged before it.
fn rollback(dump: &Dump<'_>, key: &Key, version: &Version, acknowledged: EventRef<'_>) -> Option<Anomaly> {
    let found = dump.entries.get(key).and_then(|entry| entry.version.as_ref());
    if found >= Some(version) {
        return None;
    }
    let (node, first, then) = (dump.node, words::moment(acknowledged), words::moment(dump.event));
    let found = match found {
        Some(found) => format!("only version {found}"),
        None => "nothing".to_owned(),
    };
    let explanation = format!(
        "node {node} acknowledged version {version} of key {key} at {first}, but at {then} it held {found} of \
         it, and had reported no corrupt record"
    );
    let shown = [acknowledged.index, dump.event.index];
    Some(Anomaly::new(AnomalyKind::ReplicaRollback, Some(key), shown, explanation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::ReplicaRollback;

    /// n1 acknowledges version 3 of x, something happens, and n1 is dumped.
    fn text(between: &str, entries: &str) -> String {
        let dump = format!(r#"nemesis:dump(_,{{"stage":"converged","entries":[{entries}]}})/n1"#);
        format!("0:write(x,1)@3 nemesis:acknowledge(x)/n1@3 {between} {dump}")
    }

    const OLDER: &str = r#"["x",[2],9]"#;

    #[test]
    fn rejects_replica_that_went_back() {
        accepts(&ReplicaDurability, &text("", r#"["x",[3],1]"#));
        accepts(&ReplicaDurability, &text("", r#"["x",[4],null]"#));
        rejects(&ReplicaDurability, &text("", OLDER), ReplicaRollback, &[2, 3]);
        rejects(&ReplicaDurability, &text("", ""), ReplicaRollback, &[2, 3]);
    }

    #[test]
    fn holds_to_the_highest_acknowledged() {
        let text = |second| text(&format!("nemesis:acknowledge(x)/n1@{second}"), r#"["x",[3],1]"#);
        accepts(&ReplicaDurability, &text(2));
        rejects(&ReplicaDurability, &text(4), ReplicaRollback, &[3, 4]);
    }

    /// A dump that was asked for when the history had so many events.
    fn asked(asked: u64, version: u64) -> String {
        let dump = format!(r#"{{"stage":"restarted","asked":{asked},"entries":[["x",[{version}],1]]}}"#);
        format!(
            "0:write(x,1)@3 nemesis:acknowledge(x)/n1@3 nemesis:acknowledge(x)/n1@5 nemesis:dump(_,{dump})/n1"
        )
    }

    #[test]
    fn asks_a_dump_only_for_what_was_acknowledged_before_it() {
        accepts(&ReplicaDurability, &asked(3, 3));
        rejects(&ReplicaDurability, &asked(4, 3), ReplicaRollback, &[3, 4]);
        rejects(&ReplicaDurability, &asked(3, 2), ReplicaRollback, &[2, 4]);
        is_unsure(&ReplicaDurability, &asked(2, 2));
    }

    #[test]
    fn asks_nothing_of_who_has_released_a_key() {
        accepts(
            &ReplicaDurability,
            &text("nemesis:release(x)/n1 nemesis:acknowledge(y)/n1@1", r#"["y",[1],2]"#),
        );
        rejects(&ReplicaDurability, &text("nemesis:release(x)/n2", ""), ReplicaRollback, &[2, 4]);
        rejects(&ReplicaDurability, &text("nemesis:release(y)/n1", ""), ReplicaRollback, &[2, 4]);
        let again = "nemesis:release(x)/n1 nemesis:acknowledge(x)/n1@3";
        rejects(&ReplicaDurability, &text(again, ""), ReplicaRollback, &[4, 5]);
    }

    #[test]
    fn excuses_what_was_reported_corrupt() {
        accepts(
            &ReplicaDurability,
            &text("nemesis:acknowledge(y)/n1@1 nemesis:corrupt(x)/n1", &format!(r#"{OLDER},["y",[1],1]"#)),
        );
        rejects(&ReplicaDurability, &text("nemesis:corrupt(y)/n1", OLDER), ReplicaRollback, &[2, 4]);
        rejects(&ReplicaDurability, &text("nemesis:corrupt(x)/n2", OLDER), ReplicaRollback, &[2, 4]);
    }

    #[test]
    fn holds_to_what_is_acknowledged_after_the_report() {
        let again = "nemesis:corrupt()/n1 nemesis:acknowledge(x)/n1@3";
        accepts(&ReplicaDurability, &text(again, r#"["x",[3],1]"#));
        rejects(&ReplicaDurability, &text(again, OLDER), ReplicaRollback, &[4, 5]);
    }

    #[test]
    fn is_unsure_when_nothing_can_be_compared() {
        is_unsure(&ReplicaDurability, &text("nemesis:corrupt()/n1", OLDER));
        is_unsure(&ReplicaDurability, "0:write(x,1)@3 nemesis:acknowledge(x)/n1@3");
        assert!(is_unsure(&ReplicaDurability, &text("nemesis:acknowledge(x)/n1", OLDER)).contains("event 3"));
    }
}
