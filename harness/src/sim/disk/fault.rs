//! What may be wrong with a disk at run time.

use std::time::Duration;

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DiskFault {
    /// Each sync takes longer, by a time between these two.
    SlowSync(Duration, Duration),
    /// So many bytes a second are read and written; a sync waits until everything before it is.
    Slow(u64),
    /// A sync fails with this probability; nothing becomes durable.
    FailingSync(f64),
    /// A sync succeeds with this probability without making anything durable.
    LyingSync(f64),
    /// Reading a file fails with this probability.
    FailingRead(f64),
    /// There is no space: of what is appended, a part is written, then it fails.
    Full,
}

/// How often something went wrong on a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskCounts {
    /// Syncs asked for.
    pub syncs: u64,
    /// Syncs made slower.
    pub slow: u64,
    /// Syncs that failed.
    pub failed: u64,
    /// Syncs that lied.
    pub lied: u64,
    /// Reads that failed.
    pub unread: u64,
    /// Writes refused for lack of space.
    pub full: u64,
    /// Bits turned over.
    pub flips: u64,
    /// Unsynced changes and file tails lost by power losses.
    pub lost: u64,
}

/// Where a bit was turned over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// In this file,
    pub file: String,
    /// at this byte.
    pub at: u64,
}
