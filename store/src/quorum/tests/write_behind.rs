//! Caches in mode write-behind: what is acknowledged before the store has it.

use crate::protocol::Protocol;
use crate::quorum::config::{Config, Mode};
use crate::quorum::message::{Level, Message, NodeId, Refusal, Request, Response};
use crate::quorum::testkit::{Cluster, get, put, value, written};

const K: u64 = 8;

fn cluster_with(change: impl FnOnce(&mut Config)) -> Cluster {
    let mut cluster = Cluster::with(5, |config| {
        (config.mode, config.unwritten_max, config.flush_ms) = (Mode::WriteBehind, K, 25);
        change(config);
    });
    // Numbers are reserved.
    cluster.run(50);
    cluster
}

fn cluster() -> Cluster {
    cluster_with(|_| {})
}

fn ask(cluster: &mut Cluster, request: Request) -> Option<Response> {
    let id = cluster.ask(cluster.cache_of("k"), request);
    cluster.replies.get(&id).cloned()
}

fn read(cluster: &mut Cluster) -> Option<String> {
    value(&cluster.call(cluster.cache_of("k"), get("k", Level::Quorum)))
}

fn restart(cluster: &mut Cluster) {
    let cache = cluster.cache_of("k");
    cluster.cut_power(cache);
    cluster.lose_all();
    cluster.start(cache);
    cluster.run(50);
}

/// Writes to `k` that are acknowledged at once, of so many, while its cache hears of nobody.
fn acknowledged(cluster: &mut Cluster, writes: u64) -> usize {
    let asked = (0..writes).map(|number| ask(cluster, put("k", &number.to_string(), Level::Quorum)));
    asked.flatten().count()
}

#[test]
fn a_full_disk_is_tried_once_a_tick() {
    let mut cluster = cluster();
    let cache = usize::from(cluster.cache_of("k"));
    cluster.hosts[cache].is_full = true;
    // More than is reserved: each attempt to reserve fails.
    let waiting = acknowledged(&mut cluster, 2 * K);
    cluster.run(200);
    assert!(waiting < 2 * K as usize, "{waiting} were acknowledged");
    cluster.hosts[cache].is_full = false;
    cluster.run(1_500);
    assert!(ask(&mut cluster, put("k", "last", Level::Quorum)).is_some());
}

#[test]
fn a_write_is_acknowledged_and_read_before_the_store_has_it() {
    let mut cluster = cluster();
    let write = ask(&mut cluster, put("k", "1", Level::Quorum)).expect("acknowledged at once");
    assert!(cluster.network.is_empty());
    assert_eq!(ask(&mut cluster, get("k", Level::All)).map(|read| value(&read)), Some(Some("1".to_owned())));
    cluster.run(50);
    for home in cluster.homes("k") {
        assert_eq!(cluster.held(home, "k").map(|entry| entry.version), Some(written(&write)));
    }
    assert!(cluster.reached.contains("write-behind-flushed"));
}

#[test]
fn no_more_is_acknowledged_than_may_be_lost() {
    let mut cluster = cluster();
    for _ in 0..40 {
        cluster.pass(25);
        cluster.sync(cluster.cache_of("k"));
        cluster.lose_all();
        acknowledged(&mut cluster, 1);
    }
    let is_written = |response: &&Response| matches!(response, Response::Written { .. });
    assert_eq!(cluster.replies.values().filter(is_written).count() as u64, K);
    assert!(cluster.reached.contains("write-behind-full"));
    // Those that wait are refused in the end, or acknowledged once the store has the others.
    cluster.run(2_000);
    let is_refused = |response: &&Response| matches!(response, Response::Refused(Refusal::Unavailable(_)));
    assert!(cluster.replies.values().all(|response| is_written(&response) || is_refused(&response)));
    assert_eq!(cluster.replies.len(), 40);
}

#[test]
fn without_the_bound_any_number_is_acknowledged() {
    let mut cluster = cluster_with(|config| config.safeguards.write_behind_bounded = false);
    assert_eq!(acknowledged(&mut cluster, 3 * K), 3 * K as usize);
    assert!(cluster.reached.contains("write-behind-window-passed"));
}

#[test]
fn a_cache_that_starts_again_says_how_much_may_be_lost() {
    let mut cluster = cluster();
    let cache = cluster.cache_of("k");
    assert_eq!(acknowledged(&mut cluster, 1), 1);
    cluster.lost.clear();
    restart(&mut cluster);
    assert_eq!((read(&mut cluster), cluster.lost.clone()), (None, vec![1]));
    cluster.kill(cache);
    cluster.hosts[usize::from(cache)].is_damaged = true;
    cluster.start(cache);
    cluster.run(50);
    assert_eq!(cluster.lost, [1, K]);
}

#[test]
fn a_session_that_has_seen_what_is_lost_is_told_and_not_kept_waiting_for_ever() {
    let mut cluster = cluster();
    let seen = ask(&mut cluster, put("k", "1", Level::Quorum)).map(|write| written(&write));
    let floor = Request { floor: seen, ..get("k", Level::Quorum) };
    let earlier = cluster.ask(cluster.cache_of("k"), floor.clone());
    assert!(cluster.replies.contains_key(&earlier));
    restart(&mut cluster);
    let read = cluster.ask(cluster.cache_of("k"), floor);
    cluster.run(2_000);
    assert_eq!(Some(cluster.reply(read)), seen.map(|floor| Response::Refused(Refusal::Lost { floor })));
}

#[test]
fn a_write_that_did_not_reach_the_store_is_sent_again() {
    let mut cluster = cluster();
    ask(&mut cluster, put("k", "1", Level::Quorum));
    for _ in 0..120 {
        cluster.pass(25);
        cluster.lose_all();
    }
    cluster.run(2_500);
    restart(&mut cluster);
    assert_eq!(read(&mut cluster), Some("1".to_owned()));
}

/// How many entries of the home replicas a few writes of one key have come to, by when they are flushed at the latest.
fn entries_of_writes(writes: u64) -> usize {
    let mut cluster = cluster_with(|config| config.flush_ms = 500);
    cluster.run(500);
    let before = cluster.records.len();
    assert_eq!(acknowledged(&mut cluster, 1), 1);
    for _ in 1..writes {
        cluster.run(25);
        acknowledged(&mut cluster, 1);
    }
    cluster.run(500);
    cluster.records.len() - before
}

#[test]
fn of_several_writes_of_a_key_the_store_sees_the_last_or_what_makes_room() {
    assert_eq!(entries_of_writes(K / 2), 3);
    assert!((6..12).contains(&entries_of_writes(K + 2)));
}

#[test]
fn has_no_level_atomic() {
    let mut cluster = cluster();
    for request in [put("k", "1", Level::Atomic), get("k", Level::Atomic)] {
        let refused = ask(&mut cluster, request);
        assert!(matches!(refused, Some(Response::Refused(Refusal::Invalid(_)))), "{refused:?}");
    }
}

#[test]
fn what_was_read_before_a_write_does_not_hide_it() {
    let mut cluster = cluster();
    let cache = cluster.cache_of("k");
    let read = cluster.ask(cache, get("k", Level::Quorum));
    cluster.deliver_if(|packet| matches!(packet.message, Message::Read { .. }));
    let answers = cluster.take_if(|packet| packet.to == cache);
    ask(&mut cluster, put("k", "1", Level::Quorum));
    cluster.run(50);
    for packet in answers {
        cluster.hear(cache, packet.from, packet.message);
    }
    assert_eq!(value(&cluster.reply(read)), None);
    assert_eq!(
        ask(&mut cluster, get("k", Level::Quorum)).map(|read| value(&read)),
        Some(Some("1".to_owned()))
    );
}

/// The node with the cache, as a value of its own, and what it needs of its log.
fn needed_from(cluster: &Cluster, cache: NodeId) -> u64 {
    cluster.hosts[usize::from(cache)].node.as_ref().map_or(0, Protocol::needed_from)
}

#[test]
fn the_log_is_needed_from_the_last_window_on() {
    let mut cluster = cluster();
    let cache = cluster.cache_of("k");
    let before = needed_from(&cluster, cache);
    ask(&mut cluster, put("k", "1", Level::Quorum));
    cluster.run(100);
    let after = needed_from(&cluster, cache);
    assert!(0 < before && before < after && after < u64::MAX, "{before} {after}");
}
