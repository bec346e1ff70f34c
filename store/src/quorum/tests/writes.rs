//! Writes at levels one, quorum and all.

use crate::quorum::message::{Level, Message, Operation, Refusal, Request, Response};
use crate::quorum::testkit::{Cluster, Packet, delete, get, put, request, value, written};
use crate::quorum::version::Version;

fn is_acknowledgement(packet: &Packet) -> bool {
    matches!(packet.message, Message::Written { .. })
}

fn is_write(packet: &Packet) -> bool {
    matches!(packet.message, Message::Write { .. })
}

#[test]
fn write_is_invisible_until_synced() {
    let mut cluster = Cluster::new(3);
    cluster.ask(0, put("k", "v", Level::One));
    cluster.lose_all();
    assert_eq!(value(&cluster.call_unsynced(0, get("k", Level::One))), None);
    cluster.sync(0);
    assert_eq!(value(&cluster.call_unsynced(0, get("k", Level::One))).as_deref(), Some("v"));
}

#[test]
fn acknowledged_only_after_sync() {
    let mut cluster = Cluster::new(3);
    let write = cluster.ask(0, put("k", "v", Level::Quorum));
    cluster.deliver_if(is_write);
    cluster.sync(1);
    cluster.deliver_if(is_acknowledgement);
    assert!(!cluster.replies.contains_key(&write), "only n2 has synced it");
    cluster.sync(0);
    let version = written(&cluster.reply(write));
    assert_eq!(cluster.acknowledged, [(1, "k".to_owned(), version), (0, "k".to_owned(), version)]);
    assert!(cluster.durable(0, "k").is_some() && cluster.durable(2, "k").is_none());
}

#[test]
fn without_sync_before_acknowledge_a_power_loss_takes_what_was_acknowledged() {
    let mut cluster = Cluster::with(3, |config| config.safeguards.sync_before_acknowledge = false);
    let write = cluster.ask(0, put("k", "v", Level::Quorum));
    cluster.deliver_if(is_write);
    cluster.deliver_if(is_acknowledgement);
    written(&cluster.reply(write));
    assert!(cluster.reached.contains("acknowledged-before-sync"));
    (0..3).for_each(|node| cluster.cut_power(node));
    (0..3).for_each(|node| cluster.start(node));
    assert_eq!(value(&cluster.call(0, get("k", Level::All))), None);
}

#[test]
fn one_sync_covers_all_writes_before_it() {
    let mut cluster = Cluster::new(3);
    let writes = ["a", "b", "a"].map(|key| cluster.ask(0, put(key, "v", Level::One)));
    cluster.lose_all();
    assert!(cluster.replies.is_empty());
    cluster.sync(0);
    let versions = writes.map(|write| written(&cluster.reply(write)));
    assert!(versions.is_sorted_by(|a, b| a < b));
    assert_eq!(cluster.held(0, "a").map(|entry| entry.version), Some(versions[2]));
}

#[test]
fn duplicate_acknowledgement_counts_once() {
    let mut cluster = Cluster::new(3);
    let write = acknowledge_twice(&mut cluster);
    assert!(!cluster.replies.contains_key(&write));
}

#[test]
fn without_distinct_acknowledgements_one_replica_makes_a_quorum() {
    let mut cluster = Cluster::with(3, |config| config.safeguards.distinct_acknowledgements = false);
    let write = acknowledge_twice(&mut cluster);
    written(&cluster.reply(write));
    assert!(cluster.reached.contains("acknowledgement-counted-twice"));
}

/// A quorum write of which only n2 has heard, and whose acknowledgement comes twice.
fn acknowledge_twice(cluster: &mut Cluster) -> u64 {
    let write = cluster.ask(0, put("k", "v", Level::Quorum));
    cluster.deliver_if(|packet| packet.to == 1);
    cluster.sync(1);
    let acknowledgements = cluster.take_if(is_acknowledgement);
    cluster.lose_all();
    cluster.network.extend([acknowledgements.clone(), acknowledgements].concat());
    cluster.deliver_if(is_acknowledgement);
    write
}

#[test]
fn missed_deadline_of_a_write_is_unknown() {
    let mut cluster = Cluster::new(3);
    let write = miss_deadline(&mut cluster);
    assert!(matches!(cluster.reply(write), Response::Unknown(_)));
}

#[test]
fn without_timeout_is_unknown_a_failed_write_takes_effect() {
    let mut cluster = Cluster::with(3, |config| config.safeguards.timeout_is_unknown = false);
    let write = miss_deadline(&mut cluster);
    assert!(matches!(cluster.reply(write), Response::Refused(Refusal::Deadline { answered: 1, .. })));
    assert!(cluster.reached.contains("timeout-reported-as-failure"));
    assert_eq!(value(&cluster.call(0, get("k", Level::All))).as_deref(), Some("v"));
}

/// A write that only its coordinator has synced by the deadline.
fn miss_deadline(cluster: &mut Cluster) -> u64 {
    let write = cluster.ask(0, put("k", "v", Level::All));
    cluster.lose_all();
    cluster.sync(0);
    cluster.pass(1_000);
    cluster.lose_all();
    write
}

#[test]
fn a_write_takes_one_version_also_when_sent_again() {
    let mut cluster = Cluster::new(3);
    let write = cluster.ask(0, put("k", "v", Level::All));
    cluster.lose_all();
    cluster.run(400);
    let version = written(&cluster.reply(write));
    assert_eq!(cluster.records.len(), 3);
    assert!(cluster.records.iter().all(|record| record.entry.version == version));
}

#[test]
fn a_session_write_is_above_its_token_after_the_clock_jumped_back() {
    let mut cluster = Cluster::new(3);
    let (first, second) = write_with_token_across_skew(&mut cluster);
    assert!(second > first);
    assert_eq!(value(&cluster.call(2, get("k", Level::All))).as_deref(), Some("second"));
}

#[test]
fn without_the_hybrid_clock_a_session_write_is_lost_below_its_token() {
    let mut cluster = Cluster::with(3, |config| config.safeguards.hybrid_clock = false);
    let (first, second) = write_with_token_across_skew(&mut cluster);
    assert!(second < first);
    assert!(cluster.reached.contains("version-below-session"));
    assert_eq!(value(&cluster.call(2, get("k", Level::All))).as_deref(), Some("first"));
}

/// A session writes at n1, and then at n2, whose clock is behind.
fn write_with_token_across_skew(cluster: &mut Cluster) -> (Version, Version) {
    cluster.hosts[1].skew_ms = -500;
    let write = cluster.ask(0, put("k", "first", Level::One));
    cluster.take_if(|packet| packet.to == 1);
    cluster.settle();
    let first = written(&cluster.reply(write));
    let second = cluster.call(1, Request { above: Some(first), ..put("k", "second", Level::Quorum) });
    (first, written(&second))
}

#[test]
fn versions_stay_unique_when_the_clock_jumps_back_over_a_restart() {
    let mut cluster = Cluster::new(5);
    let homes = cluster.homes("k");
    let stranger = (0..5).find(|node| !homes.contains(node)).expect("five nodes, three homes");
    let first = written(&cluster.call(stranger, put("k", "first", Level::One)));
    cluster.kill(stranger);
    cluster.start(stranger);
    let second = written(&cluster.call(stranger, put("k", "second", Level::One)));
    assert_eq!((first.millis, first.counter, first.node), (second.millis, second.counter, second.node));
    assert!(second.incarnation > first.incarnation);
}

#[test]
fn compare_and_set_is_refused_at_every_level() {
    let mut cluster = Cluster::new(3);
    for level in [Level::One, Level::Quorum, Level::All, Level::Atomic] {
        assert_eq!(cluster.call(0, compare_and_set(level)), Response::Refused(Refusal::CompareAndSet));
    }
    assert!(cluster.records.is_empty() && cluster.network.is_empty());
}

#[test]
fn without_the_refusal_two_compare_and_sets_both_win() {
    let mut cluster = Cluster::with(3, |config| config.safeguards.compare_and_set_refused = false);
    let both = [0, 1].map(|node| cluster.ask(node, compare_and_set(Level::Quorum)));
    cluster.settle();
    both.into_iter().for_each(|id| assert!(written(&cluster.reply(id)) > Version::default()));
    assert!(cluster.reached.contains("compare-and-set-accepted"));
}

fn compare_and_set(level: Level) -> Request {
    let operation = Operation::CompareAndSet { key: "k".to_owned(), expected: None, new: b"v".to_vec() };
    request(operation, level)
}

#[test]
fn tombstone_wins_over_older_value() {
    let mut cluster = Cluster::new(3);
    cluster.call(0, put("k", "v", Level::All));
    let delete = cluster.ask(0, delete("k", Level::Quorum));
    cluster.take_if(|packet| packet.to == 2);
    cluster.settle();
    let version = written(&cluster.reply(delete));
    let read = cluster.call(2, get("k", Level::Quorum));
    assert_eq!(read, Response::Value { value: None, version: Some(version) });
}

#[test]
fn an_older_write_that_comes_late_is_acknowledged_and_changes_nothing() {
    let mut cluster = Cluster::new(3);
    let first = cluster.ask(0, put("k", "first", Level::All));
    let late = cluster.take_if(|packet| packet.to == 1);
    let second = cluster.ask(0, put("k", "second", Level::All));
    cluster.settle();
    cluster.network.extend(late);
    cluster.settle();
    assert!(written(&cluster.reply(first)) < written(&cluster.reply(second)));
    assert_eq!(value(&cluster.call(1, get("k", Level::One))).as_deref(), Some("second"));
}

#[test]
fn a_replica_whose_disk_is_full_does_not_acknowledge_and_gets_the_write_later() {
    let mut cluster = Cluster::new(3);
    cluster.hosts[2].is_full = true;
    let write = cluster.ask(0, put("k", "v", Level::All));
    cluster.settle();
    assert!(!cluster.replies.contains_key(&write));
    cluster.hosts[2].is_full = false;
    cluster.run(200);
    let version = written(&cluster.reply(write));
    assert_eq!(cluster.durable(2, "k"), Some(version));
}

#[test]
fn a_write_goes_on_to_the_last_replica_after_its_client_was_answered() {
    let mut cluster = Cluster::with(3, |config| config.exchange_ms = 60_000);
    cluster.run(100);
    let write = cluster.ask(0, put("k", "v", Level::Quorum));
    cluster.take_if(|packet| packet.to == 2);
    cluster.settle();
    let version = written(&cluster.reply(write));
    assert_eq!(cluster.durable(2, "k"), None);
    cluster.run(200);
    assert_eq!(cluster.durable(2, "k"), Some(version));
}
