//! Restarts, and recovery from a damaged log.

use crate::quorum::message::{Level, Message, Operation, Refusal, Response};
use crate::quorum::testkit::{Cluster, Packet, get, put, request, value, written};

/// All three hold `k`; n1 is down, and its record of it is corrupt.
fn first_is_damaged() -> Cluster {
    let mut cluster = Cluster::new(3);
    cluster.call(1, put("k", "v", Level::All));
    cluster.kill(0);
    cluster.damage(0, |record| record.key == "k");
    cluster
}

fn is_recovery_over(cluster: &Cluster) -> bool {
    !cluster.is_recovering(0) && !cluster.hosts[0].is_damaged
}

#[test]
fn recovering_replica_serves_nothing_until_caught_up_from_all() {
    let mut cluster = first_is_damaged();
    cluster.kill(2);
    cluster.start(0);
    cluster.run(1_000);
    assert_eq!(cluster.durable(0, "k"), cluster.durable(1, "k"), "caught up from n2 alone");
    assert!(cluster.is_recovering(0));
    let read = cluster.call_unanswered(0, get("k", Level::All));
    let write = cluster.call_unanswered(0, put("k", "w", Level::Quorum));
    assert_eq!((cluster.replies.get(&read), cluster.replies.get(&write)), (None, None));
    let dump = cluster.call(0, request(Operation::Dump { after: None }, Level::One));
    assert!(matches!(dump, Response::Refused(Refusal::Unavailable(_))));
    cluster.start(2);
    cluster.run(1_000);
    assert!(is_recovery_over(&cluster));
    assert!(cluster.reached.contains("recovered-from-the-others"));
    // What it was sent meanwhile, it did hold.
    assert_eq!(value(&cluster.call(0, get("k", Level::All))).as_deref(), Some("w"));
}

#[test]
fn recovery_ends_only_once_what_was_missing_is_durable() {
    let mut cluster = first_is_damaged();
    cluster.start(0);
    for _ in 0..40 {
        cluster.pass(25);
        cluster.deliver_all();
    }
    assert!(cluster.is_recovering(0));
    cluster.run(200);
    assert!(is_recovery_over(&cluster));
}

#[test]
fn recovery_ends_although_writes_never_stop() {
    let mut cluster = first_is_damaged();
    cluster.start(0);
    for number in 0..60 {
        // The others always have something that n1 does not have yet.
        cluster.ask(1, put("hot", &number.to_string(), Level::Quorum));
        cluster.take_if(|packet| packet.to == 0 && matches!(packet.message, Message::Write { .. }));
        cluster.run(25);
    }
    assert!(is_recovery_over(&cluster));
}

#[test]
fn recovery_ends_although_answers_are_slower_than_questions() {
    let mut cluster = first_is_damaged();
    cluster.start(0);
    let mut under_way: Vec<Vec<Packet>> = Vec::new();
    for round in 0..200 {
        cluster.pass(25);
        under_way.push(cluster.take_if(|_| true));
        if round >= 20 {
            for Packet { from, to, message } in under_way.remove(0) {
                cluster.hear(to, from, message);
            }
        }
        (0..3).for_each(|node| cluster.sync(node));
    }
    assert!(is_recovery_over(&cluster));
}

#[test]
fn two_replicas_recover_from_each_other() {
    let mut cluster = Cluster::new(3);
    for key in ["a", "b"] {
        written(&cluster.call(2, put(key, "v", Level::All)));
    }
    (0..3).for_each(|node| cluster.kill(node));
    cluster.damage(0, |record| record.key == "a");
    cluster.damage(1, |record| record.key == "b");
    (0..3).for_each(|node| cluster.start(node));
    cluster.run(1_000);
    assert!((0..3).all(|node| !cluster.is_recovering(node)));
    for (node, key) in [(0, "a"), (1, "b")] {
        assert!(cluster.held(node, key).is_some());
    }
}

#[test]
fn answers_to_an_earlier_incarnation_are_ignored() {
    let mut cluster = first_is_damaged();
    cluster.start(0);
    cluster.pass(25);
    cluster.deliver_if(|_| true);
    cluster.pass(200);
    cluster.deliver_if(|packet| packet.to != 0);
    let is_answer =
        |packet: &Packet| matches!(packet.message, Message::Versions { .. } | Message::Hashes { .. });
    let answers = cluster.take_if(is_answer);
    assert!(!answers.is_empty());
    cluster.kill(0);
    cluster.lose_all();
    cluster.start(0);
    for Packet { from, to, message } in answers {
        cluster.hear(to, from, message);
    }
    assert!(cluster.network.is_empty() && cluster.is_recovering(0));
}

#[test]
fn acknowledgements_of_an_earlier_incarnation_count_for_nothing() {
    let mut cluster = Cluster::new(3);
    cluster.ask(0, put("k", "before", Level::All));
    cluster.deliver_if(|_| true);
    (1..3).for_each(|node| cluster.sync(node));
    let acknowledgements = cluster.take_if(|packet| packet.to == 0);
    cluster.cut_power(0);
    cluster.start(0);
    let write = cluster.ask(0, put("k", "after", Level::All));
    cluster.lose_all();
    for Packet { from, to, message } in acknowledgements {
        cluster.hear(to, from, message);
    }
    cluster.sync(0);
    assert!(!cluster.replies.contains_key(&write));
}

#[test]
fn a_kill_loses_no_record_and_a_power_loss_only_what_was_not_synced() {
    let mut cluster = Cluster::new(3);
    for key in ["a", "b"] {
        cluster.ask(0, put(key, "v", Level::One));
        cluster.lose_all();
    }
    cluster.kill(0);
    cluster.start(0);
    assert!(cluster.held(0, "b").is_some());
    cluster.ask(0, put("c", "v", Level::One));
    cluster.cut_power(0);
    cluster.start(0);
    assert_eq!(["b", "c"].map(|key| cluster.held(0, key).is_some()), [true, false]);
}

#[test]
fn a_restart_in_recovery_begins_it_again() {
    let mut cluster = first_is_damaged();
    cluster.kill(2);
    cluster.start(0);
    cluster.run(1_000);
    cluster.kill(0);
    cluster.start(0);
    assert!(cluster.is_recovering(0));
    cluster.start(2);
    cluster.run(1_000);
    assert!(is_recovery_over(&cluster));
}
