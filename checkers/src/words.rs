//! Operations in plain words: who did what, and when.

use perjury_histories::{Event, Fate, Key, Operation, Value, Version};

/// Nanoseconds as seconds: `1.204 s`.
pub(crate) fn seconds(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    format!("{}.{:03} s", milliseconds / 1_000, milliseconds % 1_000)
}

/// When it happened: `1.204 s`, or `event 7` where no time is known.
pub(crate) fn moment(event: &Event) -> String {
    match event.time {
        Some(time) => seconds(time),
        None => format!("event {}", event.index),
    }
}

/// ` of key x`, with this preposition, or nothing when there is but one object.
pub(crate) fn of_key(preposition: &str, key: Option<&Key>) -> String {
    key.map(|key| format!(" {preposition} key {key}")).unwrap_or_default()
}

/// A value as a reader would say it; long ones are cut.
pub(crate) fn value(value: &Value) -> String {
    const LENGTH_MAX: usize = 80;
    let text = match value {
        Value::Null => "nothing".to_owned(),
        value => value.to_string(),
    };
    match text.char_indices().nth(LENGTH_MAX) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// ` (version 12.1)`, or nothing.
pub(crate) fn at_version(version: Option<&Version>) -> String {
    version.map(|version| format!(" (version {version})")).unwrap_or_default()
}

/// What an operation did, as a sentence without its full stop: `process 3 read 5 of key x (version
/// 12.1) at 1.204 s`. The moment is that of its end, where it has one.
pub(crate) fn deed(operation: Operation<'_>) -> String {
    let end = operation.completion().unwrap_or(operation.invocation());
    format!("{} at {}", what(operation), moment(end))
}

/// The same with its event instead of the moment, for where time means nothing: `process 3 read 5 of key x
/// (event 7)`.
pub(crate) fn deed_and_event(operation: Operation<'_>) -> String {
    format!("{} (event {})", what(operation), operation.invocation().index)
}

/// The same with its beginning: `process 3 read 5 of key x from 1.101 s to 1.204 s`.
pub(crate) fn deed_during(operation: Operation<'_>) -> String {
    let begin = moment(operation.invocation());
    match operation.completion().filter(|_| operation.fate() != Fate::Unknown) {
        Some(end) => format!("{} from {begin} to {}", what(operation), moment(end)),
        None => format!("{} from {begin} on", what(operation)),
    }
}

fn what(operation: Operation<'_>) -> String {
    let (tried, tense) = match operation.fate() {
        Fate::Ok => ("", 0),
        Fate::Fail => ("failed to ", 1),
        Fate::Unknown => ("tried, with unknown outcome, to ", 1),
    };
    let argument = operation.argument();
    let key = operation.key();
    let what = match operation.function() {
        "read" => {
            let of_key = of_key("of", key);
            match operation.result() {
                Some(result) => format!("read {}{of_key}", value(result)),
                None => format!("read{of_key}"),
            }
        }
        "write" => format!("{} {}{}", ["wrote", "write"][tense], value(argument), of_key("to", key)),
        "delete" => {
            let verb = ["deleted", "delete"][tense];
            key.map_or(format!("{verb} it"), |key| format!("{verb} key {key}"))
        }
        "cas" => {
            let verb = ["changed", "change"][tense];
            let change = match argument.as_array().map(Vec::as_slice) {
                Some([old, new]) => format!("{} into {}", value(old), value(new)),
                _ => value(argument),
            };
            format!("{verb} {change}{}", of_key("on", key))
        }
        "add" => format!("{} {}{}", ["added", "add"][tense], value(argument), of_key("under", key)),
        other => format!("{} {other} {}{}", ["did", "do"][tense], value(argument), of_key("on", key)),
    };
    let at_version = at_version(operation.version());
    format!("process {} {tried}{what}{at_version}", operation.process())
}

#[cfg(test)]
mod tests {
    use perjury_histories::{History, Kind, Process};

    use super::*;

    fn only(function: &str, ended: Kind) -> History {
        let mut invocation = Event::new(0, Process::Client(3), Kind::Invoke, function);
        (invocation.key, invocation.value) = (Some("x".into()), Value::from(5));
        let mut completion = Event { index: 1, kind: ended, ..invocation.clone() };
        completion.time = Some(1_204_900_000);
        History::new([invocation, completion]).expect("well formed")
    }

    #[test]
    fn says_who_did_what_and_when() {
        let say = |function, ended| deed(only(function, ended).operations().next().expect("one"));
        assert_eq!(say("read", Kind::Ok), "process 3 read 5 of key x at 1.204 s");
        assert_eq!(say("delete", Kind::Ok), "process 3 deleted key x at 1.204 s");
        assert_eq!(
            say("write", Kind::Info),
            "process 3 tried, with unknown outcome, to write 5 to key x at 1.204 s"
        );
        assert_eq!(say("write", Kind::Fail), "process 3 failed to write 5 to key x at 1.204 s");
    }

    #[test]
    fn cuts_long_values_between_characters() {
        assert_eq!(value(&Value::from("é".repeat(200))).chars().count(), 81);
    }
}
