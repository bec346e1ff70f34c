//! Invariants of a replicated log, watched from inside during the run (Ongaro and Ousterhout 2014, figure 3).
//!
//! ```text
//! nemesis   invariant   {"invariant": "one-leader-per-term", "nodes": ["n1", "n3"],
//!                        "what": "n1 and n3 both lead term 4"}                          broken
//! nemesis   watched     {"one-leader-per-term": 12, "log-matching": 4031, …}            looked at so often
//! ```
//!
//! The nodes tell what they do, and whoever listens to all of them notes each violation when it happens. Here the
//! notes become a verdict. Each invariant is an anomaly of its own:
//!
//! - *one-leader-per-term*: at most one node leads a term (election safety);
//! - *log-matching*: logs that hold the same entry are the same up to it;
//! - *leader-completeness*: whoever leads holds everything that was committed in earlier terms;
//! - *state-machine-safety*: what is applied at an index is the same on every node, and so is what came of it;
//! - *monotonic-term*: no node goes back to an earlier term, not even by a restart;
//! - *monotonic-applied-index*: every node applies one entry after the other, and never goes back.
//!
//! Without a note `watched` nobody listened to the end, and an invariant that was never looked at was not shown to
//! hold: unknown, as with a note that cannot be read. But what was seen to be broken is. Invariants that are not owed
//! are not among those that are watched.

use std::collections::BTreeMap;

use perjury_histories::{EventRef, History};

use super::{Checker, Context, Undecided, decide_on_other_evidence};
use crate::findings::Findings;
use crate::notes::{self, Broken, What};
use crate::verdict::{Anomaly, AnomalyKind, Verdict};

/// See the [module](self).
pub struct Invariants;

impl Checker for Invariants {
    fn name(&self) -> &'static str {
        "invariants"
    }

    fn about(&self) -> &'static str {
        "One leader a term, matching logs, complete leaders, equal state machines, no way back, seen from inside."
    }

    fn check(&self, history: &History, _: &Context) -> Verdict {
        decide_on_other_evidence(history, || Ok(judge(history)))
    }
}

/// The invariants that there are.
const KINDS: [AnomalyKind; 6] = [
    AnomalyKind::OneLeaderPerTerm,
    AnomalyKind::LogMatching,
    AnomalyKind::LeaderCompleteness,
    AnomalyKind::StateMachineSafety,
    AnomalyKind::MonotonicTerm,
    AnomalyKind::MonotonicAppliedIndex,
];

/// How many elections before it a violation is told with: what broke a log began some leaders ago.
const ELECTIONS_TOLD: usize = 4;

fn judge(history: &History) -> Verdict {
    let mut findings = Findings::default();
    let mut watched = None;
    let mut unread = None;
    let mut elections = Vec::new();
    for note in notes::each(history) {
        let found = note.and_then(|note| match note.what {
            What::Invariant(broken) => anomaly(note.event, &broken, &elections).map(Some),
            What::Leader { .. } => {
                elections.push(note.event.index);
                Ok(None)
            }
            What::Watched(counts) => {
                watched = Some(counts);
                Ok(None)
            }
            _ => Ok(None),
        });
        match found {
            Ok(found) => findings.extend(found),
            // The notes after it may tell of a violation, and that holds whatever this one says.
            Err(why) => unread = unread.or(Some(why)),
        }
    }
    let why_unsure = unread.or_else(|| why_unwatched(watched.as_ref()));
    findings.or(why_unsure.map_or(Verdict::Valid(None), Verdict::Unknown))
}

/// Why it does not show much that nothing was seen to be broken; none: every invariant was looked at.
fn why_unwatched(watched: Option<&BTreeMap<&str, u64>>) -> Option<String> {
    let Some(counts) = watched else {
        return Some("nobody noted how often the invariants were looked at".to_owned());
    };
    if counts.is_empty() {
        return Some("no invariant was watched".to_owned());
    }
    let never: Vec<&str> = counts.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    (!never.is_empty()).then(|| format!("never looked at: {}", never.join(", ")))
}

/// A violation, and who was elected last before it.
fn anomaly(event: EventRef<'_>, broken: &Broken<'_>, elections: &[u64]) -> Result<Anomaly, Undecided> {
    let Broken { invariant, nodes, what } = broken;
    let kind = KINDS.into_iter().find(|kind| kind.name() == *invariant);
    let kind = kind.ok_or_else(|| format!("event {}: there is no invariant {invariant:?}", event.index))?;
    let seen_on = if nodes.is_empty() { String::new() } else { format!(" (seen on {})", nodes.join(", ")) };
    let last = elections.iter().rev().take(ELECTIONS_TOLD).rev().copied();
    Ok(Anomaly::new(kind, None, last.chain([event.index]), format!("{what}{seen_on}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    /// A history with these notes, each with its value.
    fn text(notes: &[(&str, &str)]) -> String {
        let note = |(function, value): &(&str, &str)| format!(" nemesis:{function}(_,{value})");
        "0:write(x,1)".to_owned() + &notes.iter().map(note).collect::<String>()
    }

    const WATCHED: (&str, &str) = ("watched", r#"{"one-leader-per-term":12,"log-matching":7}"#);

    fn broken(invariant: &str) -> String {
        format!(
            r#"{{"invariant":"{invariant}","nodes":["n1","n3"],"what":"n1 and n3 disagree about term 4"}}"#
        )
    }

    #[test]
    fn rejects_a_broken_invariant() {
        accepts(&Invariants, &text(&[WATCHED]));
        let broken = broken("one-leader-per-term");
        let why = rejects(
            &Invariants,
            &text(&[("invariant", &broken), WATCHED]),
            AnomalyKind::OneLeaderPerTerm,
            &[2],
        );
        assert_eq!(why, "n1 and n3 disagree about term 4 (seen on n1, n3)");
    }

    #[test]
    fn gives_each_invariant_its_own_name() {
        for kind in KINDS {
            rejects(&Invariants, &text(&[("invariant", &broken(kind.name()))]), kind, &[2]);
        }
    }

    #[test]
    fn tells_who_was_elected_before_it() {
        let term = |term: u64| format!(r#"{{"term":{term}}})/n{term}"#);
        let elections: String = (1..=6).map(|number| format!(" nemesis:leader(_,{}", term(number))).collect();
        let (broken, (watched, counts)) = (broken("log-matching"), WATCHED);
        let text = format!(
            "0:write(x,1){elections} nemesis:invariant(_,{broken}) nemesis:leader(_,{} nemesis:{watched}(_,{counts})",
            term(7)
        );
        // The last four of the six elections at 2 to 7, and none of later.
        rejects(&Invariants, &text, AnomalyKind::LogMatching, &[4, 5, 6, 7, 8]);
    }

    #[test]
    fn counts_every_violation() {
        let broken = broken("monotonic-term");
        let history = history(&text(&[("invariant", &broken), ("invariant", &broken), WATCHED]));
        assert_eq!(Invariants.check(&history, &Context::default()).count().found, 2);
    }

    #[test]
    fn is_unsure_of_what_nobody_looked_at() {
        accepts(&Invariants, &text(&[("watched", r#"{"log-matching":1}"#)]));
        let never = is_unsure(&Invariants, &text(&[("watched", r#"{"log-matching":0}"#)]));
        assert_eq!(never, "never looked at: log-matching");
        is_unsure(&Invariants, &text(&[("watched", "{}")]));
        is_unsure(&Invariants, &text(&[]));
    }

    #[test]
    fn rejects_a_broken_invariant_beside_notes_that_it_cannot_read() {
        let readable = broken("log-matching");
        for unreadable in ["{}", &broken("two-leaders")] {
            let before = text(&[("invariant", unreadable), ("invariant", &readable), WATCHED]);
            rejects(&Invariants, &before, AnomalyKind::LogMatching, &[3]);
            let after = text(&[("invariant", &readable), ("invariant", unreadable), WATCHED]);
            rejects(&Invariants, &after, AnomalyKind::LogMatching, &[2]);
        }
        let of_others = text(&[("invariant", &readable), ("placement", "7"), WATCHED]);
        rejects(&Invariants, &of_others, AnomalyKind::LogMatching, &[2]);
    }

    #[test]
    fn is_unsure_of_notes_that_it_cannot_read() {
        let reason = is_unsure(&Invariants, &text(&[("invariant", &broken("two-leaders")), WATCHED]));
        assert_eq!(reason, r#"event 2: there is no invariant "two-leaders""#);
        assert!(
            is_unsure(&Invariants, &text(&[("invariant", "{}"), WATCHED])).starts_with("event 2: invariant")
        );
        assert!(
            is_unsure(&Invariants, &text(&[("watched", r#"{"log-matching":-1}"#)])).starts_with("event 2")
        );
    }
}
