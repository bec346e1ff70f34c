//! What is known of one member, and how two such rumours become one.
//!
//! ```text
//! n1 holds of n3   generation 4, heartbeat 17, accused by n1
//! n2 says          generation 4, heartbeat 17, accused by n2     the same beat: accused by both
//! n4 says          generation 4, heartbeat 16                    an older one: nothing new
//! n5 says          generation 4, heartbeat 18                    a newer one: nobody accuses it any more
//! n5 says          generation 5, heartbeat 1                     started again: newer still
//! ```
//!
//! The merge is the join of a semilattice, so rumours may come in any order, late, and more than once.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocol::NodeId;

/// A sign of life. The later one is greater, whichever start of the member it is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Beat {
    /// How often the member had been started; 0: it was never heard of.
    pub generation: u32,
    /// Rounds of gossip since that start.
    pub heartbeat: u64,
}

/// What is known of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The last that was heard of it.
    pub beat: Beat,
    /// Who has missed it since, each by itself: an accusation of this very beat.
    pub accusers: BTreeSet<NodeId>,
    /// With this beat it said that it ends.
    pub has_left: bool,
}

/// What a member is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works.
    Up,
    /// Somebody misses it, and too few do.
    Suspect,
    /// Enough nodes miss it.
    Down,
    /// It was ended in an orderly manner.
    Left,
}

impl Member {
    /// Takes in what somebody else knows: the newer beat wins; of the same one, all accusations count.
    pub fn merge(&mut self, rumour: &Member) {
        match rumour.beat.cmp(&self.beat) {
            Ordering::Greater => *self = rumour.clone(),
            Ordering::Equal => {
                self.accusers.extend(&rumour.accusers);
                self.has_left |= rumour.has_left;
            }
            Ordering::Less => {}
        }
    }

    /// What it is taken for, where so many must miss it.
    pub fn state(&self, accusers_min: usize) -> State {
        match self.accusers.len() {
            _ if self.has_left => State::Left,
            0 => State::Up,
            accusers if accusers < accusers_min => State::Suspect,
            _ => State::Down,
        }
    }
}

impl State {
    /// Whether it need not be waited for.
    pub fn is_away(self) -> bool {
        matches!(self, State::Down | State::Left)
    }

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            State::Up => "up",
            State::Suspect => "suspect",
            State::Down => "down",
            State::Left => "left",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member() -> impl Strategy<Value = Member> {
        let accusers = prop::collection::btree_set(0..4 as NodeId, 0..3);
        (0..3u32, 0..3u64, accusers, any::<bool>()).prop_map(|(generation, heartbeat, accusers, has_left)| {
            Member { beat: Beat { generation, heartbeat }, accusers, has_left }
        })
    }

    fn merged(one: &Member, other: &Member) -> Member {
        let mut all = one.clone();
        all.merge(other);
        all
    }

    proptest! {
        #[test]
        fn rumours_may_come_in_any_order_and_more_than_once(a in member(), b in member(), c in member()) {
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(merged(&a, &a), a);
        }

        #[test]
        fn no_beat_ever_goes_back(a in member(), b in member()) {
            prop_assert_eq!(merged(&a, &b).beat, a.beat.max(b.beat));
        }
    }

    fn accused(beat: (u32, u64), accusers: &[NodeId]) -> Member {
        let beat = Beat { generation: beat.0, heartbeat: beat.1 };
        Member { beat, accusers: accusers.iter().copied().collect(), has_left: false }
    }

    #[test]
    fn accusations_count_for_one_beat_only() {
        let missed = merged(&accused((4, 17), &[0]), &accused((4, 17), &[1]));
        assert_eq!(missed.state(2), State::Down);
        assert_eq!(merged(&missed, &accused((4, 18), &[])).state(2), State::Up);
        assert_eq!(merged(&missed, &accused((5, 1), &[])).state(2), State::Up);
        assert_eq!(merged(&missed, &accused((4, 16), &[])).state(2), State::Down);
        assert_eq!(merged(&accused((4, 17), &[0]), &accused((4, 18), &[1])).state(2), State::Suspect);
    }

    #[test]
    fn the_same_accuser_counts_once() {
        let twice = merged(&accused((4, 17), &[0]), &accused((4, 17), &[0]));
        assert_eq!(twice.state(2), State::Suspect);
    }
}
