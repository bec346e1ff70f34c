//! What some nodes have and others do not: which points and markers they can come by.

/// What nodes of a family and mode have beside that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// They keep tables.
    pub tables: bool,
    /// They change who is on the ring.
    pub ring_changes: bool,
}

impl Features {
    /// None.
    pub const NONE: Features = Features { tables: false, ring_changes: false };
    /// Tables alone.
    pub const TABLES: Features = Features { tables: true, ring_changes: false };
    /// A ring that changes, alone.
    pub const RING_CHANGES: Features = Features { tables: false, ring_changes: true };

    /// Whether all of these are among them.
    pub fn cover(self, needed: Features) -> bool {
        (self.tables || !needed.tables) && (self.ring_changes || !needed.ring_changes)
    }
}
