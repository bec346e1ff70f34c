//! Whose hearing of a round counts.

use super::{Few, read};
use crate::protocol::{NodeId, Protocol};
use crate::raft::log::Position;
use crate::raft::message::{Body, Message};
use crate::raft::node::{Input, Role};
use crate::raft::request::ReadMode;

/// Delivers what is on its way, but for what is lost.
fn settle_but_for(few: &mut Few, is_lost: impl Fn(&Body) -> bool) {
    few.network.retain(|(_, _, message)| !is_lost(&message.body));
    while let Some((from, to, message)) = few.network.pop_front() {
        if !few.cut.contains(&from) && !few.cut.contains(&to) {
            few.step(to, Input::Message { from, message });
        }
        few.network.retain(|(_, _, message)| !is_lost(&message.body));
    }
}

/// A leader that has lost one of its two followers, and whose other one has forgotten everything.
fn leader_with_a_damaged_follower(few: &mut Few) -> NodeId {
    let leader = few.elect();
    few.write(leader, 10);
    let (hurt, other) = ((leader + 1) % 3, (leader + 2) % 3);
    few.cut = vec![other];
    few.disks[usize::from(hurt)].damaged = true;
    few.restart(hurt);
    leader
}

/// A round of heartbeats, of which parts of snapshots are lost.
fn heartbeat(few: &mut Few, leader: NodeId) {
    few.time_ms += 75;
    let (now, mut effects) = (few.now(), Vec::new());
    few.nodes[usize::from(leader)].tick(now, &mut effects);
    few.carry_out(leader, effects);
    settle_but_for(few, |body| matches!(body, Body::Snapshot { bytes, .. } if !bytes.is_empty()));
}

/// The last round that a majority has confirmed.
fn confirmed(few: &Few, node: NodeId) -> u64 {
    match &few.nodes[usize::from(node)].role {
        Role::Leader(leader) => leader.rounds.confirmed(),
        other => panic!("no leader: {other:?}"),
    }
}

#[test]
fn a_damaged_node_confirms_no_round_by_lacking_an_entry() {
    let mut few = Few::new(3);
    let leader = leader_with_a_damaged_follower(&mut few);
    let id = few.ask(leader, read("k", ReadMode::Leader));
    settle_but_for(&mut few, |body| matches!(body, Body::Copied { .. }));
    assert_eq!(few.replies.get(&id), None);
}

#[test]
fn a_damaged_node_confirms_no_round_by_taking_a_part_of_a_snapshot() {
    let mut few = Few::with(3, |config| (config.snapshot_every, config.snapshot_keeps) = (5, 0));
    let leader = few.elect();
    let (hurt, other) = ((leader + 1) % 3, (leader + 2) % 3);
    few.cut = vec![hurt];
    few.write(leader, 20);
    few.cut.clear();
    // It lacks what is gone, and no part of the snapshot arrives but the empty ones.
    heartbeat(&mut few, leader);
    few.cut = vec![other];
    few.disks[usize::from(hurt)].damaged = true;
    few.restart(hurt);
    let before = confirmed(&few, leader);
    heartbeat(&mut few, leader);
    assert!(few.nodes[usize::from(hurt)].snapshots.incoming.is_some(), "it was sent an empty part");
    assert_eq!(confirmed(&few, leader), before);
}

#[test]
fn a_refusal_of_an_earlier_term_s_round_confirms_none_of_this_term() {
    let mut few = Few::new(3);
    let leader = few.elect();
    let (follower, other) = ((leader + 1) % 3, (leader + 2) % 3);
    let old = few.nodes[usize::from(leader)].term();
    few.cut = vec![other];
    let body = Body::Vote { is_pre: false, last: Position::default(), is_transfer: true };
    few.step(leader, Input::Message { from: other, message: Message { term: old + 1, body } });
    few.run(900);
    assert_eq!(few.leader(), leader);
    assert!(few.nodes[usize::from(leader)].term() > old);
    let before = confirmed(&few, leader);
    // A heartbeat of its first term arrives now, and the answer later.
    let body =
        Body::Append { round: before + 2, previous: Position::default(), entries: Vec::new(), commit: 0 };
    few.step(follower, Input::Message { from: leader, message: Message { term: old, body } });
    let late = few.network.pop_back().expect("the follower says that the term is over");
    assert!(matches!(late, (_, _, Message { body: Body::Conflict { .. }, .. })));
    few.cut = vec![follower, other];
    few.run(200);
    few.step(leader, Input::Message { from: follower, message: late.2 });
    assert_eq!(confirmed(&few, leader), before);
}
