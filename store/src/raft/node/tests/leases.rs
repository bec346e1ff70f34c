//! Leases, and the votes that they rest on.

use super::{One, read};
use crate::protocol::Effect;
use crate::raft::config::{Config, DRIFT_PERCENT_MAX};
use crate::raft::log::Position;
use crate::raft::message::Body;
use crate::raft::request::{Ask, ReadMode};

const LAST: Position = Position { term: 9, index: 99 };

fn vote(is_pre: bool, is_transfer: bool) -> Body {
    Body::Vote { is_pre, last: LAST, is_transfer }
}

/// Until when an answer within the lease may be sent, in milliseconds.
fn lease(one: &mut One, id: u64) -> Option<u64> {
    one.ask(id, read("k", ReadMode::Lease));
    one.effects.iter().find_map(|effect| match effect {
        Effect::ReplyBefore { before, .. } => Some(before / 1_000_000),
        _ => None,
    })
}

#[test]
fn a_lease_runs_from_when_the_round_began_not_from_its_answers() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    let began = one.now_ms;
    assert_eq!(lease(&mut one, 1), None, "nobody has answered");
    one.now_ms += 50;
    one.matched(1, 1, 1);
    assert_eq!(lease(&mut one, 2), Some(began + 160));
    one.now_ms = began + 159;
    assert_eq!(lease(&mut one, 3), Some(began + 160));
    one.now_ms = began + 160;
    assert_eq!(lease(&mut one, 4), None, "it is over");
}

#[test]
fn an_answer_that_came_too_late_is_read_again_by_round() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    assert!(lease(&mut one, 1).is_some());
    one.step(super::Input::TooLate { id: 1 });
    assert!(matches!(one.said(1)[..], [Body::Append { round: 2, .. }]));
    one.matched(1, 2, 1);
    assert!(matches!(one.effects[0], Effect::Reply { id: 1, .. }));
}

#[test]
fn a_transfer_revokes_the_lease_for_the_rest_of_the_term() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    one.ask(1, Ask::Transfer { to: 1 });
    assert_eq!(one.said(1), [&Body::TimeoutNow]);
    assert_eq!(lease(&mut one, 2), None);
    one.tick(500);
    one.matched(1, 3, 1);
    assert_eq!(lease(&mut one, 3), None, "it was given up, but may still be heard");
}

#[test]
fn votes_are_refused_while_a_leader_is_heard_unless_it_wants_that() {
    let mut one = One::new(&[], |_| {});
    one.now_ms = 1_000;
    one.hear(1, 3, Body::Append { round: 1, previous: Position::default(), entries: vec![], commit: 0 });
    one.sync();
    one.now_ms += 399;
    for is_pre in [true, false] {
        one.hear(2, 4, vote(is_pre, false));
        assert!(one.said(2).is_empty());
    }
    assert_eq!(one.node.term(), 3);
    one.hear(2, 4, vote(false, true));
    one.sync();
    assert_eq!(one.said(2), [&Body::Voted { is_pre: false, granted: true }]);
    one.now_ms += 1;
    one.hear(1, 5, vote(true, false));
    assert_eq!(one.said(1), [&Body::Voted { is_pre: true, granted: true }]);
}

#[test]
fn a_node_that_has_just_started_waits_out_a_lease_that_it_may_have_confirmed() {
    let mut one = One::new(&[], |_| {});
    one.now_ms = 399;
    one.hear(2, 4, vote(true, false));
    assert!(one.said(2).is_empty());
    one.now_ms = 400;
    one.hear(2, 4, vote(true, false));
    assert_eq!(one.said(2), [&Body::Voted { is_pre: true, granted: true }]);
}

#[test]
fn a_lease_is_over_before_anybody_votes_however_clocks_drift() {
    let mut config = Config::new(0, vec!["n1".to_owned()]);
    assert_eq!(config.problem(), None);
    let (slow, fast) = (100 - DRIFT_PERCENT_MAX, 100 + DRIFT_PERCENT_MAX);
    assert!(config.lease_ms * 100 / slow < config.election_ms * 100 / fast);
    config.lease_ms = config.election_ms * slow / fast;
    assert_eq!(config.problem(), None, "171 ms are 285 ms of a slow clock, and so are 399 ms of a fast one");
    config.lease_ms += 1;
    assert!(config.problem().is_some());
}
