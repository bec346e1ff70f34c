//! Caches in front of the store, in mode write-through.

use crate::Safeguards;
use crate::quorum::config::Mode;
use crate::quorum::message::{Entry, Level, Message, NodeId, Refusal, Request, Response};
use crate::quorum::testkit::{Cluster, get, put, value, written};

fn cluster_with(safeguards: Safeguards) -> Cluster {
    Cluster::with(5, |config| (config.mode, config.safeguards) = (Mode::WriteThrough, safeguards))
}

fn cluster() -> Cluster {
    cluster_with(Safeguards::default())
}

fn text(word: &str) -> Option<String> {
    Some(word.to_owned())
}

/// The cache of `k` is empty again.
fn empty(cluster: &mut Cluster) {
    let cache = cluster.cache_of("k");
    cluster.kill(cache);
    cluster.start(cache);
}

/// What a request comes to where no message is needed for its answer.
fn at_once(cluster: &mut Cluster, request: Request) -> Option<Response> {
    let id = cluster.ask(cluster.cache_of("k"), request);
    cluster.replies.get(&id).cloned()
}

fn call(cluster: &mut Cluster, request: Request) -> Response {
    cluster.call(cluster.cache_of("k"), request)
}

#[test]
fn what_was_written_or_read_is_answered_from_the_cache() {
    let mut cluster = cluster();
    call(&mut cluster, put("k", "1", Level::Quorum));
    let read = |cluster: &mut Cluster| at_once(cluster, get("k", Level::All)).map(|read| value(&read));
    assert_eq!(read(&mut cluster), Some(text("1")));
    assert!(cluster.reached.contains("cache-hit"));
    empty(&mut cluster);
    assert_eq!(read(&mut cluster), None);
    cluster.settle();
    assert_eq!(read(&mut cluster), Some(text("1")));
}

#[test]
fn another_node_says_which_one_caches_the_key() {
    let mut cluster = cluster();
    let cache = cluster.cache_of("k");
    let node = cluster.config.nodes[usize::from(cache)].clone();
    for other in (0..5).filter(|node| *node != cache) {
        let refused = cluster.call(other, put("k", "1", Level::Quorum));
        assert_eq!(refused, Response::Refused(Refusal::Elsewhere { node: node.clone() }));
    }
    assert!(cluster.records.is_empty());
}

/// A write fails at level atomic, as the cache is cut off from the others; then the key is read.
fn read_after_failure(cluster: &mut Cluster) -> Option<String> {
    call(cluster, put("k", "old", Level::Atomic));
    let write = cluster.ask(cluster.cache_of("k"), put("k", "new", Level::Atomic));
    for _ in 0..60 {
        cluster.lose_all();
        cluster.pass(25);
    }
    assert!(matches!(cluster.reply(write), Response::Refused(Refusal::Deadline { .. })));
    cluster.lose_all();
    value(&call(cluster, get("k", Level::Atomic)))
}

#[test]
fn a_write_that_failed_is_not_in_the_cache() {
    assert_eq!(read_after_failure(&mut cluster()), text("old"));
}

#[test]
fn with_the_cache_before_the_store_a_failed_write_is_read() {
    let mut cluster = cluster_with(Safeguards { store_before_cache: false, ..Safeguards::default() });
    assert_eq!(read_after_failure(&mut cluster), text("new"));
    assert!(cluster.reached.contains("cached-before-stored"));
}

/// A read has old answers of a majority on their way when a write begins and ends; then they arrive.
fn read_after_crossing(cluster: &mut Cluster) -> Option<String> {
    let cache = cluster.cache_of("k");
    call(cluster, put("k", "old", Level::Atomic));
    empty(cluster);
    let read = cluster.ask(cache, get("k", Level::Atomic));
    cluster.deliver_if(|packet| matches!(packet.message, Message::Read { .. }));
    let answers = cluster.take_if(|packet| packet.to == cache);
    call(cluster, put("k", "new", Level::Atomic));
    for packet in answers {
        cluster.hear(cache, packet.from, packet.message);
    }
    assert_eq!(value(&cluster.reply(read)), text("old"));
    value(&call(cluster, get("k", Level::Atomic)))
}

#[test]
fn what_was_read_before_a_write_does_not_enter_the_cache_after_it() {
    let mut cluster = cluster();
    assert_eq!(read_after_crossing(&mut cluster), text("new"));
    assert!(cluster.reached.contains("refill-given-up"));
}

#[test]
fn without_leases_an_old_value_is_read_after_a_new_one() {
    let mut cluster = cluster_with(Safeguards { refill_needs_lease: false, ..Safeguards::default() });
    assert_eq!(read_after_crossing(&mut cluster), text("old"));
    assert!(cluster.reached.contains("refill-without-lease"));
}

#[test]
fn what_was_read_at_a_level_is_no_answer_at_a_stronger_one() {
    let mut cluster = cluster();
    call(&mut cluster, put("k", "1", Level::Quorum));
    empty(&mut cluster);
    call(&mut cluster, get("k", Level::One));
    assert!(at_once(&mut cluster, get("k", Level::Quorum)).is_none());
    cluster.settle();
    assert!(at_once(&mut cluster, get("k", Level::Quorum)).is_some());
    let atomic = at_once(&mut cluster, get("k", Level::Atomic));
    assert!(matches!(atomic, Some(Response::Refused(Refusal::MixedLevels { .. }))));
}

/// A replica hands over something newer than what is cached.
fn hand_over(cluster: &mut Cluster, to: NodeId) -> Entry {
    let version = written(&call(cluster, put("k", "1", Level::Quorum)));
    empty(cluster);
    call(cluster, get("k", Level::Quorum));
    let version = crate::quorum::version::Version { millis: version.millis + 1, ..version };
    let entry = Entry { version, atomic: false, value: Some(b"2".to_vec()) };
    let from = cluster.homes("k")[2];
    let entries = vec![("k".to_owned(), entry.clone())];
    cluster.hear(to, from, Message::Entries { entries, wanted: Vec::new() });
    cluster.settle();
    entry
}

#[test]
fn below_level_atomic_the_cache_is_not_behind_the_copy_of_its_node() {
    let mut cluster = cluster();
    let cache = cluster.cache_of("k");
    hand_over(&mut cluster, cache);
    assert_eq!(value(&call(&mut cluster, get("k", Level::Quorum))), text("2"));
}

#[test]
fn a_session_that_has_seen_more_is_not_answered_from_the_cache() {
    let mut cluster = cluster();
    let other = cluster.homes("k")[1];
    let newer = hand_over(&mut cluster, other);
    assert_eq!(value(&call(&mut cluster, get("k", Level::Quorum))), text("1"));
    let floor = Some(newer.version);
    assert_eq!(value(&call(&mut cluster, Request { floor, ..get("k", Level::Quorum) })), text("2"));
}
