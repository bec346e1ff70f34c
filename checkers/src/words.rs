//! Operations in plain words: who did what, and when.

use perjury_histories::{EventRef, Fate, Key, Operation, Process, Value, Version};

use crate::notes::State;

/// Nanoseconds as seconds: `1.204 s`.
pub(crate) fn seconds(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    format!("{}.{:03} s", milliseconds / 1_000, milliseconds % 1_000)
}

/// What a member is taken for.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Up => "up",
        State::Suspect => "suspect",
        State::Down => "down",
        State::Left => "left",
    }
}

/// When it happened: `1.204 s`, or `event 7` where no time is known.
pub(crate) fn moment(event: EventRef<'_>) -> String {
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
    match value {
        Value::Null => "nothing".to_owned(),
        value => cut(&value.to_string()),
    }
}

/// A text of bearable length.
pub(crate) fn cut(text: &str) -> String {
    const LENGTH_MAX: usize = 80;
    match text.char_indices().nth(LENGTH_MAX) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// ` (version 12.1)`, or nothing.
pub(crate) fn at_version(version: Option<&Version>) -> String {
    version.map(|version| format!(" (version {version})")).unwrap_or_default()
}

/// Who did it: `process 3`.
pub(crate) fn who(operation: Operation<'_>) -> String {
    match operation.process() {
        Process::Unknown => "an unknown process".to_owned(),
        process => format!("process {process}"),
    }
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
    format!("{} (event {})", what(operation), operation.index())
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
    let tried = match operation.fate() {
        Fate::Ok => "",
        Fate::Fail => "failed to ",
        Fate::Unknown => "tried, with unknown outcome, to ",
    };
    let did = did(operation);
    let at_version = at_version(operation.version());
    format!("{} {tried}{did}{at_version}", who(operation))
}

/// `read 5 of key x`, or `write 5 to key x` where it may not have happened.
fn did(operation: Operation<'_>) -> String {
    let verb = |past, plain| if operation.fate() == Fate::Ok { past } else { plain };
    let of_key = |preposition| of_key(preposition, operation.key());
    let argument = operation.argument();
    let took = |past, plain| match operation.result() {
        Some(result) => format!("{past} {}{}", value(result), of_key("of")),
        None => format!("{}{}", verb(past, plain), of_key("of")),
    };
    let gave = |past, plain, preposition| {
        format!("{} {}{}", verb(past, plain), value(argument), of_key(preposition))
    };
    match operation.function() {
        "read" => took("read", "read"),
        "get" => took("got", "get"),
        "get-any" => took("got some", "get some"),
        "get-all" => took("got all", "get all"),
        "dequeue" => took("dequeued", "dequeue"),
        "pop" => took("popped", "pop"),
        "poll" => took("polled", "poll"),
        "len" => took("counted", "count"),
        "write" => gave("wrote", "write", "to"),
        "put" => gave("put", "put", "to"),
        "put-any" => gave("put some of", "put some of", "to"),
        "append" => gave("appended", "append", "to"),
        "enqueue" => gave("enqueued", "enqueue", "to"),
        "push" => gave("pushed", "push", "to"),
        "insert" => gave("inserted", "insert", "to"),
        "add" => format!("{}{}", gave("added", "add", "under"), answered(operation)),
        "remove" => format!("{}{}", gave("removed", "remove", "under"), answered(operation)),
        "contains" => format!("{}{}", gave("asked for", "ask for", "under"), answered(operation)),
        "acquire" => format!("{} the lock{}", verb("acquired", "acquire"), of_key("of")),
        "release" => format!("{} the lock{}", verb("released", "release"), of_key("of")),
        "increment" => format!("{}{}", count(verb("incremented", "increment"), argument), of_key("of")),
        "decrement" => format!("{}{}", count(verb("decremented", "decrement"), argument), of_key("of")),
        "delete" => {
            let verb = verb("deleted", "delete");
            operation.key().map_or(format!("{verb} it"), |key| format!("{verb} key {key}"))
        }
        "cas" => {
            let change = match argument.as_array().map(Vec::as_slice) {
                Some([old, new]) => format!("{} into {}", value(old), value(new)),
                _ => value(argument),
            };
            format!("{} {change}{}", verb("changed", "change"), of_key("on"))
        }
        // What it found stands where it asked.
        "txn" => format!("{} txn {}", verb("did", "do"), value(operation.result().unwrap_or(argument))),
        other => {
            let seen = operation.result().filter(|result| *result != argument && !result.is_null());
            let seen = seen.map(|seen| format!(" = {}", value(seen))).unwrap_or_default();
            let asked = if argument.is_null() { String::new() } else { format!(" {}", value(argument)) };
            format!("{} {other}{asked}{seen}{}", verb("did", "do"), of_key("on"))
        }
    }
}

/// ` (true)`, where the answer was that it was there or that it worked; ` (false)`; or nothing.
fn answered(operation: Operation<'_>) -> String {
    let answer = operation.result().and_then(|result| match result {
        Value::Bool(answer) => Some(*answer),
        Value::Array(pair) => pair.get(1)?.as_bool(),
        _ => None,
    });
    answer.map(|answer| format!(" ({answer})")).unwrap_or_default()
}

/// ` it`, or ` it by 3`.
fn count(verb: &str, by: &Value) -> String {
    match by {
        Value::Null => format!("{verb} it"),
        by => format!("{verb} it by {}", value(by)),
    }
}

#[cfg(test)]
mod tests {
    use perjury_histories::{Event, History, Kind};

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
    fn says_that_a_process_is_unknown() {
        let history = crate::testing::history("?:read!()=2");
        let said = deed(history.operations().next().expect("one"));
        assert_eq!(said, "an unknown process read 2 at event 0");
    }

    #[test]
    fn has_words_for_every_function_of_every_model() {
        let text = r#"0:enqueue(q,5) 0:dequeue(q)=5 0:dequeue(q)=null 0:pop():info 0:len()=2 0:remove(_,5)=[5,true]
            0:contains(_,5)=false 0:acquire() 0:release():fail 0:increment() 0:decrement(_,2) 0:append(x,"a")
            0:txn(_,[["read","x",null]])=[["read","x",1]] 0:frob(_,1):info"#;
        let history = crate::testing::history(text);
        let said: Vec<String> =
            history.operations().map(|operation| what(operation)[10..].to_owned()).collect();
        let expected = [
            "enqueued 5 to key q",
            "dequeued 5 of key q",
            "dequeued nothing of key q",
            "tried, with unknown outcome, to pop",
            "counted 2",
            "removed 5 (true)",
            "asked for 5 (false)",
            "acquired the lock",
            "failed to release the lock",
            "incremented it",
            "decremented it by 2",
            "appended \"a\" to key x",
            "did txn [[\"read\",\"x\",1]]",
            "tried, with unknown outcome, to do frob 1",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn cuts_long_values_between_characters() {
        assert_eq!(value(&Value::from("é".repeat(200))).chars().count(), 81);
    }
}
