//! From history to text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::is_in_word;
use crate::{EventRef, History, Key, Kind, Process};

/// The text that denotes this history; the [module](crate::notation) says how, and what is left out.
pub fn print(history: &History) -> String {
    let mut terms = Vec::new();
    let mut open: BTreeMap<Process, EventRef<'_>> = BTreeMap::new();
    let mut index = 0;
    let mut events = history.events().peekable();
    while let Some(event) = events.next() {
        if event.index != index {
            terms.push(format!("#{}", event.index));
        }
        index = event.index.saturating_add(1);
        terms.push(match (event.process, event.kind) {
            (Process::Nemesis, _) => call(event) + &version(event),
            (_, Kind::Invoke) => match events.next_if(|next| is_whole(event, *next)) {
                Some(completion) => {
                    index = completion.index.saturating_add(1);
                    call(event) + &outcome(event, completion)
                }
                None => {
                    open.insert(event.process, event);
                    call(event) + "?"
                }
            },
            _ => match open.remove(&event.process) {
                Some(invocation) => completion(invocation, event),
                None if event.process == Process::Unknown => call(event) + &outcome(event, event),
                None => format!("..{}{}", call(event), outcome(event, event)),
            },
        });
    }
    terms.join(" ")
}

/// Whether the second event ends the first without anything in between, so that both are one term.
fn is_whole(invocation: EventRef<'_>, completion: EventRef<'_>) -> bool {
    invocation.process == completion.process
        && invocation.session == completion.session
        && invocation.node == completion.node
        && completion.kind != Kind::Invoke
        && invocation.index.checked_add(1) == Some(completion.index)
}

fn call(event: EventRef<'_>) -> String {
    let arguments = match (event.key, event.value) {
        (None, Value::Null) => String::new(),
        (Some(key), Value::Null) => key_text(key),
        (None, argument) => format!("_,{}", value(argument)),
        (Some(key), argument) => format!("{},{}", key_text(key), value(argument)),
    };
    format!(
        "{}:{}{}({arguments}){}",
        client(event.process, event.session),
        name(event.function),
        if event.is_final { "!" } else { "" },
        node(event)
    )
}

/// The ending of a term whose call is already written.
fn outcome(call: EventRef<'_>, completion: EventRef<'_>) -> String {
    let kind = match completion.kind {
        Kind::Ok => String::new(),
        kind => format!(":{kind}"),
    };
    kind + &result(call, completion)
}

/// The term that ends an operation which was begun by an earlier term.
fn completion(invocation: EventRef<'_>, completion: EventRef<'_>) -> String {
    let session = completion.session.filter(|_| completion.session != invocation.session);
    format!(
        "{}:{}{}{}",
        client(completion.process, session),
        completion.kind,
        if completion.node == invocation.node { String::new() } else { node(completion) },
        result(invocation, completion)
    )
}

fn result(call: EventRef<'_>, completion: EventRef<'_>) -> String {
    // A result of null is worth saying, although it is what a completion without a value has.
    let is_plain = completion.value == call.value && !(completion.kind == Kind::Ok && call.value.is_null());
    let value = match is_plain {
        true => String::new(),
        false => format!("={}", value(completion.value)),
    };
    value + &version(completion)
}

fn client(process: Process, session: Option<u64>) -> String {
    match session {
        Some(session) if process != Process::Nemesis => format!("{process}s{session}"),
        _ => process.to_string(),
    }
}

fn node(event: EventRef<'_>) -> String {
    event.node.map(|node| format!("/{}", name(node))).unwrap_or_default()
}

fn version(event: EventRef<'_>) -> String {
    event.version.map(|version| format!("@{version}")).unwrap_or_default()
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Number(number) => number.to_string(),
        Key::Name(key) => name(key),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) if !matches!(text.as_str(), "null" | "true" | "false") => name(text),
        _ => value.to_string(),
    }
}

/// A word as it is, anything else in quotes.
fn name(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_in_word);
    if is_word { text.to_owned() } else { Value::from(text).to_string() }
}
