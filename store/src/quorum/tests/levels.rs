//! Level atomic is never mixed with the others on one key; and a refusal means what it says.

use crate::quorum::message::{Entry, Level, Message, Refusal, Response};
use crate::quorum::record::Record;
use crate::quorum::testkit::{Cluster, delete, get, put, value, written};
use crate::quorum::version::Version;

fn is_mixed(response: &Response) -> bool {
    matches!(response, Response::Refused(Refusal::MixedLevels { .. }))
}

/// One replica takes in, out of band, an entry of a key that the others do not know to be used so.
fn slip_in(cluster: &mut Cluster, node: u16, millis: u64, atomic: bool) {
    let version = Version { millis, ..Version::default() };
    let entries = vec![("k".to_owned(), Entry { version, atomic, value: Some(b"slipped in".to_vec()) })];
    cluster.hear(node, (node + 1) % 3, Message::Entries { entries, wanted: Vec::new() });
    cluster.sync(node);
    cluster.lose_all();
}

fn holds(records: &[Record], value: &str) -> bool {
    records.iter().any(|record| record.entry.value.as_deref() == Some(value.as_bytes()))
}

#[test]
fn levels_cannot_be_mixed() {
    for (first, second) in [(Level::Atomic, Level::Quorum), (Level::One, Level::Atomic)] {
        let mut cluster = Cluster::new(3);
        cluster.call(0, put("k", "first", first));
        for request in [put("k", "second", second), get("k", second), delete("k", second)] {
            assert!(is_mixed(&cluster.call(1, request)));
        }
        assert!(!holds(&cluster.records, "second"));
        assert_eq!(value(&cluster.call(1, get("k", first))).as_deref(), Some("first"));
    }
}

#[test]
fn a_mode_that_a_power_loss_may_take_away_decides_nothing() {
    let mut cluster = Cluster::new(3);
    (0..3).for_each(|node| slip_in_unsynced(&mut cluster, node));
    let write = cluster.ask(1, put("k", "second", Level::One));
    cluster.deliver_all();
    assert_eq!(cluster.replies.get(&write), None);
    (0..3).for_each(|node| cluster.sync(node));
    assert_eq!(cluster.replies.get(&write), None, "it waits for no other entry");
    cluster.run(200);
    assert!(is_mixed(&cluster.reply(write)));
    assert!(!holds(&cluster.records, "second"));
}

fn slip_in_unsynced(cluster: &mut Cluster, node: u16) {
    let version = Version { millis: 1, ..Version::default() };
    let entries = vec![("k".to_owned(), Entry { version, atomic: true, value: None })];
    cluster.hear(node, (node + 1) % 3, Message::Entries { entries, wanted: Vec::new() });
}

#[test]
fn replicas_that_hold_a_key_in_both_modes_agree_on_atomic() {
    let mut cluster = Cluster::new(3);
    slip_in(&mut cluster, 0, 1, true);
    slip_in(&mut cluster, 1, 2, false);
    cluster.run(1_000);
    let held = [0, 1, 2].map(|node| cluster.held(node, "k").map(|entry| entry.rank()));
    assert_eq!(held, [Some((true, Version { millis: 1, ..Version::default() })); 3]);
}

#[test]
fn an_atomic_write_refused_by_all_in_its_second_phase_is_unknown() {
    let mut cluster = Cluster::new(3);
    let write = cluster.ask(0, put("k", "v", Level::Atomic));
    cluster.deliver_if(|packet| packet.to == 1);
    (1..3).for_each(|node| cluster.hear(node, 0, plain(node)));
    cluster.sync(1);
    cluster.sync(2);
    // Its own copy, which has not reached the disk, is lost: no append succeeds.
    cluster.hosts[0].is_full = true;
    cluster.deliver_if(|packet| packet.to == 0);
    cluster.hosts[0].is_full = false;
    cluster.hear(0, 1, plain(0));
    cluster.sync(0);
    cluster.run(200);
    assert!(matches!(cluster.reply(write), Response::Unknown(_)));
}

fn plain(node: u16) -> Message {
    let version = Version { millis: 1, node, ..Version::default() };
    Message::Write {
        operation: 0,
        epoch: 0,
        key: "k".to_owned(),
        entry: Entry { version, atomic: false, value: Some(b"plain".to_vec()) },
    }
}

#[test]
fn a_write_that_was_held_before_the_key_became_atomic_is_not_refused() {
    let mut cluster = Cluster::new(3);
    (1..3).for_each(|node| slip_in(&mut cluster, node, 1, true));
    let write = cluster.ask(0, put("k", "v", Level::All));
    cluster.sync(0);
    assert!(holds(&cluster.records, "v"));
    // n1 learns that the key is atomic, and is asked again, as after a lost acknowledgement.
    slip_in(&mut cluster, 0, 1, true);
    let Some((operation, entry)) = sent(&mut cluster) else { panic!("n1 asks again") };
    cluster.hear(0, 1, Message::Write { operation, epoch: 0, key: "k".to_owned(), entry });
    assert!(!cluster.network.iter().any(|p| matches!(p.message, Message::WriteRefused { .. })));
    cluster.run(1_000);
    assert!(matches!(cluster.reply(write), Response::Unknown(_)));
}

#[test]
fn a_write_that_some_hold_and_the_others_refuse_is_unknown_at_once() {
    let mut cluster = Cluster::new(3);
    (1..3).for_each(|node| slip_in(&mut cluster, node, 1, true));
    let write = cluster.ask(0, put("k", "v", Level::All));
    cluster.settle();
    assert!(matches!(cluster.reply(write), Response::Unknown(_)));
}

/// What n1 asks its peers to hold, when it asks again.
fn sent(cluster: &mut Cluster) -> Option<(u64, Entry)> {
    cluster.pass(200);
    cluster.take_if(|_| true).into_iter().find_map(|packet| match packet.message {
        Message::Write { operation, entry, .. } => Some((operation, entry)),
        _ => None,
    })
}

#[test]
fn one_two_and_three_replicas_mix_freely_below_atomic() {
    let mut cluster = Cluster::new(3);
    for level in [Level::One, Level::Quorum, Level::All] {
        written(&cluster.call(0, put("k", "v", level)));
        assert_eq!(value(&cluster.call(1, get("k", level))).as_deref(), Some("v"));
    }
}
