//! Times, values and operations in words.

use std::collections::BTreeMap;

use perjury_histories::{EventRef, Key, Kind, Operation, Value, Version};

/// A moment or a length of simulated time: `12.405 s`; finer than milliseconds only where it must be.
pub fn seconds(ns: u64) -> String {
    let (whole, part) = (ns / 1_000_000_000, ns % 1_000_000_000);
    if part.is_multiple_of(1_000_000) {
        format!("{whole}.{:03} s", part / 1_000_000)
    } else {
        format!("{whole}.{:06} s", part / 1_000)
    }
}

/// A length of real time, as rough as it is long: `12 s`, `5 min 12 s`, `8 h 2 min`.
pub fn duration(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A count with its noun: `1 event`, `2,000 events`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// A number with its thousands apart: `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value as JSON, of at most about `chars_max` characters; of a longer list, its first elements.
pub fn value(value: &Value, chars_max: usize) -> String {
    let text = value.to_string();
    if text.chars().count() <= chars_max {
        return text;
    }
    let Value::Array(elements) = value else { return cut(&text, chars_max) };
    let mut shown = String::from("[");
    for (position, element) in elements.iter().enumerate() {
        let element = cut(&element.to_string(), chars_max / 2);
        if shown.chars().count() + element.chars().count() + 12 > chars_max && position > 0 {
            return format!("{shown}… {} more]", elements.len() - position);
        }
        shown.push_str(&element);
        shown.push_str(if position + 1 < elements.len() { ", " } else { "]" });
    }
    shown
}

/// A text cut to `chars_max` characters, which shows.
pub fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// Short names for versions, in their order: `v1` is older than `v2`.
#[derive(Clone, Debug, Default)]
pub struct Versions(BTreeMap<Version, String>);

impl Versions {
    /// Names for these versions.
    pub fn new(versions: impl IntoIterator<Item = Version>) -> Versions {
        let mut names: BTreeMap<Version, String> =
            versions.into_iter().map(|version| (version, String::new())).collect();
        for (position, name) in names.values_mut().enumerate() {
            *name = format!("v{}", position + 1);
        }
        Versions(names)
    }

    /// The short name, or the version itself where it has none.
    pub fn name(&self, version: &Version) -> String {
        self.0.get(version).cloned().unwrap_or_else(|| version.to_string())
    }

    /// A text with every version in it replaced by its short name.
    pub fn shorten(&self, text: &str) -> String {
        let mut names: Vec<(String, &String)> =
            self.0.iter().map(|(version, name)| (version.to_string(), name)).collect();
        // No version may be taken for the beginning of a longer one.
        names.sort_by_key(|(version, _)| std::cmp::Reverse(version.len()));
        names
            .iter()
            .fold(text.to_owned(), |text, (version, name)| text.replace(&format!("version {version}"), name))
    }

    /// What the names stand for, oldest first.
    pub fn legend(&self) -> Option<String> {
        let entries: Vec<String> = self.0.iter().map(|(version, name)| format!("{name}={version}")).collect();
        (!entries.is_empty()).then(|| format!("versions, oldest first: {}", entries.join(", ")))
    }
}

/// What was asked for: `write x = 1`, `read x`, `cas x: 1 to 2`, `add 5`.
pub fn call(function: &str, key: Option<&Key>, argument: &Value, chars_max: usize) -> String {
    let key = key.map(|key| format!(" {key}")).unwrap_or_default();
    match (function, argument) {
        (_, Value::Null) => format!("{function}{key}"),
        ("write", argument) => format!("write{key} = {}", value(argument, chars_max)),
        ("cas", Value::Array(pair)) if pair.len() == 2 => {
            format!("cas{key}: {} to {}", value(&pair[0], chars_max), value(&pair[1], chars_max))
        }
        (_, argument) => format!("{function}{key} {}", value(argument, chars_max)),
    }
}

/// A whole operation: `read x = 1 (v2, n3)`, `write x = 1: ok (v2, n3)`, `contains 5 = false`, `write x = 1:
/// unknown, timeout`. Of a transaction what it found stands where it asked.
pub fn operation(operation: &Operation<'_>, versions: &Versions, chars_max: usize) -> String {
    let invocation = operation.invocation();
    // A transaction is long because it is many operations.
    let (argument, chars_max) = match operation.function() {
        "txn" => (operation.result().unwrap_or(operation.argument()), 4 * chars_max),
        _ => (operation.argument(), chars_max),
    };
    let call = call(operation.function(), operation.key(), argument, chars_max);
    match operation.completion() {
        None => format!("{call}: never answered"),
        Some(completion) => {
            let asked = (completion.index != invocation.index).then_some(argument);
            format!("{call}{}", ending(completion, asked, versions, chars_max))
        }
    }
}

/// How an operation ended, to be put after what was asked for: its argument, if that is known.
pub fn ending(
    completion: EventRef<'_>,
    argument: Option<&Value>,
    versions: &Versions,
    chars_max: usize,
) -> String {
    let mut details: Vec<String> = completion.version.iter().map(|version| versions.name(version)).collect();
    details.extend(completion.node.map(str::to_owned));
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    let why = completion.error.map(error).map(|why| format!(", {why}")).unwrap_or_default();
    match (completion.kind, answer(completion, argument)) {
        (Kind::Ok, Some(answer)) => {
            let meaning = match (answer, &completion.version) {
                (Value::Null, Some(_)) => ", deleted",
                (Value::Null, None) => ", nothing",
                _ => "",
            };
            format!(" = {}{meaning}{details}", value(answer, chars_max))
        }
        (Kind::Ok, None) => format!(": ok{details}"),
        (Kind::Fail, _) => format!(": failed{why}{details}"),
        (Kind::Invoke | Kind::Info, _) => format!(": unknown{why}{details}"),
    }
}

/// What a completion says beside that it is ok. A null says something only where something was asked for.
fn answer<'a>(completion: EventRef<'a>, argument: Option<&Value>) -> Option<&'a Value> {
    let result = completion.value;
    let is_deed = matches!(completion.function, "acquire" | "release" | "increment" | "decrement" | "delete");
    match (argument, result) {
        (_, Value::Null) if is_deed => None,
        (None | Some(Value::Null), result) => Some(result),
        (_, Value::Null) => None,
        (Some(argument), result) if argument == result => None,
        // As a set answers.
        (Some(argument), Value::Array(pair)) => match pair.as_slice() {
            [element, answer @ Value::Bool(_)] if element == argument => Some(answer),
            _ => Some(result),
        },
        _ => Some(result),
    }
}

fn error(error: &Value) -> String {
    error.as_str().map(str::to_owned).unwrap_or_else(|| error.to_string())
}

/// A text broken into lines of at most `width` characters, at spaces; longer words stay whole.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// A text wrapped to `width` columns, of which the first are this many spaces; a line end after each line.
pub fn indented(text: &str, spaces: usize, width: usize) -> String {
    wrapped(text, width.saturating_sub(spaces)).iter().map(|line| format!("{:spaces$}{line}\n", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::notation;
    use serde_json::json;

    #[test]
    fn says_times_as_finely_as_they_are() {
        assert_eq!(seconds(12_405_000_000), "12.405 s");
        assert_eq!(seconds(12_405_000_250), "12.405000 s");
    }

    #[test]
    fn cuts_long_values_and_says_how_much_is_missing() {
        assert_eq!(value(&json!([1, 2, 3]), 20), "[1,2,3]");
        assert_eq!(value(&json!((0..300).collect::<Vec<_>>()), 20), "[0, 1, 2, … 297 more]");
        assert_eq!(value(&json!("x".repeat(30)), 10), format!("\"{}…", "x".repeat(8)));
    }

    #[test]
    fn counts_in_words() {
        assert_eq!(
            [count(1, "event"), count(999, "event"), count(1_234_567, "event")],
            ["1 event", "999 events", "1,234,567 events"]
        );
    }

    #[test]
    fn names_versions_in_their_order() {
        let versions = Versions::new([Version(vec![9, 1]), Version(vec![3]), Version(vec![9, 1])]);
        assert_eq!(versions.name(&Version(vec![9, 1])), "v2");
        assert_eq!(versions.legend().as_deref(), Some("versions, oldest first: v1=3, v2=9.1"));
        assert_eq!(Versions::default().legend(), None);
    }

    #[test]
    fn puts_names_in_the_place_of_versions() {
        let versions = Versions::new([Version(vec![1, 2]), Version(vec![1, 2, 3])]);
        assert_eq!(
            versions.shorten("read 5 (version 1.2) after version 1.2.3 of x"),
            "read 5 (v1) after v2 of x"
        );
    }

    #[test]
    fn says_operations_in_words() {
        let text = "0:write(x,1)/n2@3 0:read(x)=1@3 0:read(x)=null 0:cas(x,[1,2]):fail 1:write(x,2):info 2:add(_,5)?";
        let history = notation::parse(text).expect("a history");
        let words: Vec<String> = history
            .operations()
            .map(|each| operation(&each, &Versions::new([Version(vec![3])]), 20))
            .collect();
        assert_eq!(
            words,
            [
                "write x = 1: ok (v1, n2)",
                "read x = 1 (v1)",
                "read x = null, nothing",
                "cas x: 1 to 2: failed",
                "write x = 2: unknown",
                "add 5: never answered",
            ]
        );
    }

    #[test]
    fn shows_what_was_answered() {
        let text = r#"0:acquire() 0:acquire():fail 0:increment() 0:dequeue()=null 0:contains(_,5)=[5,false] 0:contains(_,5)=true
            0:add(_,5)=[5,true] 0:add(_,5) 0:txn(_,[["read","x",null]])=[["read","x",1]] 0:txn(_,[["read","x",null]]):info
            0:delete(x) 0:get(x)="a" 0:push(_,1)=null"#;
        let history = notation::parse(text).expect("a history");
        let words: Vec<String> =
            history.operations().map(|each| operation(&each, &Versions::default(), 30)).collect();
        let expected = [
            "acquire: ok",
            "acquire: failed",
            "increment: ok",
            "dequeue = null, nothing",
            "contains 5 = false",
            "contains 5 = true",
            "add 5 = true",
            "add 5: ok",
            r#"txn [["read","x",1]]: ok"#,
            r#"txn [["read","x",null]]: unknown"#,
            "delete x: ok",
            "get x = \"a\"",
            "push 1: ok",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrapped("a bc def g", 4), ["a bc", "def", "g"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcdefgh", "ij"]);
    }
}
