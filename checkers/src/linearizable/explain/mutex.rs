//! Why a lock could not have been acquired or released.

use perjury_histories::{Fate, Operation};

use super::{Evidence, ended, may_precede, precedes};

/// Who held it, or that nobody did; or else that it was acquired more often than released, or the reverse.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    holder(evidence, last).or_else(|| counts(evidence, last))
}

/// That there are too many like the last one.
fn counts(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let is_acquire = last.function() == "acquire";
    let opposite = if is_acquire { "release" } else { "acquire" };
    let done = evidence.all(last.function()).filter(|other| other.fate() == Fate::Ok).count();
    let undone = evidence.all(opposite).count();
    let is_held = evidence.initial == true;
    if done <= undone + usize::from(is_acquire != is_held) {
        return None;
    }
    let [verb, opposite] = if is_acquire { ["acquired", "released"] } else { ["released", "acquired"] };
    let undone = match undone {
        0 => "nobody".to_owned(),
        some => format!("at most {some}"),
    };
    Some(format!("in all {done} had {verb} it by then, and {undone} had {opposite} it"))
}

/// Who held it, or that nobody did.
fn holder(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let opposite = if last.function() == "acquire" { "release" } else { "acquire" };
    let same = evidence.all(last.function()).filter(|other| precedes(*other, last));
    let Some(before) = same.max_by_key(|other| other.returned_at()) else {
        let is_undone = evidence.all(opposite).any(|other| may_precede(other, last));
        let is_held = evidence.initial == true;
        return (!is_undone && is_held != (opposite == "acquire")).then(|| match is_held {
            true => "it was held from the beginning".to_owned(),
            false => "nobody had acquired it".to_owned(),
        });
    };
    let mut between = evidence.all(opposite);
    if between.any(|other| may_precede(other, last) && may_precede(before, other)) {
        return None;
    }
    let (process, moment) = (before.process(), ended(before));
    Some(match last.function() {
        "acquire" => format!("process {process} had acquired it at {moment} and nobody had released it"),
        _ => format!("process {process} had released it at {moment} and nobody had acquired it again"),
    })
}
