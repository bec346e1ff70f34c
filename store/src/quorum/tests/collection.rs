//! Tombstones are collected once every home replica has them, and not before; nobody who has seen one is told less.

use crate::quorum::config::{Config, Mode};
use crate::quorum::message::{Level, Message, NodeId};
use crate::quorum::testkit::{Cluster, Packet, delete, get, put, value, written};

const GRACE_MS: u64 = 1_000;
/// Longer than it takes to tell everyone, wait, and have everyone drop it.
const LONG_MS: u64 = 4 * GRACE_MS;

/// Three nodes, all home to every key.
fn cluster(change: impl FnOnce(&mut Config)) -> Cluster {
    Cluster::with(3, |config| {
        config.grace_ms = GRACE_MS;
        change(config);
    })
}

fn have_collected(cluster: &Cluster) -> [bool; 3] {
    [0, 1, 2].map(|node| cluster.has_collected(node, "k"))
}

/// k is written everywhere, and deleted while n3 is down.
fn deleted_while_one_is_away(cluster: &mut Cluster) {
    cluster.call(0, put("k", "old", Level::All));
    cluster.kill(2);
    written(&cluster.call(0, delete("k", Level::Quorum)));
}

#[test]
fn a_tombstone_that_everyone_has_is_dropped_after_the_grace_period() {
    let mut cluster = cluster(|_| {});
    cluster.call(0, put("k", "old", Level::Quorum));
    cluster.call(1, delete("k", Level::Quorum));
    cluster.run(GRACE_MS);
    assert_eq!(have_collected(&cluster), [false; 3]);
    cluster.run(LONG_MS);
    assert_eq!(have_collected(&cluster), [true; 3]);
}

#[test]
fn it_is_kept_until_who_was_away_has_it() {
    let mut cluster = cluster(|config| config.has_exchange = false);
    deleted_while_one_is_away(&mut cluster);
    cluster.run(10 * LONG_MS);
    assert_eq!(have_collected(&cluster), [false; 3]);
    cluster.start(2);
    cluster.run(60_000 + LONG_MS);
    assert_eq!(have_collected(&cluster), [true; 3]);
    assert!((0..3).all(|node| cluster.held(node, "k").is_some_and(|entry| entry.value.is_none())));
}

#[test]
fn collected_by_the_grace_period_alone_an_old_value_comes_back() {
    let mut cluster = cluster(|config| config.safeguards.tombstone_acknowledged = false);
    deleted_while_one_is_away(&mut cluster);
    cluster.run(LONG_MS);
    cluster.start(2);
    cluster.run(LONG_MS);
    let back = |node| cluster.held(node, "k").and_then(|entry| entry.value);
    assert_eq!([0, 1, 2].map(back), [(); 3].map(|()| Some(b"old".to_vec())));
    assert!(cluster.reached.contains("tombstone-collected-by-grace-alone"));
}

#[test]
fn who_has_seen_it_is_told_so_for_ever() {
    let mut cluster = cluster(|_| {});
    cluster.call(0, put("k", "old", Level::Quorum));
    let version = written(&cluster.call(0, delete("k", Level::Quorum)));
    cluster.run(LONG_MS);
    (0..3).for_each(|node| cluster.cut_power(node));
    (0..3).for_each(|node| cluster.start(node));
    let mut read = get("k", Level::Quorum);
    read.floor = Some(version);
    assert_eq!(value(&cluster.call(1, read)), None);
    let later = written(&cluster.call(2, put("k", "new", Level::Quorum)));
    assert!(later > version);
    assert_eq!(value(&cluster.call(1, get("k", Level::Quorum))).as_deref(), Some("new"));
}

#[test]
fn what_is_written_meanwhile_stays() {
    let mut cluster = cluster(|_| {});
    cluster.call(0, delete("k", Level::Quorum));
    cluster.run(GRACE_MS);
    cluster.call(0, put("k", "new", Level::Quorum));
    cluster.run(LONG_MS);
    assert_eq!(have_collected(&cluster), [false; 3]);
    assert_eq!(value(&cluster.call(1, get("k", Level::All))).as_deref(), Some("new"));
}

#[test]
fn whom_it_was_not_told_to_drop_it_gives_it_back_and_it_is_dropped_again() {
    let mut cluster = cluster(|_| {});
    cluster.call(0, delete("k", Level::Quorum));
    cluster.run(GRACE_MS);
    let first = cluster.homes("k")[0];
    let late = (first + 1) % 3;
    while !cluster.has_collected(first, "k") {
        cluster.pass(25);
        cluster.take_if(|packet| packet.to == late);
        cluster.settle();
    }
    cluster.run(LONG_MS);
    cluster.pass(200);
    let root = |packet: &Packet| match packet.message {
        Message::Digest { root, .. } => Some(root),
        _ => None,
    };
    let roots: Vec<u64> = cluster.network.iter().filter_map(root).collect();
    assert!(!roots.is_empty() && roots.iter().all(|root| *root == 0), "somebody holds something: {roots:?}");
    assert_eq!(have_collected(&cluster), [true; 3]);
}

#[test]
fn atomic_keys_keep_theirs_and_so_does_mode_sloppy() {
    for (mode, level) in [(Mode::Strict, Level::Atomic), (Mode::Sloppy, Level::Quorum)] {
        let mut cluster = cluster(|config| config.mode = mode);
        cluster.call(0, delete("k", level));
        cluster.run(LONG_MS);
        assert_eq!(have_collected(&cluster), [false; 3]);
    }
}

/// Time passes, and nothing reaches this node.
fn run_without(cluster: &mut Cluster, away: NodeId, ms: u64) {
    for _ in 0..=ms / 25 {
        loop {
            (0..3).for_each(|node| cluster.sync(node));
            cluster.take_if(|packet| packet.to == away);
            if cluster.network.is_empty() {
                break;
            }
            cluster.deliver_if(|_| true);
        }
        cluster.pass(25);
    }
}

#[test]
fn who_has_acknowledged_an_earlier_delete_has_not_acknowledged_this_one() {
    let mut cluster = cluster(|config| config.has_exchange = false);
    let first = cluster.homes("k")[0];
    let away = (first + 1) % 3;
    cluster.call(first, delete("k", Level::All));
    let mut kept = Vec::new();
    while kept.is_empty() {
        cluster.pass(25);
        kept = cluster.take_if(|packet| packet.to == away && matches!(packet.message, Message::Write { .. }));
        cluster.settle();
    }
    for request in [put("k", "new", Level::Quorum), delete("k", Level::Quorum)] {
        cluster.ask(first, request);
        run_without(&mut cluster, away, 100);
    }
    kept.into_iter().for_each(|packet| cluster.hear(away, packet.from, packet.message));
    run_without(&mut cluster, away, 10 * LONG_MS);
    assert_eq!(have_collected(&cluster), [false; 3]);
}
