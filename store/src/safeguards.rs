//! Every protocol decision that can be switched off, named; all on by default.
//!
//! A safeguard switched off is a planted bug: the harness must find it. Each field names the bug of
//! the project's list that its absence is.

/// Which safeguards are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Safeguards {
    /// A replica acknowledges a write only after it has synced it. Off (bug 1): it acknowledges at
    /// once, and syncs in the background, once a second.
    pub sync_before_acknowledge: bool,
    /// Replay cuts a torn tail off the log. Off (bug 3): what is there of the last record is taken,
    /// the missing bytes as zeros.
    pub torn_tail_cut: bool,
    /// A bad record in the middle of the log is reported, and the replica recovers from the others.
    /// Off (bug 4): the log is cut there, silently.
    pub corrupt_record_reported: bool,
    /// Versions come from a hybrid logical clock. Off (bug 11): from the wall clock alone.
    pub hybrid_clock: bool,
    /// Compare-and-set is refused. Off (bug 17): it is a quorum read, then a quorum write.
    pub compare_and_set_refused: bool,
    /// A session keeps its token when it changes coordinator. Off (bug 20): it starts an empty one.
    pub token_survives_failover: bool,
    /// A replica counts once towards a write quorum. Off (bug 21): every acknowledgement counts.
    pub distinct_acknowledgements: bool,
    /// An atomic read writes back what it returns. Off (bug 22): it returns at once.
    pub write_back: bool,
    /// A write that misses its deadline is of unknown outcome. Off (bug 23): it is reported failed.
    pub timeout_is_unknown: bool,
}

impl Default for Safeguards {
    fn default() -> Safeguards {
        Safeguards {
            sync_before_acknowledge: true,
            torn_tail_cut: true,
            corrupt_record_reported: true,
            hybrid_clock: true,
            compare_and_set_refused: true,
            token_survives_failover: true,
            distinct_acknowledgements: true,
            write_back: true,
            timeout_is_unknown: true,
        }
    }
}
