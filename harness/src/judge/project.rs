//! A history seen through some of its keys.

use perjury_histories::{Event, EventRef, History, Key, Value};

/// The history of the keys that `keep` accepts: their operations and notes, and of dumps and
/// placements the part that is about them. What concerns no key stays, but for operations without one.
pub fn only_keys(history: &History, keep: impl Fn(&Key) -> bool) -> History {
    let kept = history.part(|event| match (&event.key, event.process) {
        (Some(key), _) => keep(key),
        (None, process) => process == perjury_histories::Process::Nemesis,
    });
    let events = kept.map(|event| narrow(event, &keep));
    History::new(events).expect("whole operations, and notes that were narrowed, are a history")
}

/// Of a dump or a placement, the entries about keys that are kept.
fn narrow(event: EventRef<'_>, keep: &impl Fn(&Key) -> bool) -> Event {
    let is_kept = |entry: &&Value| entry.get(0).and_then(as_key).is_none_or(|key| keep(&key));
    let kept = |entries: &Value| Some(entries.as_array()?.iter().filter(is_kept).cloned().collect());
    let mut narrowed = event.to_event();
    match event.function {
        "placement" => {
            if let Some(entries) = kept(event.value) {
                narrowed.value = entries;
            }
        }
        "dump" => {
            if let Some(entries) = event.value.get("entries").and_then(kept) {
                narrowed.value["entries"] = entries;
            }
        }
        _ => {}
    }
    narrowed
}

/// A key as values hold it.
pub fn as_key(value: &Value) -> Option<Key> {
    match value {
        Value::String(name) => Some(Key::Name(name.clone())),
        number => number.as_i64().map(Key::Number),
    }
}
