//! Messages that multiply: nodes that answer each other faster and faster.
//!
//! A run in which they do never ends, as each simulated millisecond takes longer than the one before. So it is ended
//! here, by the count of messages and not by the clock on the wall: the same seed ends at the same moment everywhere.

use std::time::Duration;

/// Counts messages by the simulated second.
#[derive(Debug)]
pub(super) struct StormWatch {
    /// Messages within one second that are no storm yet.
    messages_max: u64,
    second: u64,
    sent_before: u64,
    storm: Option<Storm>,
}

/// More messages within a simulated second than any work takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storm {
    /// When there were too many, in the simulator's time.
    pub at: Duration,
    /// How many were not too many yet.
    pub messages_max: u64,
}

impl StormWatch {
    pub(super) fn new(messages_max: u64) -> StormWatch {
        StormWatch { messages_max, second: 0, sent_before: 0, storm: None }
    }

    /// Looks at the time, and at how many messages were sent so far.
    pub(super) fn look(&mut self, at: Duration, sent: u64) {
        if at.as_secs() != self.second {
            (self.second, self.sent_before) = (at.as_secs(), sent);
        }
        if sent - self.sent_before > self.messages_max {
            self.storm.get_or_insert(Storm { at, messages_max: self.messages_max });
        }
    }

    pub(super) fn storm(&self) -> Option<Storm> {
        self.storm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_only_where_too_many_are_sent_within_a_second() {
        let mut watch = StormWatch::new(100);
        let at = Duration::from_millis;
        for (ms, sent) in [(10, 40), (990, 100), (1_000, 150), (1_999, 250), (2_000, 260)] {
            watch.look(at(ms), sent);
            assert_eq!(watch.storm(), None, "{ms} ms");
        }
        watch.look(at(2_500), 361);
        watch.look(at(9_000), 1_000);
        assert_eq!(watch.storm(), Some(Storm { at: at(2_500), messages_max: 100 }), "the first");
    }
}
