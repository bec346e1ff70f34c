//! What became of one element, by one copy of its set.
//!
//! ```text
//! reads, by their beginnings     0   1   2   3   4   5
//! the element is in              -   x   -   x   x   x      stable since 3; stale if it was known before 2 began
//! the element is in              -   x   -   x   x   -      lost if it was known before 5 began
//! ```

use perjury_histories::Operation;

use super::elements::Elements;
use super::view::{Seen, View};

/// What became of an element.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    /// Nothing is shown of it.
    NeverRead,
    /// From some time on every read has it.
    Stable {
        /// The last read without it, if that began after it was known.
        missed: Option<usize>,
        /// From when it was known until that read began; zero without one; none where times are not known.
        latency_ns: Option<u64>,
    },
    /// From some time on no read has it.
    Lost {
        /// From when it was known until the last read with it began; none where times are not known.
        latency_ns: Option<u64>,
    },
}

/// Since when it is certain that the element is there.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The operation whose end showed it first; none for an element that was there from the beginning.
    pub operation: Option<Operation<'a>>,
    /// The position of that end.
    pub position: Option<usize>,
}

impl<'a> View<'a> {
    /// What became of the element of this number; none if nobody can have added it.
    pub fn fate(&self, elements: &Elements<'a>, seen: &Seen, number: usize) -> Option<Fate> {
        let tried = elements.tried_at(number)?;
        let Some(known) = self.known(elements, seen, number) else { return Some(Fate::NeverRead) };
        let end = self.reads.len() - 1;
        let (last, since) = (seen.last(number), seen.since(number));
        if last != Some(end) && self.began_after(end, known) {
            let latency_ns = last.map_or(Some(0), |last| self.latency_ns(known, last));
            return Some(Fate::Lost { latency_ns });
        }
        let (Some(last), Some(since)) = (last, since) else { return Some(Fate::NeverRead) };
        // Reads after the last one with it count only if they returned after it was tried.
        if self.ended_from.get(last + 1).is_some_and(|ended| *ended > tried) {
            return Some(Fate::NeverRead);
        }
        let missed = since.checked_sub(1);
        let missed = missed.filter(|read| self.began_after(*read, known));
        let latency_ns = missed.map_or(Some(0), |missed| self.latency_ns(known, missed));
        Some(Fate::Stable { missed, latency_ns })
    }

    /// When the element was known to be there.
    pub fn known(&self, elements: &Elements<'a>, seen: &Seen, number: usize) -> Option<Known<'a>> {
        if elements.is_initial(number) {
            return Some(Known { operation: None, position: None });
        }
        let acknowledged = elements.acknowledged(number);
        let read = seen.first_ended(number).map(|read| self.reads[read].operation);
        let ends = [acknowledged, read].into_iter().flatten();
        let known = |operation: Operation<'a>| Known {
            operation: Some(operation),
            position: operation.returned_at(),
        };
        ends.map(known).filter(|known| known.position.is_some()).min_by_key(|known| known.position)
    }

    /// Whether this read began after the element was known.
    fn began_after(&self, read: usize, known: Known<'_>) -> bool {
        Some(self.reads[read].operation.invoked_at()) > known.position
    }

    /// How long after it was known this read began.
    fn latency_ns(&self, known: Known<'_>, read: usize) -> Option<u64> {
        let from = known.operation?.completion()?.time?;
        Some(self.reads[read].operation.invocation().time?.saturating_sub(from))
    }
}
