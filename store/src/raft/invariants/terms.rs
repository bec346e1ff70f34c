//! The terms of a log's entries.

use crate::raft::log::{Index, Position, Term};

/// The terms of a log's entries, as runs: terms only rise along a log, so there are about as many runs as there
/// were leaders, however long the log is.
///
/// Invariants: runs ascend by index; all begin at or before `last`.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Where a run begins, and its term.
    runs: Vec<(Index, Term)>,
    last: Index,
}

impl Terms {
    /// A log of which only this is known: it goes on from here.
    pub fn after(at: Position) -> Terms {
        let runs = if at.index == 0 { Vec::new() } else { vec![(at.index, at.term)] };
        Terms { runs, last: at.index }
    }

    /// The last index.
    pub fn last(&self) -> Index {
        self.last
    }

    /// The term at this index; none: nothing is known there. Before the first entry it is 0.
    pub fn term(&self, index: Index) -> Option<Term> {
        if index == 0 {
            return Some(0);
        }
        if index > self.last {
            return None;
        }
        let later = self.runs.partition_point(|&(begin, _)| begin <= index);
        Some(self.runs[later.checked_sub(1)?].1)
    }

    /// Whether it holds this entry.
    pub fn holds(&self, at: Position) -> bool {
        self.term(at.index) == Some(at.term)
    }

    /// The log now ends with this entry.
    pub fn put(&mut self, at: Position) {
        let kept = self.runs.partition_point(|&(begin, _)| begin < at.index);
        self.runs.truncate(kept);
        if self.runs.last().is_none_or(|&(_, term)| term != at.term) {
            self.runs.push((at.index, at.term));
        }
        self.last = at.index;
    }

    /// Takes over what `other` holds after this log's end, up to `through`.
    pub fn extend(&mut self, other: &Terms, through: Index) {
        let end = self.last;
        if through <= end {
            return;
        }
        let first = other.runs.partition_point(|&(begin, _)| begin <= end + 1).saturating_sub(1);
        for &(begin, term) in other.runs[first..].iter().take_while(|(begin, _)| *begin <= through) {
            self.put(Position { term, index: begin.max(end + 1) });
        }
        self.last = through;
    }

    /// What it holds after `index`.
    pub fn tail(&self, index: Index) -> Terms {
        let mut tail = Terms { runs: Vec::new(), last: index.min(self.last) };
        tail.extend(self, self.last);
        tail
    }
}
