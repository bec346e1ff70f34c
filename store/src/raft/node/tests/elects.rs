use super::Few;
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
