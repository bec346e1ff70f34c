//! What a leader counts.

use super::{One, read};
use crate::protocol::Effect;
use crate::raft::message::Body;
use crate::raft::request::{ReadMode, Refusal, Response};

/// Figure 8 of Ongaro and Ousterhout 2014: the entry of term 2 is on a majority, and could still be replaced.
fn leader_of_term_4_hears_that_a_majority_holds_the_entry_of_term_2(one: &mut One) {
    one.elect();
    one.matched(1, 1, 2);
}

#[test]
fn commits_no_entry_of_an_earlier_term_by_counting() {
    let mut one = One::new(&[1, 2], |_| {});
    leader_of_term_4_hears_that_a_majority_holds_the_entry_of_term_2(&mut one);
    assert_eq!(one.node.commit, 0);
    one.matched(1, 1, 3);
    assert_eq!(one.node.commit, 3, "along with one of its own");
}

#[test]
fn without_the_safeguard_it_commits_an_entry_of_an_earlier_term() {
    let mut one = One::new(&[1, 2], |config| config.safeguards.commits_own_term = false);
    leader_of_term_4_hears_that_a_majority_holds_the_entry_of_term_2(&mut one);
    assert_eq!(one.node.commit, 2);
    assert!(one.effects.contains(&Effect::Reached("earlier-term-committed")));
}

#[test]
fn counts_itself_only_with_what_is_durable() {
    let mut one = One::new(&[], |_| {});
    let term = 1;
    one.tick(1_000);
    one.hear(1, term, Body::Voted { is_pre: true, granted: true });
    one.sync();
    one.hear(1, term, Body::Voted { is_pre: false, granted: true });
    one.matched(1, 1, 1);
    assert_eq!(one.node.commit, 0, "its own first entry is not durable");
    one.sync();
    assert_eq!(one.node.commit, 1);
}

#[test]
fn is_not_elected_by_a_vote_of_its_own_that_is_not_durable() {
    let mut one = One::new(&[], |_| {});
    one.tick(1_000);
    one.hear(1, 1, Body::Voted { is_pre: true, granted: true });
    assert!(one.said(1).is_empty(), "it asks nobody before its own vote is durable");
    one.hear(1, 1, Body::Voted { is_pre: false, granted: true });
    assert!(!one.node.is_leader());
    one.sync();
    assert!(one.node.is_leader());
}

#[test]
fn ignores_answers_of_an_earlier_term() {
    let mut one = One::new(&[1, 1], |_| {});
    one.elect();
    one.hear(1, 1, Body::Matched { round: 1, index: 3, incarnation: 1 });
    assert_eq!(one.node.commit, 0);
}

#[test]
fn answers_no_read_before_it_has_committed_an_entry_of_its_term() {
    let mut one = One::new(&[1, 1], |_| {});
    one.elect();
    one.ask(1, read("k", ReadMode::Leader));
    one.matched(1, 2, 2);
    one.matched(1, 9, 2);
    let answers =
        |one: &One| one.effects.iter().filter(|effect| matches!(effect, Effect::Reply { .. })).count();
    assert_eq!(answers(&one), 0, "round 2 is confirmed, and nobody knows what is committed");
    one.matched(1, 2, 3);
    assert_eq!(answers(&one), 1);
}

#[test]
fn answers_a_read_only_after_a_round_that_began_later() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    one.ask(1, read("k", ReadMode::Leader));
    one.ask(2, read("k", ReadMode::Leader));
    one.matched(1, 1, 1);
    assert!(one.effects.is_empty(), "that round began before");
    one.matched(2, 2, 0);
    assert!(matches!(one.effects[0], Effect::Reply { id: 1, .. }));
    assert!(!one.effects.iter().any(|effect| matches!(effect, Effect::Reply { id: 2, .. })), "it came later");
    assert_eq!(one.said(1).len(), 1, "the next round begins for the second");
    one.matched(2, 3, 0);
    assert!(matches!(one.effects[0], Effect::Reply { id: 2, .. }));
}

#[test]
fn a_damaged_follower_confirms_no_round() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    one.ask(1, read("k", ReadMode::Leader));
    one.hear(2, 1, Body::Copied { round: 2, index: 1, incarnation: 2 });
    one.matched(1, 1, 1);
    assert!(one.effects.is_empty(), "the leader is alone with round 2");
    one.matched(1, 2, 1);
    assert!(matches!(one.effects[0], Effect::Reply { id: 1, .. }));
}

#[test]
fn tells_those_who_wait_when_it_leads_no_more() {
    let mut one = One::new(&[], |_| {});
    one.elect();
    one.matched(1, 1, 1);
    one.ask(1, super::Ask::Open);
    one.ask(2, read("k", ReadMode::Leader));
    one.hear(2, 5, Body::Conflict { round: 0, counts: true, previous: 0, hint: Default::default() });
    let response = |wanted| {
        one.effects.iter().find_map(|effect| match effect {
            Effect::Reply { id, response } if *id == wanted => Some(response),
            _ => None,
        })
    };
    assert!(matches!(response(1), Some(Response::Unknown(_))));
    assert!(matches!(response(2), Some(Response::Refused(Refusal::NotLeader { leader: None, term: 5 }))));
}
