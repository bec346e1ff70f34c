//! What is wrong with a queue, in one sentence each.

use super::ledger::{Balance, Ledger, Put, Stranger};
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// An element came out that had not gone in.
pub(super) fn stranger(stranger: Stranger<'_>) -> Anomaly {
    let Stranger { operation, value, is_unexpected, first, before } = stranger;
    let (kind, why) = match first.filter(|_| is_unexpected) {
        Some(failed) => (AnomalyKind::UnexpectedElement, words::deed(failed)),
        None if is_unexpected => {
            (AnomalyKind::UnexpectedElement, "nobody had tried to enqueue it".to_owned())
        }
        None => {
            let why = "it had come out before as often as it may have gone in";
            (AnomalyKind::DuplicatedElement, why.to_owned())
        }
    };
    let at = words::moment(operation.completion().unwrap_or(operation.invocation()));
    let (who, value) = (words::who(operation), words::value(value));
    let of = words::of_key("of", operation.key());
    let explanation = format!("{who} took {value} out of the queue{of} at {at}, but {why}");
    let shown = first.into_iter().chain(before).chain([operation]).map(|shown| shown.index());
    Anomaly::new(kind, operation.key(), shown, explanation)
}

/// Elements did not come out of queues that were found empty: each by itself, or together where some of them may
/// have been taken by dequeues of unknown outcome.
pub(super) fn lost(ledger: &Ledger<'_>, balance: &Balance<'_>) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    for (number, queue) in (0..).zip(ledger.queues()) {
        let lost = balance.lost.iter().filter(|lost| lost.0 == number).map(|lost| lost.1);
        let lost: Vec<Put<'_>> = lost.collect();
        let excused = queue.excused(lost.len());
        let Some(emptied) = queue.emptied.filter(|_| lost.len() > excused) else { continue };
        let began = words::moment(emptied.invocation());
        let ended = words::moment(emptied.completion().unwrap_or(emptied.invocation()));
        let found = format!("{} found the queue empty from {began} to {ended}", words::who(emptied));
        let end = emptied.index();
        if excused == 0 {
            anomalies.extend(lost.iter().map(|put| {
                let deed = words::deed(put.operation);
                let why = format!("{deed}, and it never came out, although {found}");
                let shown = [put.operation.index(), end];
                Anomaly::new(AnomalyKind::LostElement, put.operation.key(), shown, why)
            }));
        } else {
            let shown: Vec<u64> = lost.iter().take(excused + 1).map(|put| put.operation.index()).collect();
            let why = format!(
                "{} elements were enqueued and never came out, although {found}; dequeues of unknown outcome can \
                 have taken at most {excused} of these",
                lost.len()
            );
            let key = emptied.key();
            anomalies.push(Anomaly::new(AnomalyKind::LostElement, key, shown.into_iter().chain([end]), why));
        }
    }
    anomalies
}
