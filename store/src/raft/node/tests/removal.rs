//! What a removal leaves behind.

use super::{Few, One, noop};
use crate::protocol::{Effect, NodeId};
use crate::raft::log::{Entry, Index, Payload, Position};
use crate::raft::message::Body;
use crate::raft::node::Input;
use crate::raft::node::snapshot::Snapshot;
use crate::raft::request::{Ask, Change, Members, Refusal, Response};

/// More records than any of these nodes writes.
const ALL: u64 = 1_000;

fn append(previous: Index, entries: Vec<Entry>, commit: Index) -> Body {
    let previous = Position { term: u64::from(previous > 0), index: previous };
    Body::Append { round: 1, previous, entries, commit }
}

/// The index of the snapshot that it begins to save, if it does.
fn saves(one: &One) -> Option<Index> {
    one.effects.iter().find_map(|effect| match effect {
        Effect::SaveSnapshot { index, .. } => Some(*index),
        _ => None,
    })
}

/// A follower that saves a snapshot of what it has applied: two entries.
fn follower_that_saves() -> One {
    let mut one = One::new(&[], |config| config.snapshot_every = 2);
    one.hear(1, 1, append(0, vec![noop(1, 1), noop(1, 2)], 2));
    assert_eq!(saves(&one), Some(2));
    one
}

#[test]
fn a_node_that_is_removed_while_it_saves_a_snapshot_saves_another() {
    let mut one = follower_that_saves();
    let others = Members { voters: [1, 2].into(), ..Members::default() };
    let entry = Entry { at: Position { term: 1, index: 3 }, payload: Payload::Members(others) };
    one.hear(1, 1, append(2, vec![entry], 3));
    assert!(one.node.is_outside());
    one.step(Input::Synced { through: ALL });
    one.step(Input::SnapshotSaved { index: 2 });
    assert_eq!(saves(&one), Some(3), "it is to know after a restart too");
    one.step(Input::Synced { through: ALL });
    one.step(Input::SnapshotSaved { index: 3 });
    assert_eq!(saves(&one), None);
}

#[test]
fn a_snapshot_of_an_earlier_leader_is_not_installed_by_the_next() {
    let mut one = follower_that_saves();
    let at = Position { term: 1, index: 9 };
    let members = one.node.members.latest().clone();
    let bytes = Snapshot::new(at, 0, members, &one.node.machine).encode();
    one.hear(1, 1, Body::Snapshot { round: 2, at, offset: 0, total: bytes.len() as u64, bytes });
    one.step(Input::Synced { through: ALL });
    one.elect();
    one.step(Input::SnapshotSaved { index: 2 });
    assert_eq!(saves(&one), None);
}

/// Three nodes of which one has died, and which one leads.
fn two_of_three() -> (Few, NodeId) {
    let mut few = Few::new(3);
    let leader = few.elect();
    few.cut = vec![(leader + 1) % 3];
    few.run(1_000);
    assert_eq!(few.leader(), leader);
    (few, leader)
}

#[test]
fn refuses_to_remove_a_node_without_which_nothing_would_be_committed() {
    for offset in [0, 2] {
        let (mut few, leader) = two_of_three();
        let id = few.ask(leader, Ask::Change(Change::Remove((leader + offset) % 3)));
        few.settle();
        let answer = few.replies.get(&id);
        assert!(matches!(answer, Some(Response::Refused(Refusal::Unavailable(_)))), "{answer:?}");
        few.write(leader, 3);
    }
}

#[test]
fn removes_the_node_that_has_died() {
    let (mut few, leader) = two_of_three();
    let answer = few.call(leader, Ask::Change(Change::Remove((leader + 1) % 3)));
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
    few.write(leader, 3);
}

#[test]
fn without_the_safeguard_it_removes_a_node_that_is_needed() {
    let (mut few, leader) = two_of_three();
    for node in &mut few.nodes {
        node.config.safeguards.changes_one_at_a_time = false;
    }
    let id = few.ask(leader, Ask::Change(Change::Remove((leader + 2) % 3)));
    few.settle();
    assert_eq!(few.replies.get(&id), None);
}
