//! A run that fails, and what its anomaly points at.

use std::collections::BTreeSet;

use perjury_checkers::Anomaly;
use perjury_histories::{History, Key};

use crate::render::broken;
use crate::report::Report;
use crate::run::Recording;
use crate::script::Script;
use crate::signature::Signature;

/// A run that breaks the promise in question.
#[derive(Clone, Debug)]
pub struct Failing {
    /// What was recorded.
    pub recording: Recording,
    /// What was found; it holds the scenario.
    pub report: Report,
    /// What the anomaly points at.
    pub clues: Clues,
}

/// What an anomaly points at: where to look first for what can be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// Places in the script of the invocations that show it.
    pub places: BTreeSet<usize>,
    /// Keys that it is about.
    pub keys: BTreeSet<Key>,
    /// When its last event happened, in simulated milliseconds since clients began to work.
    pub last_ms: Option<u64>,
}

impl Failing {
    /// A run of this signature.
    pub fn new(recording: Recording, report: Report, signature: &Signature) -> Failing {
        let clues = Clues::of(&recording, &report, signature);
        Failing { recording, report, clues }
    }

    /// What the sessions invoked.
    pub fn script(&self) -> &Script {
        &self.recording.script
    }
}

impl Clues {
    fn of(recording: &Recording, report: &Report, signature: &Signature) -> Clues {
        let rows = broken(report).filter(|row| row.guarantee == signature.guarantee);
        let is_kept = |anomaly: &&Anomaly| signature.anomalies.contains(&anomaly.kind);
        let anomalies: Vec<Anomaly> = rows.flat_map(|row| &row.anomalies).filter(is_kept).cloned().collect();
        let Some(anomaly) = Anomaly::smallest(&anomalies) else { return Clues::default() };
        let history = &recording.history;
        let invoked = invoked(history, recording.script.invocations.len());
        let place = |index: &u64| invoked.binary_search(index).ok();
        let places: BTreeSet<usize> = anomaly.operations.iter().filter_map(place).collect();
        let of_places = places.iter().filter_map(|&place| recording.script.invocations[place].key.clone());
        let keys = of_places.chain(anomaly.key.clone()).collect();
        let ended = anomaly.operations.iter().filter_map(|&index| ended_ns(history, index)).max();
        let last_ms = ended.map(|ns| ns.saturating_sub(recording.begun_ns).div_ceil(1_000_000));
        Clues { places, keys, last_ms }
    }
}

/// Indices of the invocations of the script: all but final reads, and but those before clients began to work.
fn invoked(history: &History, count: usize) -> Vec<u64> {
    let of_sessions = history.operations().filter(|operation| !operation.is_final());
    let indices: Vec<u64> = of_sessions.map(|operation| operation.index()).collect();
    indices[indices.len().saturating_sub(count)..].to_vec()
}

/// When the operation that this event begins had ended, or when this note was taken.
fn ended_ns(history: &History, index: u64) -> Option<u64> {
    let operation = history.operations().find(|operation| operation.index() == index);
    let returned = operation.and_then(|operation| operation.completion());
    returned.or_else(|| history.events().nth(usize::try_from(index).ok()?)).and_then(|event| event.time)
}
