//! What a history amounts to: operations by how they ended, and faults from injection to healing.

use std::collections::BTreeMap;

use perjury_histories::{EventRef, Fate, History, Value};

use crate::report::FaultSpan;

/// Number of operations, by function and then by how they ended: `ok`, `fail`, `info`.
///
/// An operation without a completion counts as `info`: its fate is as unknown.
pub fn operations(history: &History) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for operation in history.operations() {
        let ending = match operation.fate() {
            Fate::Ok => "ok",
            Fate::Fail => "fail",
            Fate::Unknown => "info",
        };
        let by_ending = counts.entry(operation.function().to_owned()).or_default();
        *by_ending.entry(ending.to_owned()).or_default() += 1;
    }
    counts
}

/// Number of operations that no event invoked: they count as invoked in the moment of their completion.
pub fn uninvoked(history: &History) -> u64 {
    history.operations().filter(|operation| operation.is_lone()).count() as u64
}

/// Every fault that the nemesis noted, in the order of injection.
///
/// ```text
/// partition  start halves [n1 n2]   12.0 s   ┐ halves, n1 n2, 12.0 s to 17.5 s
/// crash      start kill   [n3]      14.0 s   │ ┐ kill, n3, 14.0 s, never healed
/// partition  end   halves [n1 n2]   17.5 s   ┘ │
/// ```
///
/// An end closes the earliest fault still open of the same kind, name and nodes; an end without a start
/// is passed over.
pub fn faults(history: &History) -> Vec<FaultSpan> {
    let mut spans: Vec<FaultSpan> = Vec::new();
    for event in history.notes() {
        let Some(note) = Note::of(event) else { continue };
        if note.is_start {
            spans.push(note.span);
        } else {
            let open = spans.iter_mut().find(|span| {
                span.to_ns.is_none()
                    && (&span.kind, &span.fault, &span.nodes)
                        == (&note.span.kind, &note.span.fault, &note.span.nodes)
            });
            if let Some(open) = open {
                open.to_ns = Some(note.span.from_ns);
            }
        }
    }
    spans
}

/// A start or an end of a fault.
struct Note {
    is_start: bool,
    span: FaultSpan,
}

impl Note {
    /// `None` for notes that tell of no fault.
    fn of(event: EventRef<'_>) -> Option<Note> {
        let text = |field: &str| event.value.get(field).and_then(Value::as_str);
        let nodes = event.value.get("nodes").and_then(Value::as_array);
        Some(Note {
            is_start: text("state")? == "start",
            span: FaultSpan {
                kind: event.function.to_owned(),
                fault: text("fault")?.to_owned(),
                nodes: nodes
                    .map(|nodes| nodes.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                    .unwrap_or_default(),
                detail: text("detail").unwrap_or_default().to_owned(),
                from_ns: event.time.unwrap_or(0),
                to_ns: None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::{Event, Kind, Process};
    use serde_json::json;

    fn fault(index: u64, kind: &str, state: &str, nodes: &[&str]) -> Event {
        Event {
            time: Some(index * 10),
            value: json!({"fault": "some", "state": state, "nodes": nodes, "detail": "words"}),
            ..Event::new(index, Process::Nemesis, Kind::Info, kind)
        }
    }

    #[test]
    fn closes_a_fault_by_its_own_end_only() {
        let history = History::new([
            fault(0, "partition", "start", &["n1"]),
            fault(1, "crash", "start", &["n1"]),
            fault(2, "crash", "end", &["n2"]),
            fault(3, "partition", "end", &["n1"]),
        ])
        .expect("well formed");
        let ends: Vec<_> = faults(&history).into_iter().map(|span| (span.kind, span.to_ns)).collect();
        assert_eq!(ends, [("partition".to_owned(), Some(30)), ("crash".to_owned(), None)]);
    }

    #[test]
    fn counts_an_operation_that_never_returns_as_unknown() {
        let event =
            |index, process, kind, function| Event::new(index, Process::Client(process), kind, function);
        let history = History::new([
            event(0, 1, Kind::Invoke, "write"),
            event(1, 2, Kind::Invoke, "write"),
            event(2, 2, Kind::Ok, "write"),
            event(3, 2, Kind::Invoke, "read"),
            event(4, 2, Kind::Fail, "read"),
        ])
        .expect("well formed");
        let counts = serde_json::to_value(operations(&history)).expect("plain data");
        assert_eq!(counts, json!({"read": {"fail": 1}, "write": {"info": 1, "ok": 1}}));
    }
}
