//! What a session has seen: its token.

use crate::raft::log::Index;

/// The highest log index that a session has read or written: what it reads next is not older, whichever node
/// answers. The log has one order for all keys, so one index is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token(Index);

impl Token {
    /// The session has seen the log up to here.
    pub(super) fn rise(&mut self, index: Index) {
        self.0 = self.0.max(index);
    }

    /// What a node must have applied before it answers.
    pub(super) fn index(self) -> Index {
        self.0
    }
}
