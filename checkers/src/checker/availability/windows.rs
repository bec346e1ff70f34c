//! The times in which one node is cut off one way, and nothing else is wrong.

use perjury_histories::History;

use crate::checker::Undecided;
use crate::in_force::{Fault, InForce};

/// What cuts a node off in one direction.
const CUT: &str = "deaf-node";

/// Such a time, in nanoseconds.
pub(super) struct Window<'a> {
    pub from: u64,
    pub to: u64,
    pub node: &'a str,
    /// The index of the note with which it began.
    pub note: u64,
}

/// All of them, in order; the last ends with the history. Errs on a note of a fault without a time.
pub(super) fn all(history: &History) -> Result<Vec<Window<'_>>, Undecided> {
    let mut windows: Vec<Window<'_>> = Vec::new();
    let mut in_force = InForce::default();
    let mut begun: Option<Window<'_>> = None;
    for note in history.notes() {
        if !in_force.hear(note) {
            continue;
        }
        let time = note.time.ok_or_else(|| format!("event {}: it has no time", note.index))?;
        windows.extend(begun.take().map(|window| Window { to: time, ..window }));
        if let [Fault { name: CUT, nodes, .. }] = in_force.faults()
            && let [node] = nodes.as_slice()
        {
            begun = Some(Window { from: time, to: time, node, note: note.index });
        }
    }
    let end = history.events().next_back().and_then(|event| event.time);
    windows.extend(begun.zip(end).map(|(window, to)| Window { to, ..window }));
    Ok(windows)
}

impl Window<'_> {
    /// How long it is.
    pub fn length(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// The times within it in which nothing was done, which was done at these: until the first, between two, and
    /// after the last.
    pub fn gaps(&self, done: &[u64]) -> impl Iterator<Item = (u64, u64)> {
        let begins = [self.from].into_iter().chain(done.iter().copied());
        begins.zip(done.iter().copied().chain([self.to]))
    }
}
