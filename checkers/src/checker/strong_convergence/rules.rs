//! What may be wrong, each with its anomaly.

use std::collections::{BTreeMap, BTreeSet};

use perjury_histories::{Fate, Key, Operation, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::finals::Shown;
use super::log::{Access, Accesses, Kind, Log, Name};
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// What a node showed of each key.
pub(super) type AllShown<'s, 'a> = [(&'s Name<'a>, Vec<Shown<'a>>)];

/// Nodes that were asked for something, and have no final read of a key that another node has one of: the first
/// such key of each.
pub(super) fn missing(log: &Log<'_>, all: &AllShown<'_, '_>) -> Vec<Anomaly> {
    let mut missing: BTreeMap<&str, (&Name<'_>, usize)> = BTreeMap::new();
    for (key, shown) in all.iter().filter(|(_, shown)| !shown.is_empty()) {
        let nodes: BTreeSet<&str> = shown.iter().map(|shown| shown.node).collect();
        for node in log.nodes.keys().filter(|node| !nodes.contains(*node)) {
            missing.entry(node).or_insert((key, 0)).1 += 1;
        }
    }
    let anomaly = |(node, (key, keys)): (&str, (&Name<'_>, usize))| {
        let served = log.nodes.get(node)?;
        let more = match keys - 1 {
            0 => String::new(),
            more => format!(", nor of {more} other keys"),
        };
        let explanation = format!(
            "node {node} served {} at {}, but no final read of key {key}{more} is of this node",
            words::who(*served),
            ended(*served)
        );
        Some(Anomaly::new(AnomalyKind::MissingFinalRead, None, [served.index()], explanation))
    };
    missing.into_iter().filter_map(anomaly).collect()
}

/// Two final reads of this key that differ.
pub(super) fn divergent(key: &Name<'_>, shown: &[Shown<'_>]) -> Option<Anomaly> {
    let first = shown.first()?;
    let other = shown.iter().find(|other| other.value != first.value)?;
    let explanation = format!(
        "node {} finally showed {} under key {key} ({} at {}), and node {} showed {} ({} at {})",
        first.node,
        words::value(first.value),
        words::who(first.operation),
        ended(first.operation),
        other.node,
        words::value(other.value),
        words::who(other.operation),
        ended(other.operation)
    );
    Some(anomaly(AnomalyKind::Divergence, key, [first.operation, other.operation], explanation))
}

/// What was ok or read before, and is not in the final reads of this key, which are all equal.
pub(super) fn lost(key: &Name<'_>, accesses: &Accesses<'_>, shown: &[Shown<'_>]) -> Vec<Anomaly> {
    let Some(read) = shown.first() else { return Vec::new() };
    let elements: FxHashSet<&Value> = read.value.as_array().into_iter().flatten().collect();
    let greatest = read.value.as_i64();
    let is_gone = |access: &&Access<'_>| match access.kind {
        Kind::Whole => false,
        Kind::Elements => !elements.contains(access.value),
        Kind::Greatest => access.value.as_i64() > greatest,
    };
    let writes = accesses.writes.iter().map(|write| (write, ("wrote", "to")));
    let reads =
        accesses.reads.iter().filter(|read| read.kind == Kind::Greatest).map(|read| (read, ("read", "of")));
    let before = writes.chain(reads).filter(|(access, _)| {
        let end = access.operation.returned_at().filter(|_| access.operation.fate() == Fate::Ok);
        end.is_some_and(|end| end < read.operation.invoked_at())
    });
    let anomaly = |(access, (did, to)): (&Access<'_>, (&str, &str))| {
        let (kind, did) = match access.kind {
            Kind::Elements => (AnomalyKind::LostElement, "appended"),
            Kind::Whole | Kind::Greatest => (AnomalyKind::LostWrite, did),
        };
        let explanation = format!(
            "{} {did} {} {to} key {key} at {}, but the final read of {} at {} does not hold it",
            words::who(access.operation),
            words::value(access.value),
            ended(access.operation),
            words::who(read.operation),
            ended(read.operation)
        );
        self::anomaly(kind, key, [access.operation, read.operation], explanation)
    };
    before.filter(|(access, _)| is_gone(access)).map(anomaly).collect()
}

/// Reads of what nobody may have written by then.
pub(super) fn garbage(key: &Name<'_>, accesses: &Accesses<'_>) -> Vec<Anomaly> {
    let mut written: FxHashMap<&Value, usize> = FxHashMap::default();
    for write in &accesses.writes {
        // Writes come in the order of their beginnings: the first stays.
        written.entry(write.value).or_insert(write.operation.invoked_at());
    }
    let mut anomalies = Vec::new();
    for read in accesses.reads.iter().filter(|read| !read.value.is_null()) {
        let is_possible = |value: &Value| {
            written.get(value).is_some_and(|begun| Some(*begun) < read.operation.returned_at())
        };
        let values = match read.value {
            Value::Array(elements) if !is_possible(read.value) => elements.as_slice(),
            value => std::slice::from_ref(value),
        };
        if let Some(value) = values.iter().find(|value| !is_possible(value)) {
            let explanation = format!(
                "{} read {} of key {key} at {}, but nobody may have written it",
                words::who(read.operation),
                words::value(value),
                ended(read.operation)
            );
            anomalies.push(anomaly(AnomalyKind::GarbageRead, key, [read.operation], explanation));
        }
    }
    anomalies
}

/// Reads of the greatest write by one session, of which the later is less.
pub(super) fn decreasing(key: &Name<'_>, accesses: &Accesses<'_>) -> Vec<Anomaly> {
    let mut greatest: FxHashMap<u64, &Access<'_>> = FxHashMap::default();
    let mut anomalies = Vec::new();
    for read in accesses.reads.iter().filter(|read| read.kind == Kind::Greatest) {
        let Some(session) = read.operation.session() else { continue };
        let before = greatest.entry(session).or_insert(read);
        if read.value.as_i64() >= before.value.as_i64() {
            *before = read;
            continue;
        }
        let explanation = format!(
            "{} read {} of key {key} at {}, after {} at {} in the same session",
            words::who(read.operation),
            words::value(read.value),
            ended(read.operation),
            words::value(before.value),
            ended(before.operation)
        );
        let shown = [before.operation, read.operation];
        anomalies.push(anomaly(AnomalyKind::MonotonicReads, key, shown, explanation));
    }
    anomalies
}

fn ended(operation: Operation<'_>) -> String {
    words::moment(operation.completion().unwrap_or(operation.invocation()))
}

fn anomaly<'a>(
    kind: AnomalyKind,
    key: &Name<'_>,
    shown: impl IntoIterator<Item = Operation<'a>>,
    explanation: String,
) -> Anomaly {
    let key = Key::from(key.as_ref());
    Anomaly::new(kind, Some(&key), shown.into_iter().map(|operation| operation.index()), explanation)
}
