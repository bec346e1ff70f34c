use super::{Few, put, read};
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
