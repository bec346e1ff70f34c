//! For tests: histories from their notation, and what is expected of a checker.

use perjury_histories::{History, notation};

use crate::checker::{Checker, Context};
use crate::verdict::{AnomalyKind, Verdict};

/// The history that this text denotes.
pub(crate) fn history(text: &str) -> History {
    notation::parse(text).expect("a history")
}

/// Asserts that the checker finds nothing wrong.
#[track_caller]
pub(crate) fn accepts(checker: &dyn Checker, text: &str) {
    accepts_in(&Context::default(), checker, text);
}

/// The same, with this context.
#[track_caller]
pub(crate) fn accepts_in(context: &Context, checker: &dyn Checker, text: &str) {
    let verdict = checker.check(&history(text), context);
    assert!(verdict.is_valid(), "{text}: {verdict:?}");
}

/// Asserts that the checker finds exactly one anomaly, of this kind, shown by these events. Returns its
/// explanation.
#[track_caller]
pub(crate) fn rejects(checker: &dyn Checker, text: &str, kind: AnomalyKind, operations: &[u64]) -> String {
    rejects_in(&Context::default(), checker, text, kind, operations)
}

/// The same, with this context.
#[track_caller]
pub(crate) fn rejects_in(
    context: &Context,
    checker: &dyn Checker,
    text: &str,
    kind: AnomalyKind,
    operations: &[u64],
) -> String {
    let verdict = checker.check(&history(text), context);
    let [anomaly] = verdict.anomalies() else {
        panic!("{text}: {verdict:?}");
    };
    assert_eq!((anomaly.kind, &anomaly.operations[..]), (kind, operations), "{text}: {anomaly:?}");
    anomaly.explanation.clone()
}

/// Asserts that the checker cannot decide. Returns its reason.
#[track_caller]
pub(crate) fn is_unsure(checker: &dyn Checker, text: &str) -> String {
    match checker.check(&history(text), &Context::default()) {
        Verdict::Unknown(reason) => reason,
        verdict => panic!("{text}: {verdict:?}"),
    }
}

/// SplitMix64: enough to scatter, and the same everywhere.
pub(crate) struct Random(pub u64);

impl Random {
    /// A number below this bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
