//! Level atomic: two phases on majorities.

use crate::quorum::message::{Level, Message, Refusal, Response};
use crate::quorum::testkit::{Cluster, Packet, delete, get, put, value, written};

/// n1, and nobody else, holds a second value, whose writer has no answer yet.
fn first_is_ahead(cluster: &mut Cluster) {
    cluster.call(1, put("k", "old", Level::Atomic));
    cluster.ask(1, put("k", "new", Level::Atomic));
    cluster.deliver_if(|packet| packet.to == 0);
    cluster.deliver_if(|_| true);
    let writes = cluster.take_if(|packet| matches!(packet.message, Message::Write { .. }));
    cluster.cut_power(1);
    cluster.start(1);
    for Packet { from, to, message } in writes.into_iter().filter(|packet| packet.to == 0) {
        cluster.hear(to, from, message);
    }
    cluster.sync(0);
    cluster.lose_all();
    let held = [0, 1, 2].map(|node| cluster.held(node, "k").and_then(|entry| entry.value));
    assert_eq!(held, [b"new", b"old", b"old"].map(|value| Some(value.to_vec())));
}

/// A read at n1 that hears n2 only, then one at n2 that hears n3 only.
fn two_reads(cluster: &mut Cluster) -> [Option<String>; 2] {
    [(0, 1), (1, 2)].map(|(node, other)| {
        let read = cluster.ask(node, get("k", Level::Atomic));
        while !cluster.replies.contains_key(&read) {
            cluster.take_if(|packet| ![node, other].contains(&packet.to));
            assert!(!cluster.network.is_empty(), "the read is stuck");
            cluster.deliver_if(|_| true);
            cluster.sync(node);
            cluster.sync(other);
        }
        cluster.lose_all();
        value(&cluster.reply(read))
    })
}

#[test]
fn atomic_read_writes_back_what_only_one_replica_holds() {
    let mut cluster = Cluster::new(3);
    first_is_ahead(&mut cluster);
    assert_eq!(two_reads(&mut cluster), ["new", "new"].map(|value| Some(value.to_owned())));
    assert_eq!(cluster.durable(1, "k"), cluster.durable(0, "k"));
}

#[test]
fn without_write_back_a_later_read_goes_back() {
    let mut cluster = Cluster::with(3, |config| config.safeguards.write_back = false);
    first_is_ahead(&mut cluster);
    assert_eq!(two_reads(&mut cluster), ["new", "old"].map(|value| Some(value.to_owned())));
    assert!(cluster.reached.contains("write-back-skipped"));
}

#[test]
fn an_atomic_read_is_not_answered_before_the_write_back_is_durable() {
    let mut cluster = Cluster::new(3);
    first_is_ahead(&mut cluster);
    let read = cluster.ask(0, get("k", Level::Atomic));
    cluster.deliver_all();
    assert!(!cluster.replies.contains_key(&read));
    cluster.settle();
    assert_eq!(value(&cluster.reply(read)).as_deref(), Some("new"));
}

#[test]
fn what_a_majority_holds_is_not_written_back() {
    let mut cluster = Cluster::new(3);
    cluster.call(0, put("k", "v", Level::Atomic));
    let records = cluster.records.len();
    assert_eq!(value(&cluster.call(2, get("k", Level::Atomic))).as_deref(), Some("v"));
    assert_eq!(cluster.records.len(), records);
}

#[test]
fn a_write_back_that_misses_the_deadline_refuses_the_read() {
    let mut cluster = Cluster::new(3);
    first_is_ahead(&mut cluster);
    let read = cluster.ask(0, get("k", Level::Atomic));
    cluster.deliver_if(|packet| packet.to == 1);
    cluster.deliver_if(|packet| packet.to == 0);
    cluster.lose_all();
    cluster.pass(1_000);
    let deadline = Refusal::Deadline { answered: 1, needed: 2, deadline_ms: 1_000 };
    assert_eq!(cluster.reply(read), Response::Refused(deadline));
}

#[test]
fn an_atomic_write_goes_above_every_version_whatever_its_clock_says() {
    let mut cluster = Cluster::new(3);
    cluster.hosts[1].skew_ms = -900_000;
    let first = written(&cluster.call(0, put("k", "first", Level::Atomic)));
    cluster.kill(1);
    cluster.start(1);
    let second = written(&cluster.call(1, delete("k", Level::Atomic)));
    assert!(second > first);
}

#[test]
fn missed_deadline_in_the_first_phase_of_an_atomic_write_is_a_refusal() {
    let mut cluster = Cluster::new(3);
    let write = cluster.ask(0, put("k", "v", Level::Atomic));
    cluster.lose_all();
    cluster.pass(1_000);
    let deadline = Refusal::Deadline { answered: 1, needed: 2, deadline_ms: 1_000 };
    assert_eq!(cluster.reply(write), Response::Refused(deadline));
    // The questions sent meanwhile, and their answers, bring nothing to life again.
    cluster.settle();
    assert!(cluster.records.is_empty());
}

#[test]
fn missed_deadline_in_the_second_phase_of_an_atomic_write_is_unknown() {
    let mut cluster = Cluster::new(3);
    let write = cluster.ask(0, put("k", "v", Level::Atomic));
    cluster.deliver_if(|packet| packet.to == 1);
    cluster.deliver_if(|packet| packet.to == 0);
    cluster.lose_all();
    cluster.pass(1_000);
    assert!(matches!(cluster.reply(write), Response::Unknown(_)));
}

#[test]
fn answers_to_the_first_phase_are_no_acknowledgements() {
    let mut cluster = Cluster::new(3);
    let write = cluster.ask(0, put("k", "v", Level::Atomic));
    let operations: Vec<u64> = cluster.network.iter().map(operation).collect();
    cluster.deliver_if(|packet| packet.to == 1);
    cluster.deliver_if(|packet| packet.to == 0);
    cluster.lose_all();
    for from in [1, 2] {
        cluster.hear(0, from, Message::Written { operation: operations[0] });
    }
    cluster.sync(0);
    assert!(!cluster.replies.contains_key(&write), "only n1 holds it");
}

fn operation(packet: &Packet) -> u64 {
    match packet.message {
        Message::Read { operation, .. } => operation,
        ref other => panic!("a question expected, not {other:?}"),
    }
}

#[test]
fn atomic_takes_majorities_whatever_the_quorums_are() {
    let mut cluster = Cluster::with(5, |config| {
        config.replication = 5;
        (config.read_quorum, config.write_quorum) = (1, 1);
    });
    (2..5).for_each(|node| cluster.kill(node));
    written(&cluster.call(0, put("q", "v", Level::Quorum)));
    let write = cluster.ask(0, put("k", "v", Level::Atomic));
    cluster.run(500);
    assert!(!cluster.replies.contains_key(&write));
    cluster.start(2);
    cluster.run(400);
    written(&cluster.reply(write));
}
