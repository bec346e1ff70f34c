//! Who has a role, as far as nodes pass the points that only such a node comes to: for faults that aim at it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use perjury_store::point::{BEFORE_WRITE_BACK, HINT_KEPT, Point, VERSION_CHOSEN};

/// What a node does for others, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is about to ask the replicas of a key to hold a version, for a client that waits.
    Coordinator,
    /// It keeps a write for a home replica that did not answer.
    HintHolder,
}

impl Role {
    const ALL: [Role; 2] = [Role::Coordinator, Role::HintHolder];

    /// Whoever passes one of these has the role.
    fn points(self) -> &'static [&'static Point] {
        match self {
            Role::Coordinator => &[&VERSION_CHOSEN, &BEFORE_WRITE_BACK],
            Role::HintHolder => &[&HINT_KEPT],
        }
    }

    /// Whether nodes that pass these points show who has it.
    pub fn is_shown_by(self, points: &[&Point]) -> bool {
        points.iter().any(|point| self.points().contains(point))
    }
}

/// A node that has a role, or had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The node.
    pub node: String,
    /// When it came to that, since the run began.
    pub since: Duration,
}

/// Of each role the node that was the last to come to it. It may be done with that by now.
#[derive(Debug, Default)]
pub struct Roles(RefCell<BTreeMap<Role, Holder>>);

impl Roles {
    /// A node is at this point now.
    pub fn see(&self, node: &str, point: &Point, now: Duration) {
        for role in Role::ALL.into_iter().filter(|role| role.points().contains(&point)) {
            self.0.borrow_mut().insert(role, Holder { node: node.to_owned(), since: now });
        }
    }

    /// Who has this role.
    pub fn holder(&self, role: Role) -> Option<Holder> {
        self.0.borrow().get(&role).cloned()
    }
}

#[cfg(test)]
mod tests {
    use perjury_store::features::Features;

    use super::*;
    use perjury_store::point::{self, BEFORE_ANSWER};

    #[test]
    fn the_last_one_that_came_to_it_has_the_role() {
        let roles = Roles::default();
        let at = Duration::from_millis;
        roles.see("n1", &BEFORE_ANSWER, at(1));
        assert_eq!(roles.holder(Role::Coordinator), None);
        roles.see("n2", &VERSION_CHOSEN, at(2));
        roles.see("n3", &BEFORE_WRITE_BACK, at(3));
        roles.see("n1", &BEFORE_ANSWER, at(4));
        roles.see("n4", &HINT_KEPT, at(5));
        let holder = |node: &str, ms| Some(Holder { node: node.to_owned(), since: at(ms) });
        assert_eq!(roles.holder(Role::Coordinator), holder("n3", 3));
        assert_eq!(roles.holder(Role::HintHolder), holder("n4", 5));
    }

    #[test]
    fn nodes_show_the_roles_that_their_store_and_mode_have() {
        let shown =
            |family, mode| Role::ALL.map(|role| role.is_shown_by(&point::of(family, mode, Features::NONE)));
        assert_eq!(shown("quorum", "majority"), [true, false]);
        assert_eq!(shown("quorum", "sloppy"), [true, true]);
        assert_eq!(shown("raft", "majority"), [false, false]);
    }
}
