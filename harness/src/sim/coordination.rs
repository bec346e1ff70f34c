//! Who coordinates, as far as nodes pass the points that only a coordinator comes to: for faults that aim at it.

use std::cell::RefCell;
use std::time::Duration;

use perjury_store::point::{BEFORE_WRITE_BACK, Point, VERSION_CHOSEN};

/// Whoever passes one of these is about to ask the replicas of a key to hold a version, for a client that waits.
const BEGINNINGS: [&Point; 2] = [&VERSION_CHOSEN, &BEFORE_WRITE_BACK];

/// A node that coordinates, or has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinator {
    /// The node.
    pub node: String,
    /// When it began to, since the run began.
    pub since: Duration,
}

/// The node that was the last to ask replicas to hold a version. It may be done with that by now.
#[derive(Debug, Default)]
pub struct Coordination(RefCell<Option<Coordinator>>);

impl Coordination {
    /// Whether nodes that pass these points show who coordinates.
    pub fn is_shown_by(points: &[&Point]) -> bool {
        points.iter().any(|point| BEGINNINGS.contains(point))
    }

    /// A node is at this point now.
    pub fn see(&self, node: &str, point: &Point, now: Duration) {
        if BEGINNINGS.contains(&point) {
            *self.0.borrow_mut() = Some(Coordinator { node: node.to_owned(), since: now });
        }
    }

    /// Who coordinates.
    pub fn coordinator(&self) -> Option<Coordinator> {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_store::point::{self, BEFORE_ANSWER};

    #[test]
    fn the_last_one_that_began_coordinates() {
        let coordination = Coordination::default();
        let at = Duration::from_millis;
        coordination.see("n1", &BEFORE_ANSWER, at(1));
        assert_eq!(coordination.coordinator(), None);
        coordination.see("n2", &VERSION_CHOSEN, at(2));
        coordination.see("n3", &BEFORE_WRITE_BACK, at(3));
        coordination.see("n1", &BEFORE_ANSWER, at(4));
        let last = Coordinator { node: "n3".to_owned(), since: at(3) };
        assert_eq!(coordination.coordinator(), Some(last));
    }

    #[test]
    fn nodes_without_a_leader_show_it() {
        let shown = |family| Coordination::is_shown_by(&point::of(family, false));
        assert_eq!(["quorum", "raft"].map(shown), [true, false]);
    }
}
