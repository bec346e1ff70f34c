//! Versions: which write is later.
//!
//! A hybrid logical clock (Kulkarni et al. 2014) orders writes as wall clocks would where these are
//! right, and never against causality where they are wrong; node and incarnation make every version
//! unique, also when a node restarts after its clock has jumped back.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a write stands in the order of all writes of its key; the highest wins.
///
/// - Compared field by field, in the order written here.
/// - No two writes share one: a node raises its incarnation at each start, persistently, and never
///   issues the same clock reading twice within one incarnation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The physical part of the hybrid logical clock: milliseconds since the Unix epoch.
    pub millis: u64,
    /// The logical part: distinguishes versions of one millisecond.
    pub counter: u32,
    /// The node that coordinated the write: its position in the sorted list of nodes.
    pub node: u16,
    /// How many times that node had been started.
    pub incarnation: u32,
}

impl Version {
    /// No clock issues versions from here on: a wall clock of 64-bit nanoseconds ends before, in the
    /// year 2554. The rest of the numbers is there so that counting up from a version that someone
    /// made up (a hostile token, say) never runs out of them.
    pub const MILLIS_END: u64 = 1 << 46;

    /// Whether a clock can have issued it.
    pub fn is_possible(self) -> bool {
        self.millis < Version::MILLIS_END
    }

    /// The version as a history holds it.
    pub fn to_integers(self) -> [i64; 4] {
        // A hostile clock reading past the year 292 million saturates; the order is kept up to there.
        let millis = i64::try_from(self.millis).unwrap_or(i64::MAX);
        [millis, self.counter.into(), self.node.into(), self.incarnation.into()]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.millis, self.counter, self.node, self.incarnation)
    }
}
