//! What is wrong with a list, in one sentence each.

use perjury_histories::{Fate, Operation};

use super::list::List;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// An element is there more often than it was appended.
pub(super) fn duplicated(list: &List<'_>, element: u32, read: usize, times: usize) -> Anomaly {
    let of = &list.elements[element as usize];
    let read = list.reads[read].operation;
    let possible: Vec<Operation<'_>> =
        of.appends.iter().copied().filter(|append| append.fate() != Fate::Fail).collect();
    let appended = match possible.as_slice() {
        [] => "was there once from the beginning".to_owned(),
        [append] => format!("was appended once: {}", words::deed(*append)),
        many => format!("was appended {} times only", many.len()),
    };
    let (deed, value) = (words::deed(read), words::value(of.value));
    let explanation = format!("{deed}, which holds {value} {times} times, although that {appended}");
    anomaly(list, AnomalyKind::DuplicatedElement, possible.into_iter().chain([read]), explanation)
}

/// An element is there that should not be.
pub(super) fn unexpected(list: &List<'_>, element: u32, read: usize) -> Anomaly {
    let of = &list.elements[element as usize];
    let (by, read) = (list.reads[read].ended(), list.reads[read].operation);
    let (deed, value) = (words::deed(read), words::value(of.value));
    let (kind, append, why) = match of.appends.first() {
        None => (AnomalyKind::UnexpectedElement, None, format!("nobody ever appended {value}")),
        Some(append) if append.invoked_at() > by => {
            let (who, began) = (words::who(*append), words::moment(append.invocation()));
            let why = format!("{who} began to append {value} only at {began}");
            (AnomalyKind::UnexpectedElement, Some(*append), why)
        }
        Some(append) => (AnomalyKind::FailedWriteRead, Some(*append), words::deed(*append)),
    };
    anomaly(list, kind, append.into_iter().chain([read]), format!("{deed}, but {why}"))
}

/// Two reads have their elements in different orders.
pub(super) fn incompatible(list: &List<'_>, short: usize, long: usize) -> Anomaly {
    let [short, long] = [short, long].map(|read| &list.reads[read]);
    let same = short.elements.iter().zip(&long.elements).take_while(|(one, other)| one == other).count();
    let explanation = format!(
        "{}, and {}: neither is a beginning of the other, they differ from element {} on",
        words::deed(short.operation),
        words::deed(long.operation),
        same + 1
    );
    anomaly(list, AnomalyKind::IncompatibleOrder, [short.operation, long.operation], explanation)
}

/// An element is gone that this operation has made known.
pub(super) fn lost(list: &List<'_>, element: usize, knower: Option<Operation<'_>>, read: usize) -> Anomaly {
    let value = words::value(list.elements[element].value);
    let known = knower.map_or_else(|| format!("{value} was there from the beginning"), words::deed);
    let read = list.reads[read].operation;
    let in_which = if read.is_final() { "in the final read " } else { "" };
    let explanation = format!("{known}, but {in_which}{}, which lacks {value}", words::deed(read));
    anomaly(list, AnomalyKind::LostElement, knower.into_iter().chain([read]), explanation)
}

fn anomaly<'a>(
    list: &List<'_>,
    kind: AnomalyKind,
    shown: impl IntoIterator<Item = Operation<'a>>,
    explanation: String,
) -> Anomaly {
    Anomaly::new(kind, list.key, shown.into_iter().map(|operation| operation.index()), explanation)
}
