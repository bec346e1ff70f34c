//! What was found, without where: the promise that was broken, and by which anomalies.
//!
//! ```text
//! linearizability: not-linearizable
//! invariants: leader-completeness, state-machine-safety
//! ```
//!
//! Two runs of one signature have most likely met one mistake: findings are told apart by it, and shrinking keeps it.

use std::collections::BTreeSet;
use std::fmt;

use perjury_checkers::{Anomaly, AnomalyKind};
use serde::{Deserialize, Serialize};

use crate::render::broken;
use crate::report::{Report, Row};
use crate::{bug, judge};

/// A broken promise and its anomalies; the level is left out, so that no finding is counted once a level.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The guarantee: the name of its checker.
    pub guarantee: String,
    /// How it was broken; empty where the guarantee has no names for that, as `no-panic`.
    pub anomalies: BTreeSet<AnomalyKind>,
}

impl Signature {
    /// What this run found: the first promise that was broken. A promise that the planted bug is known to break
    /// goes first, then one that the system made itself. `None` when every promise was kept.
    pub fn of(report: &Report) -> Option<Signature> {
        let guarantee = Signature::row(report)?.guarantee.clone();
        let anomalies = listed(report, &guarantee).map(|anomaly| anomaly.kind).collect();
        Some(Signature { guarantee, anomalies })
    }

    /// The row of the promise that it is named by.
    pub fn row(report: &Report) -> Option<&Row> {
        let rows: Vec<&Row> = broken(report).collect();
        let expected = report.scenario.bug.as_deref().and_then(bug::named).map_or(&[] as _, |bug| bug.shows);
        let is_expected = |row: &&&Row| expected.contains(&row.guarantee.as_str());
        let own = || judge::own_promises(&report.rows).find(|row| rows.contains(row));
        rows.iter().find(is_expected).copied().or_else(own).or(rows.first().copied())
    }

    /// The same with one anomaly only: that of the smallest counterexample in this run.
    pub fn of_smallest(&self, report: &Report) -> Signature {
        let anomalies =
            listed(report, &self.guarantee).filter(|anomaly| self.anomalies.contains(&anomaly.kind));
        let anomalies: Vec<Anomaly> = anomalies.cloned().collect();
        let smallest = Anomaly::smallest(&anomalies).map(|anomaly| anomaly.kind);
        Signature { guarantee: self.guarantee.clone(), anomalies: smallest.into_iter().collect() }
    }

    /// Whether this run broke the same promise by one of the same anomalies.
    pub fn matches(&self, report: &Report) -> bool {
        let is_same = |anomaly: &Anomaly| self.anomalies.contains(&anomaly.kind);
        broken(report).filter(|row| row.guarantee == self.guarantee).any(|row| {
            match self.anomalies.is_empty() {
                true => row.anomalies.is_empty(),
                false => row.anomalies.iter().any(is_same),
            }
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.guarantee)?;
        for (position, anomaly) in self.anomalies.iter().enumerate() {
            write!(f, "{} {anomaly}", if position == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// The anomalies that break this promise, at whatever level.
fn listed<'a>(report: &'a Report, guarantee: &'a str) -> impl Iterator<Item = &'a Anomaly> {
    broken(report).filter(move |row| row.guarantee == guarantee).flat_map(|row| &row.anomalies)
}

#[cfg(test)]
mod tests {
    use AnomalyKind::{LeaderCompleteness, LostWrite, NoProgress, StateMachineSafety};

    use super::*;
    use crate::folder::tests::report;
    use crate::report::RowOutcome;
    use crate::sweep::Case;

    fn row(guarantee: &str, level: &str, anomalies: &[(AnomalyKind, &[u64])]) -> Row {
        let anomaly = |(kind, operations): &(AnomalyKind, &[u64])| {
            Anomaly::new(*kind, None, operations.iter().copied(), "")
        };
        Row {
            guarantee: guarantee.to_owned(),
            level: level.to_owned(),
            promised: true,
            outcome: RowOutcome::Broken,
            evidence: String::new(),
            anomalies: anomalies.iter().map(anomaly).collect(),
            found: Default::default(),
        }
    }

    fn with(bug: Option<&str>, rows: &[Row]) -> Report {
        let mut report = report(1);
        report.scenario.bug = bug.map(str::to_owned);
        report.rows = rows.to_vec();
        report
    }

    #[test]
    fn leaves_levels_out_and_sorts_what_was_seen() {
        let rows = [
            row("invariants", "a", &[(StateMachineSafety, &[1])]),
            row("invariants", "b", &[(LeaderCompleteness, &[2]), (StateMachineSafety, &[3])]),
        ];
        let signature = Signature::of(&with(None, &rows)).expect("something was broken");
        assert_eq!(signature.to_string(), "invariants: leader-completeness, state-machine-safety");
        let json = serde_json::to_string(&signature).expect("plain data");
        assert_eq!(serde_json::from_str::<Signature>(&json).ok(), Some(signature));
    }

    #[test]
    fn takes_what_the_bug_breaks_then_what_the_system_promised_itself() {
        let rows = [
            row("progress", "", &[(NoProgress, &[])]),
            row("durability", "", &[(LostWrite, &[1])]),
            row("invariants", "", &[(LeaderCompleteness, &[1])]),
        ];
        let of = |bug, rows| Signature::of(&with(bug, rows)).map(|signature| signature.guarantee);
        assert_eq!(of(Some("vote-not-persisted"), &rows).as_deref(), Some("invariants"));
        let named = |bug| Case::new(&with(bug, &rows)).why.expect("a reason");
        assert!(named(Some("vote-not-persisted")).starts_with("invariants"), "and the reason is its own");
        assert!(named(None).starts_with("durability"));
        assert_eq!(of(None, &rows).as_deref(), Some("durability"));
        assert_eq!(of(None, &rows[..1]).as_deref(), Some("progress"));
    }

    #[test]
    fn finds_nothing_where_what_is_broken_was_not_promised() {
        let rows = [Row { promised: false, ..row("durability", "", &[(LostWrite, &[1])]) }];
        assert_eq!(Signature::of(&with(None, &rows)), None);
    }

    #[test]
    fn matches_one_of_its_anomalies_on_the_same_promise() {
        let rows = [row("invariants", "", &[(LeaderCompleteness, &[1, 2]), (StateMachineSafety, &[3])])];
        let found = with(None, &rows);
        let signature = Signature::of(&found).expect("something was broken");
        let shows = |guarantee, kind| with(None, &[row(guarantee, "", &[(kind, &[1])])]);
        assert!(signature.matches(&found));
        assert!(signature.matches(&shows("invariants", LeaderCompleteness)));
        assert!(!signature.matches(&shows("durability", LeaderCompleteness)));
        assert!(!signature.matches(&shows("invariants", LostWrite)));
        let smallest = signature.of_smallest(&found);
        assert_eq!(smallest.to_string(), "invariants: state-machine-safety");
        assert!(!smallest.matches(&shows("invariants", LeaderCompleteness)));
    }

    #[test]
    fn matches_a_panic_by_the_promise_alone() {
        let panicked = with(None, &[row("no-panic", "", &[])]);
        let signature = Signature::of(&panicked).expect("something was broken");
        assert_eq!((signature.to_string().as_str(), signature.matches(&panicked)), ("no-panic", true));
    }
}
