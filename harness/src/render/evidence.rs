//! An anomaly's evidence as marks on one axis of time: operations, notes of replicas, faults in force.

use std::collections::BTreeSet;

use perjury_checkers::Anomaly;
use perjury_histories::{EventRef, Fate, History, Key, Operation, Process, Value, Version};

use super::faults;
use super::words::{self, Versions};
use crate::report::FaultSpan;

/// Values are cut to this many characters: what they are usually shows at once.
const VALUE_CHARS_MAX: usize = 32;

/// Something that took place at one moment or over a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The client, the node, or the kind of fault.
    pub who: String,
    /// The index of its event; none for faults.
    pub index: Option<u64>,
    /// When it began.
    pub from: u64,
    /// When it ended; an open mark never did.
    pub to: Option<u64>,
    /// How its bar is drawn.
    pub shape: Shape,
    /// What took place.
    pub what: String,
}

/// How a mark is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An operation that happened: `├──┤`.
    Ok,
    /// An operation that did not happen: `├──╳`.
    Fail,
    /// An operation of unknown fate: `├──?`.
    Unknown,
    /// What a replica said at one moment: `●`.
    Note,
    /// A fault in force: `▒▒▒`.
    Fault,
}

/// All marks of one anomaly.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Operations and notes, in the order in which they began.
    pub marks: Vec<Mark>,
    /// Faults in force while they took place, in the order of injection.
    pub faults: Vec<Mark>,
    /// Short names of the versions that occur.
    pub versions: Versions,
    /// Whether `from` and `to` are nanoseconds; else the history has no times, and they are indices.
    pub is_timed: bool,
}

/// Gathers what an anomaly points to.
pub fn gather(history: &History, spans: &[FaultSpan], anomaly: &Anomaly) -> Evidence {
    let wanted: BTreeSet<u64> = anomaly.operations.iter().copied().collect();
    let operations: Vec<Operation<'_>> =
        history.operations().filter(|operation| wanted.contains(&operation.index())).collect();
    let notes: Vec<EventRef<'_>> = history.notes().filter(|event| wanted.contains(&event.index)).collect();
    let key = anomaly.key.as_ref();
    let versions = Versions::new(versions(&operations, &notes, key));
    let axis = Axis { is_timed: history.events().all(|event| event.time.is_some()) };
    let operations = operations.iter().map(|operation| axis.operation(operation, &versions));
    let notes = notes.iter().map(|event| axis.note(*event, key, &versions));
    let mut marks: Vec<Mark> = operations.chain(notes).collect();
    marks.sort_by_key(|mark| (mark.from, mark.index));
    let faults = if axis.is_timed { faults_in_force(spans, &marks) } else { Vec::new() };
    Evidence { marks, faults, versions, is_timed: axis.is_timed }
}

/// The versions that the evidence speaks of.
fn versions(operations: &[Operation<'_>], notes: &[EventRef<'_>], key: Option<&Key>) -> Vec<Version> {
    let of_operations = operations.iter().filter_map(Operation::version).cloned();
    let of_notes = notes.iter().filter_map(|event| event.version.cloned());
    let of_dumps =
        notes.iter().filter_map(|event| held(event.value, key?)).filter_map(|(version, _)| version);
    of_operations.chain(of_notes).chain(of_dumps).collect()
}

/// What a dump says of one key.
fn held(dump: &Value, key: &Key) -> Option<(Option<Version>, Value)> {
    let key = serde_json::to_value(key).expect("a key is plain data");
    let entry = dump.get("entries")?.as_array()?.iter().find(|entry| entry.get(0) == Some(&key))?;
    let version = entry.get(1).and_then(|version| serde_json::from_value(version.clone()).ok());
    Some((version, entry.get(2).cloned().unwrap_or_default()))
}

/// Where events stand on the axis: at their times, or at their indices when not all have times.
#[derive(Clone, Copy)]
struct Axis {
    is_timed: bool,
}

impl Axis {
    fn at(self, event: EventRef<'_>) -> u64 {
        event.time.filter(|_| self.is_timed).unwrap_or(event.index)
    }

    fn operation(self, operation: &Operation<'_>, versions: &Versions) -> Mark {
        let invocation = operation.invocation();
        Mark {
            who: client_and_process(invocation),
            index: Some(invocation.index),
            from: self.at(invocation),
            to: operation.completion().map(|completion| self.at(completion)),
            shape: match operation.fate() {
                Fate::Ok => Shape::Ok,
                Fate::Fail => Shape::Fail,
                Fate::Unknown => Shape::Unknown,
            },
            what: words::operation(operation, versions, VALUE_CHARS_MAX),
        }
    }

    fn note(self, event: EventRef<'_>, key: Option<&Key>, versions: &Versions) -> Mark {
        Mark {
            who: event
                .node
                .unwrap_or(if event.function == "invariant" { "watch" } else { "nemesis" })
                .to_owned(),
            index: Some(event.index),
            from: self.at(event),
            to: Some(self.at(event)),
            shape: Shape::Note,
            what: note(event, key, versions),
        }
    }
}

/// Who asked: its session, which outlives process numbers, else its process.
pub fn client(event: EventRef<'_>) -> String {
    match (event.session, event.process) {
        (Some(session), _) => format!("client {session}"),
        (None, Process::Client(process)) => format!("process {process}"),
        (None, other) => other.to_string(),
    }
}

/// The same with its process, where that is another number: `client 7 (p25)`.
fn client_and_process(event: EventRef<'_>) -> String {
    match (event.session, event.process) {
        (Some(session), Process::Client(process)) if session != process => {
            format!("client {session} (p{process})")
        }
        _ => client(event),
    }
}

/// A note of the nemesis in words; of a dump, what it says of `key`.
pub fn note(event: EventRef<'_>, key: Option<&Key>, versions: &Versions) -> String {
    let text = |field: &str| event.value.get(field).and_then(Value::as_str).unwrap_or_default();
    let version = event.version.map(|version| format!(" at {}", versions.name(version)));
    let of_key = event.key.map(|key| format!(" {key}")).unwrap_or_default();
    match event.function {
        "acknowledge" => format!("acknowledges{of_key}{}", version.unwrap_or_default()),
        "corrupt" if event.key.is_none() => "reports a corrupt record, of an unknown key".to_owned(),
        "corrupt" => format!("reports its record of{of_key} corrupt"),
        "release" => format!("drops its copy of{of_key}: others own it"),
        "healed" => "every fault is healed".to_owned(),
        "leader" if text("fault").is_empty() => {
            format!("leads term {}", event.value.get("term").unwrap_or(&Value::Null))
        }
        "invariant" => format!("{} is broken", text("invariant")),
        "view" => {
            let generation = event.value.get("generation").unwrap_or(&Value::Null);
            format!("takes {} for {}, generation {generation}", text("of"), text("state"))
        }
        "dump" => {
            let stage = text("stage");
            let Some(key) = key else { return format!("dump, {stage}") };
            match held(event.value, key) {
                None => format!("dump, {stage}: does not hold {key}"),
                Some((version, value)) => {
                    let version = version.map(|version| format!(" ({})", versions.name(&version)));
                    let value = match value {
                        Value::Null => "a tombstone".to_owned(),
                        value => words::value(&value, VALUE_CHARS_MAX),
                    };
                    format!("dump, {stage}: holds {key} = {value}{}", version.unwrap_or_default())
                }
            }
        }
        function if !text("fault").is_empty() => {
            let name = faults::name(function, text("fault"));
            let change = if text("state") == "start" { "starts" } else { "is healed" };
            let detail = text("detail");
            let colon = if detail.is_empty() { "" } else { ": " };
            format!("{name} {change}{colon}{detail}")
        }
        function => format!("{function}{of_key} {}", words::value(event.value, VALUE_CHARS_MAX)),
    }
}

/// The faults that were in force at some moment between the first and the last mark.
fn faults_in_force(spans: &[FaultSpan], marks: &[Mark]) -> Vec<Mark> {
    let from = marks.iter().map(|mark| mark.from).min().unwrap_or(0);
    let to = marks.iter().map(|mark| mark.to.unwrap_or(mark.from)).max().unwrap_or(0);
    spans
        .iter()
        .filter(|span| span.from_ns <= to && span.to_ns.is_none_or(|end| end >= from))
        .map(|span| Mark {
            who: span.kind.clone(),
            index: None,
            from: span.from_ns,
            to: span.to_ns,
            shape: Shape::Fault,
            what: fault(span),
        })
        .collect()
}

fn fault(span: &FaultSpan) -> String {
    let until = match span.to_ns {
        Some(end) if end > span.from_ns => format!(", until {}", words::seconds(end)),
        _ => String::new(),
    };
    let detail = if span.detail.is_empty() { span.nodes.join(" ") } else { span.detail.clone() };
    match faults::short(&span.kind, &span.fault) {
        "" => format!("{detail}{until}"),
        name => format!("{name}: {detail}{until}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::faults::tests::span;
    use perjury_checkers::AnomalyKind;
    use perjury_histories::notation;

    #[test]
    fn tells_who_leads_and_what_the_watch_saw() {
        let history = notation::parse(
            r#"nemesis:leader(_,{"term":7})/n2 nemesis:invariant(_,{"invariant":"log-matching","nodes":[],"what":""})"#,
        )
        .expect("a history");
        let say = |index| note(history.at(index), None, &Versions::new([]));
        assert_eq!((say(0), say(1)), ("leads term 7".to_owned(), "log-matching is broken".to_owned()));
    }

    #[test]
    fn tells_what_a_dump_says_of_the_key() {
        let dump = r#"nemesis:dump(_,{"stage":"replayed","entries":[["x",[3],1],["y",[2],null]]})/n1"#;
        let history = notation::parse(dump).expect("a history");
        let versions = Versions::new([Version(vec![3])]);
        let say = |key: &str| note(history.at(0), Some(&Key::from(key)), &versions);
        assert_eq!(say("x"), "dump, replayed: holds x = 1 (v1)");
        assert_eq!(say("y"), "dump, replayed: holds y = a tombstone (2)");
        assert_eq!(say("z"), "dump, replayed: does not hold z");
    }

    #[test]
    fn shows_only_faults_in_force_meanwhile() {
        let mut events = notation::parse("0:write(x,1) 0:read(x)=1").expect("a history").to_events();
        events.iter_mut().for_each(|event| event.time = Some(100 + event.index));
        let history = History::new(events).expect("a history");
        let faults = [
            span("crash", "kill", &["n1"], 0, Some(99)),
            span("crash", "kill", &["n2"], 0, Some(100)),
            span("crash", "kill", &["n3"], 103, None),
            span("crash", "kill", &["n4"], 104, None),
        ];
        let anomaly = Anomaly::new(AnomalyKind::GarbageRead, None, [0, 2], "");
        let evidence = gather(&history, &faults, &anomaly);
        let struck: Vec<&str> = evidence.faults.iter().map(|mark| mark.what.as_str()).collect();
        assert_eq!(struck, ["kill: kill of n2, until 0.000000 s", "kill: kill of n3"]);
    }
}
