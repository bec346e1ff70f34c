use super::{Disk, Few, put, read};
use crate::raft::request::{Ask, Change, ReadMode, Refusal, Response};

fn three_of_five() -> Few {
    Few::with(5, |config| config.first_voters = Some(vec![0, 1, 2]))
}

#[test]
fn adds_promotes_and_removes() {
    let mut few = three_of_five();
    let leader = few.elect();
    few.write(leader, 10);
    for node in [3, 4] {
        for change in [Change::AddLearner(node), Change::Promote(node)] {
            let answer = few.call(leader, Ask::Change(change));
            assert!(matches!(answer, Response::Done { .. }), "{change:?} {answer:?}");
            few.run(200);
        }
    }
    assert_eq!(few.nodes[4].members.latest().voters.len(), 5);
    let answer = few.call(leader, Ask::Change(Change::Remove(leader)));
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
    assert!(few.nodes[usize::from(leader)].is_outside());
    few.run(2000);
    let next = few.leader();
    assert_ne!(next, leader);
    few.write(next, 10);
    let refused = few.call(leader, read("k", ReadMode::Any));
    assert!(matches!(refused, Response::Refused(Refusal::Unavailable(_))), "{refused:?}");
    few.restart(leader);
    few.run(2000);
    assert!(few.nodes[usize::from(leader)].is_outside(), "it still knows after a restart");
}

#[test]
fn tells_a_removed_node_that_was_cut_off() {
    let mut few = Few::new(4);
    let leader = few.elect();
    let gone = (leader + 1) % 4;
    few.cut = vec![gone];
    let answer = few.call(leader, Ask::Change(Change::Remove(gone)));
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
    few.run(10_000);
    few.cut.clear();
    assert!(!few.nodes[usize::from(gone)].is_outside());
    few.run(2000);
    assert!(few.nodes[usize::from(gone)].is_outside());
    assert_eq!(few.leader(), leader);
}

#[test]
fn readmits_a_damaged_node_that_was_removed_and_added() {
    let mut few = Few::new(4);
    let leader = few.elect();
    few.write(leader, 10);
    let hurt = (leader + 1) % 4;
    few.disks[usize::from(hurt)].damaged = true;
    few.restart(hurt);
    few.run(500);
    let node = usize::from(hurt);
    assert!(few.nodes[node].is_damaged && few.nodes[node].log.last().index >= 12);
    // It does not count: two of four are no majority.
    let (a, b) = ((leader + 2) % 4, (leader + 3) % 4);
    few.cut = vec![a, b];
    let session = few.ask(leader, Ask::Open);
    few.settle();
    assert!(!few.replies.contains_key(&session));
    few.cut.clear();
    few.run(2000);
    let leader = few.leader();
    for change in [Change::Remove(hurt), Change::AddLearner(hurt), Change::Promote(hurt)] {
        let answer = few.call(leader, Ask::Change(change));
        assert!(matches!(answer, Response::Done { .. }), "{change:?} {answer:?}");
        few.run(500);
    }
    assert!(!few.nodes[node].is_damaged);
    few.restart(hurt);
    few.run(500);
    assert!(!few.nodes[node].is_damaged);
    let others: Vec<_> = (0..4).filter(|&node| node != hurt && node != leader).collect();
    few.cut = vec![others[0]];
    assert!(matches!(few.call(leader, put(1, 1, "k")), Response::Done { .. } | Response::Refused(_)));
}

#[test]
fn refuses_a_change_while_another_is_under_way() {
    let mut few = three_of_five();
    let leader = few.elect();
    few.ask(leader, Ask::Change(Change::AddLearner(3)));
    let second = few.ask(leader, Ask::Change(Change::AddLearner(4)));
    assert!(matches!(few.replies[&second], Response::Refused(Refusal::Unavailable(_))));
}

#[test]
fn a_node_added_again_with_an_empty_disk_gets_the_log_from_its_beginning() {
    let mut few = Few::new(4);
    let leader = few.elect();
    few.write(leader, 10);
    let lost = (leader + 1) % 4;
    // It does not hear that it is removed: the leader still tells it so when it is added again.
    few.cut = vec![lost];
    for change in [Change::Remove(lost), Change::AddLearner(lost)] {
        let answer = few.call(leader, Ask::Change(change));
        assert!(matches!(answer, Response::Done { .. }), "{change:?} {answer:?}");
    }
    few.disks[usize::from(lost)] = Disk::default();
    few.restart(lost);
    few.cut.clear();
    few.run(500);
    assert_eq!(few.nodes[usize::from(lost)].applied, few.nodes[usize::from(leader)].applied);
    let answer = few.call(leader, Ask::Change(Change::Promote(lost)));
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
}

/// What is so already: nodes 0 to 2 vote, 3 learns, and 4 is no member.
const NO_CHANGES: [Change; 4] =
    [Change::AddLearner(0), Change::AddLearner(3), Change::Promote(1), Change::Remove(4)];

fn three_and_a_learner() -> (Few, u16) {
    let mut few = three_of_five();
    let leader = few.elect();
    let answer = few.call(leader, Ask::Change(Change::AddLearner(3)));
    assert!(matches!(answer, Response::Done { .. }), "{answer:?}");
    (few, leader)
}

#[test]
fn a_change_that_changes_nothing_is_done_once_it_is_committed() {
    let (mut few, leader) = three_and_a_learner();
    let members = few.nodes[usize::from(leader)].members.latest().clone();
    for change in NO_CHANGES {
        let last = few.nodes[usize::from(leader)].log.last().index;
        let answer = few.call(leader, Ask::Change(change));
        assert!(matches!(answer, Response::Done { index, .. } if index == last + 1), "{change:?} {answer:?}");
        assert_eq!(few.nodes[usize::from(leader)].members.latest(), &members, "{change:?}");
    }
}

#[test]
fn a_leader_that_is_cut_off_does_not_call_a_change_done_that_changes_nothing() {
    for change in NO_CHANGES {
        let (mut few, leader) = three_and_a_learner();
        few.cut = vec![leader];
        let id = few.ask(leader, Ask::Change(change));
        few.run(2000);
        let answer = few.replies.get(&id);
        assert!(matches!(answer, Some(Response::Unknown(_))), "{change:?} {answer:?}");
    }
}

#[test]
fn promotes_nobody_who_was_not_added() {
    let (mut few, leader) = three_and_a_learner();
    let refusal = Refusal::Invalid("it is no learner: add it first".to_owned());
    assert_eq!(few.call(leader, Ask::Change(Change::Promote(4))), Response::Refused(refusal));
}
