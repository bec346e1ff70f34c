//! Why a set could not have answered so.

use perjury_histories::{Operation, Value};

use super::{Evidence, ended, may_precede, precedes};
use crate::words;

/// What had happened that contradicts this answer.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let seen = last.result()?;
    if last.function() == "read" {
        let elements = seen.as_array().map_or(&[][..], Vec::as_slice);
        let twice = (1..elements.len()).find(|&place| elements[..place].contains(&elements[place]));
        if let Some(place) = twice {
            return Some(format!("a set cannot hold {} twice", words::value(&elements[place])));
        }
        let garbage = elements.iter().find_map(|element| absent(evidence, last, element));
        let mut lacking = evidence.all("add").filter(|add| !elements.contains(add.argument()));
        return garbage.or_else(|| lacking.find_map(|add| present(evidence, last, add.argument())));
    }
    let answer = seen.as_bool().or_else(|| seen.get(1)?.as_bool())?;
    let was_there = answer == (last.function() != "add");
    let element = last.argument();
    if was_there { absent(evidence, last, element) } else { present(evidence, last, element) }
}

/// Why the element cannot have been in it.
fn absent(evidence: &Evidence<'_>, last: Operation<'_>, element: &Value) -> Option<String> {
    let is_initial = evidence.initial.as_array().is_some_and(|held| held.contains(element));
    let adds: Vec<_> = others(evidence, last, "add", element).collect();
    if adds.is_empty() && !is_initial {
        return Some(format!("nobody had added {}", words::value(element)));
    }
    let removed = others(evidence, last, "remove", element)
        .filter(|remove| precedes(*remove, last) && adds.iter().all(|add| precedes(*add, *remove)))
        .max_by_key(|remove| remove.returned_at())?;
    let (value, process) = (words::value(element), removed.process());
    Some(format!(
        "process {process} had removed {value} at {} and nobody added it after that",
        ended(removed)
    ))
}

/// Why the element must have been in it.
fn present(evidence: &Evidence<'_>, last: Operation<'_>, element: &Value) -> Option<String> {
    if others(evidence, last, "remove", element).any(|remove| may_precede(remove, last)) {
        return None;
    }
    let add = others(evidence, last, "add", element).find(|add| precedes(*add, last))?;
    let (value, process) = (words::value(element), add.process());
    Some(format!("process {process} had added {value} at {} and nobody removed it", ended(add)))
}

/// The other operations of this function on this element.
fn others<'a>(
    evidence: &Evidence<'a>,
    last: Operation<'a>,
    function: &str,
    element: &Value,
) -> impl Iterator<Item = Operation<'a>> {
    let all = evidence.all(function).filter(move |other| other.invoked_at() != last.invoked_at());
    all.filter(move |other| other.argument() == element)
}
