//! Reads at levels one, quorum and all.

use crate::quorum::config::Config;
use crate::quorum::message::{Entry, Level, Message, Refusal, Request, Response};
use crate::quorum::testkit::{Cluster, Packet, delete, get, put, value, written};

/// A cluster where every node is home to every key, and only n1 and n2 know the second value.
fn third_is_stale() -> Cluster {
    third_is_stale_with(|_| {})
}

fn third_is_stale_with(change: impl FnOnce(&mut Config)) -> Cluster {
    let mut cluster = Cluster::with(3, change);
    cluster.call(0, put("k", "old", Level::All));
    cluster.ask(0, put("k", "new", Level::Quorum));
    cluster.take_if(|packet| packet.to == 2);
    cluster.settle();
    cluster
}

fn is_answer(packet: &Packet) -> bool {
    matches!(packet.message, Message::Held { .. })
}

#[test]
fn quorum_read_returns_the_newest_of_two_replicas() {
    let mut cluster = third_is_stale();
    let read = cluster.ask(2, get("k", Level::Quorum));
    assert!(!cluster.replies.contains_key(&read), "one answer is no quorum");
    cluster.deliver_if(|packet| packet.to == 1);
    cluster.deliver_if(is_answer);
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("new"));
}

#[test]
fn a_key_never_written_reads_as_nothing() {
    let mut cluster = Cluster::new(3);
    let nothing = Response::Value { value: None, version: None };
    assert_eq!(cluster.call(0, get("k", Level::All)), nothing);
}

#[test]
fn one_is_answered_by_a_home_replica_only() {
    let mut cluster = Cluster::new(5);
    let homes = cluster.homes("k");
    let stranger = (0..5).find(|node| !homes.contains(node)).expect("five nodes, three homes");
    let (write, read) =
        (cluster.ask(stranger, put("k", "v", Level::One)), cluster.ask(stranger, get("k", Level::One)));
    cluster.sync(stranger);
    assert!(cluster.replies.is_empty(), "no home replica has heard of it");
    cluster.settle();
    written(&cluster.reply(write));
    assert!(cluster.replies.contains_key(&read));
    assert!(cluster.hosts[usize::from(stranger)].log.is_empty());
}

#[test]
fn all_waits_for_every_home_replica() {
    let mut cluster = third_is_stale();
    let read = cluster.ask(0, get("k", Level::All));
    let late = cluster.take_if(|packet| packet.to == 2);
    cluster.settle();
    assert!(!cluster.replies.contains_key(&read));
    cluster.network.extend(late);
    cluster.settle();
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("new"));
}

#[test]
fn a_read_repairs_the_replica_that_answers_late_with_less() {
    let mut cluster = third_is_stale();
    let read = cluster.ask(0, get("k", Level::Quorum));
    let late = cluster.take_if(|packet| packet.to == 2);
    cluster.settle();
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("new"));
    cluster.network.extend(late);
    cluster.settle();
    assert_eq!(cluster.held(2, "k"), cluster.held(0, "k"));
}

#[test]
fn no_read_repairs_where_that_is_switched_off() {
    let mut cluster = third_is_stale_with(|config| config.has_read_repair = false);
    cluster.call(0, get("k", Level::All));
    let held = cluster.held(2, "k").and_then(|entry| entry.value);
    assert_eq!(held.as_deref(), Some(b"old".as_slice()));
}

#[test]
fn a_late_answer_with_more_repairs_the_others() {
    let mut cluster = Cluster::new(3);
    cluster.call(0, put("k", "old", Level::All));
    cluster.ask(2, put("k", "new", Level::One));
    cluster.lose_all();
    cluster.settle();
    let read = cluster.ask(0, get("k", Level::Quorum));
    cluster.deliver_if(|packet| packet.to == 1);
    cluster.deliver_if(is_answer);
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("old"));
    cluster.settle();
    assert_eq!(cluster.held(0, "k"), cluster.held(2, "k"));
}

#[test]
fn a_read_below_the_floor_fails_rather_than_going_back() {
    let mut cluster = third_is_stale();
    let floor = cluster.held(0, "k").map(|entry| entry.version);
    cluster.kill(0);
    cluster.kill(1);
    let stale = cluster.call(2, get("k", Level::One));
    assert_eq!(value(&stale).as_deref(), Some("old"));
    let read = cluster.ask(2, Request { floor, ..get("k", Level::One) });
    cluster.run(1_000);
    let floor = floor.expect("it was written");
    assert_eq!(cluster.reply(read), Response::Refused(Refusal::Behind { floor, deadline_ms: 1_000 }));
}

#[test]
fn a_read_below_the_floor_waits_for_a_replica_that_has_more() {
    let mut cluster = third_is_stale();
    let floor = cluster.held(0, "k").map(|entry| entry.version);
    let read = cluster.ask(2, Request { floor, ..get("k", Level::One) });
    cluster.lose_all();
    assert!(!cluster.replies.contains_key(&read));
    cluster.run(200);
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("new"));
}

#[test]
fn a_read_that_misses_its_deadline_is_refused() {
    let mut cluster = Cluster::new(3);
    cluster.kill(1);
    cluster.kill(2);
    let read = cluster.ask(0, get("k", Level::Quorum));
    cluster.run(1_000);
    let deadline = Refusal::Deadline { answered: 1, needed: 2, deadline_ms: 1_000 };
    assert_eq!(cluster.reply(read), Response::Refused(deadline));
}

#[test]
fn a_lost_question_is_asked_again() {
    let mut cluster = Cluster::new(3);
    let read = cluster.ask(0, get("k", Level::Quorum));
    cluster.lose_all();
    cluster.run(200);
    assert!(cluster.replies.contains_key(&read));
}

#[test]
fn once_answered_only_silent_replicas_are_asked_again() {
    let mut cluster = Cluster::with(3, |config| config.exchange_ms = 60_000);
    cluster.run(100);
    cluster.kill(2);
    cluster.call(0, get("k", Level::Quorum));
    cluster.pass(200);
    let asked: Vec<_> = cluster.network.iter().map(|packet| packet.to).collect();
    assert_eq!(asked, [2]);
}

#[test]
fn an_older_answer_that_comes_late_does_not_replace_a_newer_one() {
    let mut cluster = third_is_stale();
    let floor = cluster.held(0, "k").map(|entry| entry.version);
    cluster.ask(0, put("k", "newest", Level::One));
    cluster.lose_all();
    // The session has seen more than n2 holds when it is asked first.
    let read = cluster.ask(2, Request { floor, ..get("k", Level::All) });
    cluster.deliver_if(|packet| packet.to == 1);
    let early = cluster.take_if(is_answer);
    cluster.take_if(|_| true);
    cluster.sync(0);
    let newest = cluster.held(0, "k").expect("it was written");
    let operation = match early.as_slice() {
        [Packet { message: Message::Held { operation, .. }, .. }] => *operation,
        other => panic!("one answer expected, not {other:?}"),
    };
    cluster.hear(2, 1, Message::Held { operation, entry: Some(newest) });
    cluster.hear(2, 1, early[0].message.clone());
    cluster.hear(2, 0, Message::Held { operation, entry: None });
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("newest"));
}

/// What n3, which missed a delete, and n1, which did not, hold after a read of both.
fn held_after_a_delete(change: impl FnOnce(&mut Config)) -> [Option<String>; 2] {
    let mut cluster = Cluster::with(3, change);
    cluster.call(0, put("k", "old", Level::All));
    cluster.ask(0, delete("k", Level::Quorum));
    cluster.take_if(|packet| packet.to == 2);
    cluster.settle();
    assert_eq!(value(&cluster.call(0, get("k", Level::All))), None);
    let text = |entry: Entry| entry.value.map(|value| String::from_utf8_lossy(&value).into_owned());
    [2, 0].map(|node| cluster.held(node, "k").and_then(text))
}

#[test]
fn a_read_hands_on_a_delete() {
    assert_eq!(held_after_a_delete(|_| {}), [None, None]);
}

#[test]
fn without_the_safeguard_a_read_undoes_a_delete() {
    let old = || Some("old".to_owned());
    assert_eq!(held_after_a_delete(|config| config.safeguards.tombstone_repaired = false), [old(), old()]);
}
