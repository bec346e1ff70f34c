//! Verdicts, and the anomalies that are their evidence.

use std::fmt;

use perjury_histories::Key;
use serde::{Deserialize, Serialize};

mod anomalies;

pub use anomalies::{Anomalies, Count};

/// What a checker says of a history.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The guarantee holds in this history.
    Valid(Option<Witness>),
    /// It could not be decided, and why. Neither a pass nor a failure.
    Unknown(String),
    /// The guarantee is broken, and how. Never empty.
    Invalid(Anomalies),
}

impl Verdict {
    /// Whether the guarantee holds.
    pub fn is_valid(&self) -> bool {
        matches!(self, Verdict::Valid(_))
    }

    /// Whether it could not be decided.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Verdict::Unknown(_))
    }

    /// Whether the guarantee is broken.
    pub fn is_invalid(&self) -> bool {
        matches!(self, Verdict::Invalid(_))
    }

    /// `valid`, `unknown` or `invalid`.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Valid(_) => "valid",
            Verdict::Unknown(_) => "unknown",
            Verdict::Invalid(_) => "invalid",
        }
    }

    /// The evidence against the guarantee: empty unless it is broken.
    pub fn anomalies(&self) -> &[Anomaly] {
        match self {
            Verdict::Invalid(anomalies) => anomalies,
            _ => &[],
        }
    }

    /// How many anomalies were found, which may be more than are listed: none unless it is broken.
    pub fn count(&self) -> Count {
        match self {
            Verdict::Invalid(anomalies) => anomalies.count(),
            _ => Count::default(),
        }
    }

    /// The worse of two verdicts: invalid beats unknown, and unknown beats valid. Equals are joined:
    /// all anomalies, or all reasons; of two witnesses the first is kept, for they prove different
    /// things.
    pub fn merge(self, other: Verdict) -> Verdict {
        use Verdict::{Invalid, Unknown, Valid};
        match (self, other) {
            (Invalid(mut left), Invalid(right)) => {
                left.append(right);
                Invalid(left)
            }
            (Invalid(anomalies), _) | (_, Invalid(anomalies)) => Invalid(anomalies),
            (Unknown(left), Unknown(right)) => Unknown(format!("{left}; {right}")),
            (Unknown(reason), _) | (_, Unknown(reason)) => Unknown(reason),
            (Valid(left), Valid(right)) => Valid(left.or(right)),
        }
    }

    /// All of these verdicts merged; of none at all, unknown: nothing was judged.
    pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts
            .into_iter()
            .reduce(Verdict::merge)
            .unwrap_or_else(|| Verdict::Unknown("nothing was judged".to_owned()))
    }
}

/// Proof that a history is valid: the indices of the invocations in the order in which the
/// operations took effect, per key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Witness(pub Vec<(Option<Key>, Vec<u64>)>);

/// A named violation, with the fewest operations that show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What is wrong, in the literature's words.
    #[serde(rename = "type")]
    pub kind: AnomalyKind,
    /// The key it happened on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Key>,
    /// Indices of the events that show it: invocations of operations, or notes of the nemesis.
    pub operations: Vec<u64>,
    /// What happened, in plain words.
    pub explanation: String,
}

impl Anomaly {
    /// An anomaly shown by the events with these indices, which are put in order.
    pub fn new(
        kind: AnomalyKind,
        key: Option<&Key>,
        operations: impl IntoIterator<Item = u64>,
        explanation: impl Into<String>,
    ) -> Anomaly {
        let mut operations: Vec<u64> = operations.into_iter().collect();
        operations.sort_unstable();
        operations.dedup();
        let (key, explanation) = (key.cloned(), explanation.into());
        Anomaly { kind, key, operations, explanation }
    }

    /// The one that takes the fewest events to show: what a reader should see first.
    pub fn smallest(anomalies: &[Anomaly]) -> Option<&Anomaly> {
        anomalies.iter().min_by_key(|anomaly| (anomaly.operations.len(), &anomaly.operations))
    }
}

impl AnomalyKind {
    /// Its name in reports: `garbage-read`, `lost-write`, …
    pub fn name(self) -> &'static str {
        match self {
            AnomalyKind::GarbageRead => "garbage-read",
            AnomalyKind::FailedWriteRead => "failed-write-read",
            AnomalyKind::ReadYourWrites => "read-your-writes",
            AnomalyKind::MonotonicReads => "monotonic-reads",
            AnomalyKind::MonotonicWrites => "monotonic-writes",
            AnomalyKind::WritesFollowReads => "writes-follow-reads",
            AnomalyKind::Divergence => "divergence",
            AnomalyKind::LostWrite => "lost-write",
            AnomalyKind::UnderReplicated => "under-replicated",
            AnomalyKind::ReplicaRollback => "replica-rollback",
            AnomalyKind::Resurrection => "resurrection",
            AnomalyKind::NotLinearizable => "not-linearizable",
            AnomalyKind::LostElement => "lost-element",
            AnomalyKind::UnexpectedElement => "unexpected-element",
            AnomalyKind::NoProgress => "no-progress",
            AnomalyKind::NotRefused => "not-refused",
            AnomalyKind::OutOfRangeRead => "out-of-range-read",
            AnomalyKind::StaleElement => "stale-element",
            AnomalyKind::DuplicatedElement => "duplicated-element",
            AnomalyKind::DuplicateId => "duplicate-id",
            AnomalyKind::WrongN => "wrong-n",
            AnomalyKind::WrongTotal => "wrong-total",
            AnomalyKind::NegativeBalance => "negative-balance",
            AnomalyKind::MissingFinalRead => "missing-final-read",
            AnomalyKind::CyclicCo => "cyclic-co",
            AnomalyKind::ThinAirRead => "thin-air-read",
            AnomalyKind::WriteCoInitRead => "write-co-init-read",
            AnomalyKind::WriteCoRead => "write-co-read",
            AnomalyKind::WriteHbInitRead => "write-hb-init-read",
            AnomalyKind::CyclicHb => "cyclic-hb",
            AnomalyKind::CyclicCf => "cyclic-cf",
            AnomalyKind::NotSequential => "not-sequential",
            AnomalyKind::StaleRead => "stale-read",
            AnomalyKind::FutureRead => "future-read",
            AnomalyKind::LongFork => "long-fork",
            AnomalyKind::CausalReverse => "causal-reverse",
            AnomalyKind::IncompatibleOrder => "incompatible-order",
            AnomalyKind::StaleToken => "stale-token",
            AnomalyKind::TokenRegression => "token-regression",
            AnomalyKind::DuplicateToken => "duplicate-token",
            AnomalyKind::LossBeyondBound => "loss-beyond-bound",
            AnomalyKind::OneLeaderPerTerm => "one-leader-per-term",
            AnomalyKind::LogMatching => "log-matching",
            AnomalyKind::LeaderCompleteness => "leader-completeness",
            AnomalyKind::StateMachineSafety => "state-machine-safety",
            AnomalyKind::MonotonicTerm => "monotonic-term",
            AnomalyKind::MonotonicAppliedIndex => "monotonic-applied-index",
            AnomalyKind::TooFewAccusers => "too-few-accusers",
            AnomalyKind::GenerationRegression => "generation-regression",
            AnomalyKind::StaleHeartbeat => "stale-heartbeat",
            AnomalyKind::UndetectedFailure => "undetected-failure",
            AnomalyKind::FalseSuspicion => "false-suspicion",
            AnomalyKind::DivergentViews => "divergent-views",
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The named violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnomalyKind {
    /// A read returned a value that nobody wrote.
    GarbageRead,
    /// A read returned the value of a write that had certainly failed (aborted read, G1a).
    FailedWriteRead,
    /// A session read a version older than its own acknowledged write.
    ReadYourWrites,
    /// A session read a version older than one it had read before.
    MonotonicReads,
    /// A session's later write took effect before its earlier one.
    MonotonicWrites,
    /// A session's write took effect before the write it had read.
    WritesFollowReads,
    /// Replicas still differ although everything is healed.
    Divergence,
    /// An acknowledged write is gone.
    LostWrite,
    /// A write was answered with ok before enough replicas had acknowledged it.
    UnderReplicated,
    /// A replica answers with an older version than it had acknowledged.
    ReplicaRollback,
    /// What was deleted is there again.
    Resurrection,
    /// No order of the operations explains what was read.
    NotLinearizable,
    /// An element that was added is gone.
    LostElement,
    /// An element came out that nobody had put in.
    UnexpectedElement,
    /// Although everything was healed, or all that was cut off was one node, a client got nothing done.
    NoProgress,
    /// A function that the system promised to refuse was accepted.
    NotRefused,
    /// A read of a counter lies outside what the adds allow.
    OutOfRangeRead,
    /// An acknowledged element was missing from a read for longer than is tolerated.
    StaleElement,
    /// An element came out more often than it was put in.
    DuplicatedElement,
    /// An id was given out twice.
    DuplicateId,
    /// A read of a bank does not hold just the accounts that there are.
    WrongN,
    /// The balances of a bank do not add up to its total.
    WrongTotal,
    /// An account was overdrawn.
    NegativeBalance,
    /// A node was never asked for its final state.
    MissingFinalRead,
    /// Session order and reads-from go in a circle (CyclicCO).
    CyclicCo,
    /// A value was read that nobody wrote (ThinAirRead).
    ThinAirRead,
    /// The initial value was read after a write of the key, in causal order (WriteCOInitRead).
    WriteCoInitRead,
    /// A value was read after a later write of the key, in causal order (WriteCORead).
    WriteCoRead,
    /// The initial value was read after a write of the key, in every order that explains the session
    /// (WriteHBInitRead).
    WriteHbInitRead,
    /// No order of the writes explains what one session read (CyclicHB).
    CyclicHb,
    /// No common order of the writes explains what was read (CyclicCF).
    CyclicCf,
    /// No order of the operations that keeps the order of each session explains what was read.
    NotSequential,
    /// A read returned what had been overwritten for longer, or more often, than is allowed.
    StaleRead,
    /// A read returned a value before its write was invoked.
    FutureRead,
    /// Two reads saw two writes in opposite orders.
    LongFork,
    /// A write was visible without one that had completed before it began.
    CausalReverse,
    /// Two reads of a list put its elements in different orders: no order of the appends explains both (G0).
    IncompatibleOrder,
    /// A guarded register accepted an older token than it had accepted before.
    StaleToken,
    /// A lock gave a lower token than it had given before.
    TokenRegression,
    /// A lock gave a token twice.
    DuplicateToken,
    /// More acknowledged writes are gone than the fail-overs may lose.
    LossBeyondBound,
    /// Two nodes lead the same term (election safety).
    OneLeaderPerTerm,
    /// Two logs hold the same entry, and differ before it.
    LogMatching,
    /// A leader lacks an entry that was committed before its term.
    LeaderCompleteness,
    /// Two nodes applied different entries at one index, or came to different results.
    StateMachineSafety,
    /// A node went back to an earlier term.
    MonotonicTerm,
    /// A node went back to an earlier applied index, or applied an entry out of its turn.
    MonotonicAppliedIndex,
    /// A node took another one for down that too few miss.
    TooFewAccusers,
    /// A node was started again under no higher generation, or taken for what it had been before.
    GenerationRegression,
    /// An old heartbeat of a node counted once more, as if it had been raised from the dead.
    StaleHeartbeat,
    /// A node was dead for long, and not taken for down.
    UndetectedFailure,
    /// A node worked for long, and was missed, or taken for down.
    FalseSuspicion,
    /// Two nodes knew different things of a third one for long.
    DivergentViews,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(index: u64) -> Verdict {
        Verdict::Invalid(vec![Anomaly::new(AnomalyKind::GarbageRead, None, [index], "")].into())
    }

    #[test]
    fn merges_to_the_worst() {
        let (valid, unknown) = (Verdict::Valid(None), Verdict::Unknown("why".to_owned()));
        assert_eq!(valid.clone().merge(unknown.clone()), unknown);
        assert_eq!(unknown.clone().merge(valid.clone()), unknown);
        assert_eq!(unknown.clone().merge(broken(1)), broken(1));
        assert_eq!(broken(1).merge(valid.clone()), broken(1));
        assert_eq!(Verdict::worst([valid.clone(), valid.clone()]), valid);
    }

    #[test]
    fn joins_equals() {
        let unknown = |why: &str| Verdict::Unknown(why.to_owned());
        assert_eq!(unknown("a").merge(unknown("b")), unknown("a; b"));
        let both = Verdict::worst([broken(1), broken(2)]);
        assert_eq!((both.anomalies().len(), both.count().found), (2, 2));
    }

    #[test]
    fn does_not_pass_when_nothing_was_judged() {
        assert!(Verdict::worst([]).is_unknown());
    }

    #[test]
    fn the_smallest_takes_the_fewest_events_then_the_earliest() {
        let of =
            |operations: &[u64]| Anomaly::new(AnomalyKind::GarbageRead, None, operations.iter().copied(), "");
        let anomalies = [of(&[1, 2, 3]), of(&[8, 9]), of(&[4, 5])];
        assert_eq!(Anomaly::smallest(&anomalies), Some(&anomalies[2]));
        assert_eq!(Anomaly::smallest(&[]), None);
    }

    #[test]
    fn orders_the_evidence() {
        assert_eq!(Anomaly::new(AnomalyKind::GarbageRead, None, [7, 3, 7], "").operations, [3, 7]);
    }

    #[test]
    fn names_kinds_as_the_file_format_does() {
        use AnomalyKind::*;
        for kind in [
            GarbageRead,
            NotRefused,
            UnderReplicated,
            WriteHbInitRead,
            CyclicCf,
            IncompatibleOrder,
            StaleToken,
            LossBeyondBound,
            OneLeaderPerTerm,
            MonotonicAppliedIndex,
            TooFewAccusers,
            DivergentViews,
        ] {
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.name());
        }
    }
}
