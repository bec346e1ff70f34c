//! The clients that wait, and those that do not.

use super::{One, read};
use crate::protocol::Effect;
use crate::raft::request::{Ask, ReadMode, Refusal, Response};

fn is_refused_as_wrong(one: &One) -> bool {
    one.effects.iter().any(|effect| {
        matches!(effect, Effect::Reply { response: Response::Refused(Refusal::Invalid(_)), .. })
    })
}

#[test]
fn a_read_within_the_lease_waits_no_longer_than_for_the_next_tick() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    for id in 1..=5 {
        one.ask(id, read("k", ReadMode::Lease));
        assert!(one.effects.iter().any(|effect| matches!(effect, Effect::ReplyBefore { .. })));
    }
    one.tick(25);
    assert_eq!(one.node.waiting.len(), 0);
    assert!(!one.effects.iter().any(|effect| matches!(effect, Effect::Reply { .. })));
}

#[test]
fn a_read_that_has_no_answer_is_not_kept_waiting() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    let many = vec![String::new(); 1025];
    let long = vec!["k".repeat(1025)];
    for (keys, mode) in [(&many, ReadMode::Leader), (&long, ReadMode::Follower), (&long, ReadMode::Lease)] {
        one.ask(1, Ask::Read { keys: keys.clone(), mode, token: 9 });
        assert!(is_refused_as_wrong(&one), "{mode:?}");
    }
    assert_eq!(one.node.waiting.len(), 0);
}

#[test]
fn nothing_is_left_of_a_read_whose_time_is_over() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.ask(1, read("k", ReadMode::Leader));
    assert!(one.node.waiting.wants_after(1));
    for round in 2..7 {
        // The others are there, and lack its first entry.
        one.matched(1, round, 0);
        one.tick(250);
    }
    assert_eq!((one.node.is_leader(), one.node.waiting.len()), (true, 0));
    assert!(!one.node.waiting.wants_after(1), "no round begins for it any more");
}
