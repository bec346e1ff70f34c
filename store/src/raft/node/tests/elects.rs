use super::Few;
use crate::raft::log::Position;
use crate::raft::message::{Body, Message};
use crate::raft::node::Input;
use crate::raft::request::{Ask, Response};

#[test]
fn elects_one_leader_that_commits() {
    let mut few = Few::new(5);
    let leader = few.elect();
    few.write(leader, 1000);
    few.run(200);
    for node in &few.nodes {
        assert_eq!(node.applied, few.nodes[0].applied);
    }
}

#[test]
fn elects_another_leader_when_the_first_is_cut_off() {
    let mut few = Few::new(5);
    let first = few.elect();
    few.cut = vec![first];
    few.run(2000);
    let second = few.leader();
    assert_ne!(first, second);
    few.write(second, 10);
    assert!(!few.nodes[usize::from(first)].is_leader(), "it has not heard a majority");
    few.cut.clear();
    few.run(500);
    assert_eq!(few.nodes[usize::from(first)].applied, few.nodes[usize::from(second)].applied);
}

#[test]
fn keeps_its_leader_when_a_node_comes_back() {
    let mut few = Few::new(5);
    let leader = few.elect();
    let term = few.nodes[0].term();
    let other = (leader + 1) % 5;
    few.cut = vec![other];
    few.run(5000);
    few.cut.clear();
    few.run(5000);
    assert_eq!((few.leader(), few.nodes[0].term()), (leader, term));
}

#[test]
fn hands_leadership_over() {
    let mut few = Few::new(3);
    let leader = few.elect();
    few.write(leader, 10);
    let to = (leader + 1) % 3;
    let answer = few.call(leader, Ask::Transfer { to });
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
    assert_eq!(few.leader(), to);
    assert!(few.has_reached("leadership-transferred"));
}

#[test]
fn hands_leadership_over_where_the_old_leader_s_vote_is_needed() {
    let mut few = Few::new(2);
    let leader = few.elect();
    few.write(leader, 10);
    let to = 1 - leader;
    let answer = few.call(leader, Ask::Transfer { to });
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
    assert_eq!(few.leader(), to);
}

#[test]
fn says_so_when_leadership_comes_back_instead_of_going_over() {
    let mut few = Few::new(3);
    let leader = few.elect();
    let to = (leader + 1) % 3;
    let term = few.nodes[usize::from(leader)].term() + 1;
    let id = few.ask(leader, Ask::Transfer { to });
    few.network.clear();
    few.cut = vec![to];
    // The other stands, with a log that is not up to date.
    let body = Body::Vote { is_pre: false, last: Position::default(), is_transfer: true };
    few.step(leader, Input::Message { from: to, message: Message { term, body } });
    assert!(!few.nodes[usize::from(leader)].is_leader());
    few.run(900);
    assert_eq!(few.leader(), leader);
    assert!(matches!(few.replies.get(&id), Some(Response::Unknown(_))), "before its deadline");
}
