//! Events as operation maps.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::edn::Edn;
use crate::{EventRef, History, Key, Process, Value};

/// What a micro-operation may be called.
const MICRO_OPERATIONS: &[&str] = &["append", "r", "read", "w", "write"];

/// Writes a whole history, and flushes.
pub fn write(history: &History, output: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::new();
    for event in history.events() {
        line.clear();
        print(event, &mut line)?;
        output.write_all(&line)?;
    }
    output.flush()
}

/// The line of this event, its end included.
fn print(event: EventRef<'_>, line: &mut Vec<u8>) -> io::Result<()> {
    write!(line, "{{:index {}", event.index)?;
    if let Some(time) = event.time {
        write!(line, ", :time {time}")?;
    }
    write!(line, ", :type :{}, :process ", event.kind)?;
    match event.process {
        Process::Client(process) => write!(line, "{process}")?,
        Process::Nemesis => write!(line, ":nemesis")?,
        Process::Unknown => write!(line, "nil")?,
    }
    write!(line, ", :f {}, :value {}", name(event.function), transaction(event.value))?;
    match event.key {
        Some(Key::Number(number)) => write!(line, ", :key {number}")?,
        Some(Key::Name(name)) => write!(line, ", :key {}", Edn::Text(name.into()))?,
        None => {}
    }
    if let Some(node) = event.node {
        write!(line, ", :node {}", Edn::Text(node.into()))?;
    }
    if event.is_final {
        write!(line, ", :final? true")?;
    }
    if let Some(error) = event.error.filter(|error| !error.is_null()) {
        write!(line, ", :error {}", Edn::from_json(error))?;
    }
    if let Some(session) = event.session {
        write!(line, ", :session {session}")?;
    }
    if let Some(version) = event.version {
        let numbers = version.0.iter().map(|&number| Edn::Integer(number));
        write!(line, ", :version {}", Edn::Vector(numbers.collect()))?;
    }
    line.write_all(b"}\n")
}

/// A function's name: a keyword where that can hold it, nil for none.
fn name(function: &str) -> Edn<'_> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.?!*+".contains(&byte);
    match function.bytes().next() {
        None => Edn::Nil,
        Some(first) if first.is_ascii_alphabetic() && function.bytes().all(is_plain) => {
            Edn::Keyword(function.into())
        }
        Some(_) => Edn::Text(function.into()),
    }
}

/// A value; where it is a transaction, a list of micro-operations, with keywords for their names, which is
/// how Elle knows them.
fn transaction(value: &Value) -> Edn<'_> {
    let is_micro_operation = |value: &Value| {
        let name = value.as_array().and_then(|parts| parts.first()?.as_str());
        name.is_some_and(|name| MICRO_OPERATIONS.contains(&name))
    };
    let mut edn = Edn::from_json(value);
    if let Edn::Vector(operations) = &mut edn
        && value.as_array().is_some_and(|values| values.iter().all(is_micro_operation))
    {
        for operation in operations {
            if let Edn::Vector(parts) = operation
                && let Some(Edn::Text(name)) = parts.first()
            {
                parts[0] = Edn::Keyword(Cow::clone(name));
            }
        }
    }
    edn
}
