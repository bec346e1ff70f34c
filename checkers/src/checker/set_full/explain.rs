//! What is wrong with an element, in one sentence each.

use perjury_histories::Operation;

use super::elements::Elements;
use super::view::{Seen, View};
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// It is gone.
pub(super) fn lost(view: &View<'_>, elements: &Elements<'_>, seen: &Seen, number: usize) -> Anomaly {
    let last = seen.last(number);
    let first_without = last.map_or_else(|| first_after(view, elements, seen, number), |last| last + 1);
    let seen_last = last.map(|last| {
        let read = view.reads[last].operation;
        format!(", seen last by {} at {}", words::who(read), ended(read))
    });
    let explanation = format!(
        "{}{}, and missing from every read{} that began at {} or later",
        how_known(view, elements, seen, number),
        seen_last.unwrap_or_default(),
        of_node(view),
        began(view.reads[first_without].operation)
    );
    let end = view.reads[view.reads.len() - 1].operation;
    let shown = view.known(elements, seen, number).and_then(|known| known.operation);
    anomaly(AnomalyKind::LostElement, shown.into_iter().chain([end]), explanation)
}

/// The first read that began after the element was known, which no read has.
fn first_after(view: &View<'_>, elements: &Elements<'_>, seen: &Seen, number: usize) -> usize {
    let known = view.known(elements, seen, number).and_then(|known| known.position);
    view.reads.partition_point(|read| Some(read.operation.invoked_at()) <= known)
}

/// It was missing for too long: the last time from this read.
pub(super) fn stale(
    view: &View<'_>,
    elements: &Elements<'_>,
    seen: &Seen,
    number: usize,
    missed: usize,
) -> Anomaly {
    let read = view.reads[missed].operation;
    let explanation = format!(
        "{}, but the read{} of {} that began at {} still lacked it",
        how_known(view, elements, seen, number),
        of_node(view),
        words::who(read),
        began(read)
    );
    let shown = view.known(elements, seen, number).and_then(|known| known.operation);
    anomaly(AnomalyKind::StaleElement, shown.into_iter().chain([read]), explanation)
}

/// It is in one read more than once.
pub(super) fn duplicated(
    view: &View<'_>,
    elements: &Elements<'_>,
    (number, read, times): (usize, usize, u32),
) -> Anomaly {
    let read = view.reads[read].operation;
    let value = words::value(elements.value(number));
    let explanation = format!(
        "the read{} of {} at {} held element {value} {times} times",
        of_node(view),
        words::who(read),
        ended(read)
    );
    anomaly(AnomalyKind::DuplicatedElement, [read], explanation)
}

/// It is in a read, and should not.
pub(super) fn unexpected(
    view: &View<'_>,
    elements: &Elements<'_>,
    (number, read): (usize, usize),
) -> Anomaly {
    let by = view.reads[read].ended();
    let read = view.reads[read].operation;
    let tried = elements.first(number).filter(|add| add.invoked_at() < by);
    let why = tried.map_or_else(|| "nobody had tried to add it".to_owned(), words::deed);
    let value = words::value(elements.value(number));
    let explanation = format!(
        "the read{} of {} at {} held element {value}, but {why}",
        of_node(view),
        words::who(read),
        ended(read)
    );
    anomaly(AnomalyKind::UnexpectedElement, tried.into_iter().chain([read]), explanation)
}

/// `element 7 was acknowledged to process 0 at 1.200 s`, or who saw it first.
fn how_known(view: &View<'_>, elements: &Elements<'_>, seen: &Seen, number: usize) -> String {
    let value = words::value(elements.value(number));
    let known = view.known(elements, seen, number).and_then(|known| known.operation);
    let Some(known) = known else { return format!("element {value} was there from the beginning") };
    let (who, at) = (words::who(known), ended(known));
    match known.function() {
        "read" | "read-set-all" => format!("element {value} was seen by {who} at {at}"),
        _ => format!("element {value} was acknowledged to {who} at {at}"),
    }
}

fn of_node(view: &View<'_>) -> String {
    view.node.map(|node| format!(" of node {node}")).unwrap_or_default()
}

fn began(operation: Operation<'_>) -> String {
    words::moment(operation.invocation())
}

fn ended(operation: Operation<'_>) -> String {
    words::moment(operation.completion().unwrap_or(operation.invocation()))
}

fn anomaly<'a>(
    kind: AnomalyKind,
    shown: impl IntoIterator<Item = Operation<'a>>,
    explanation: String,
) -> Anomaly {
    let shown: Vec<Operation<'a>> = shown.into_iter().collect();
    let key = shown.last().and_then(|read| read.key());
    Anomaly::new(kind, key, shown.iter().map(|operation| operation.index()), explanation)
}
