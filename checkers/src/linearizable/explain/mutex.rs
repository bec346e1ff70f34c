//! Why a lock could not have been acquired or released.

use perjury_histories::Operation;

use super::{Evidence, ended, may_precede, precedes};

/// Who held it, or that nobody did.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
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
