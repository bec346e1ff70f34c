//! What a follower confirms.

use super::{One, noop};
use crate::protocol::Effect;
use crate::raft::log::{Entry, Index, Payload, Position};
use crate::raft::message::Body;
use crate::raft::request::{Ask, Members, Refusal, Response};

fn append(previous: (u64, Index), entries: Vec<Entry>, commit: Index) -> Body {
    let previous = Position { term: previous.0, index: previous.1 };
    Body::Append { round: 1, previous, entries, commit }
}

fn matched(index: Index) -> Body {
    Body::Matched { round: 1, index, incarnation: 1 }
}

#[test]
fn confirms_entries_once_they_are_durable() {
    let mut one = One::new(&[], |_| {});
    one.hear(1, 1, append((0, 0), vec![noop(1, 1), noop(1, 2)], 0));
    assert!(one.said(1).is_empty());
    one.sync();
    assert_eq!(one.said(1), [&matched(2)]);
}

#[test]
fn answers_a_heartbeat_at_once_with_what_is_durable() {
    let mut one = One::new(&[1], |_| {});
    one.hear(1, 1, append((1, 1), vec![noop(1, 2)], 0));
    one.hear(1, 1, append((1, 2), vec![], 0));
    assert_eq!(one.said(1), [&matched(1)]);
    one.sync();
    assert_eq!(one.said(1), [&matched(2)]);
}

#[test]
fn does_not_confirm_to_a_leader_what_another_has_replaced_since() {
    let mut one = One::new(&[1], |_| {});
    one.hear(1, 1, append((1, 1), vec![noop(1, 2)], 0));
    one.hear(2, 2, append((1, 1), vec![noop(2, 2)], 0));
    one.sync();
    assert!(one.said(1).is_empty());
    assert_eq!(one.said(2), [&matched(2)]);
}

#[test]
fn confirms_no_more_than_the_leader_has_shown_it() {
    let mut one = One::new(&[1, 1, 1, 1], |_| {});
    one.hear(1, 2, append((1, 2), vec![], 4));
    one.sync();
    assert_eq!(one.said(1), [&matched(2)]);
    assert_eq!(one.node.commit, 2, "entries 3 and 4 here may be others than the leader's");
}

#[test]
fn says_where_the_logs_may_meet() {
    let mut one = One::new(&[1, 1, 3, 3], |_| {});
    one.hear(1, 4, append((2, 4), vec![], 0));
    one.sync();
    let hint = Position { term: 1, index: 2 };
    assert_eq!(one.said(1), [&Body::Conflict { round: 1, counts: true, previous: 4, hint }]);
}

#[test]
fn entries_that_are_there_already_cut_nothing_off() {
    let mut one = One::new(&[1, 1, 1], |_| {});
    one.hear(1, 1, append((1, 1), vec![noop(1, 2)], 0));
    assert_eq!((one.node.log.last().index, one.said(1)), (3, vec![&matched(2)]));
}

#[test]
fn members_go_back_when_their_entry_is_cut_off() {
    let mut one = One::new(&[1], |_| {});
    let two = Members { voters: [0, 1].into(), ..Members::default() };
    let entry = Entry { at: Position { term: 1, index: 2 }, payload: Payload::Members(two) };
    one.hear(1, 1, append((1, 1), vec![entry], 0));
    assert_eq!(one.node.members.latest().voters.len(), 2);
    one.hear(2, 2, append((1, 1), vec![noop(2, 2)], 0));
    assert_eq!(one.node.members.latest().voters.len(), 3);
}

#[test]
fn tells_a_leader_of_an_earlier_term_that_it_is_one() {
    let mut one = One::new(&[3], |_| {});
    one.hear(1, 2, append((0, 0), vec![noop(2, 1)], 0));
    assert!(matches!(one.said(1)[..], [Body::Conflict { .. }]));
    assert_eq!(one.node.log.last().term, 3);
}

#[test]
fn names_no_leader_once_it_hears_nobody() {
    let redirects = |one: &mut One, id| {
        one.ask(id, Ask::Open);
        match &one.effects[..] {
            [Effect::Reply { response: Response::Refused(Refusal::NotLeader { leader, .. }), .. }] => *leader,
            other => panic!("no redirection: {other:?}"),
        }
    };
    // Whether it may stand itself or not.
    for voters in [vec![0, 1, 2], vec![1, 2]] {
        let mut one = One::new(&[1], |config| config.first_voters = Some(voters));
        one.hear(1, 1, append((1, 1), vec![], 0));
        one.tick(399);
        assert_eq!(redirects(&mut one, 1), Some(1));
        one.tick(402);
        assert_eq!(redirects(&mut one, 2), None);
    }
}
