//! Which segments of the log say nothing that the tables do not say.

use std::collections::VecDeque;

use crate::protocol::RecordNumber;

/// The segments appended to since the start, each with its last record.
#[derive(Debug, Default)]
pub struct Coverage {
    ends: VecDeque<(u32, RecordNumber)>,
}

impl Coverage {
    /// A record went to this segment.
    pub fn appended(&mut self, segment: u32, record: RecordNumber) {
        match self.ends.back_mut() {
            Some((last, end)) if *last == segment => *end = record,
            _ => self.ends.push_back((segment, record)),
        }
    }

    /// The first segment that is needed beside tables which hold every record up to `through`; `active` is the one
    /// that appends go to, and is always needed.
    pub fn needed_from(&mut self, through: RecordNumber, active: u32) -> u32 {
        while self.ends.front().is_some_and(|(segment, end)| *segment < active && *end <= through) {
            self.ends.pop_front();
        }
        self.ends.front().map_or(active, |(segment, _)| *segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_needed_until_all_of_it_is_covered() {
        let mut coverage = Coverage::default();
        assert_eq!(coverage.needed_from(0, 4), 4, "what a start has replayed is held");
        for (segment, record) in [(4, 1), (4, 2), (5, 3), (6, 4)] {
            coverage.appended(segment, record);
        }
        assert_eq!([1, 2, 3, 4].map(|through| coverage.needed_from(through, 6)), [4, 5, 6, 6]);
    }
}
