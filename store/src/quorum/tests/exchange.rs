//! The background exchange.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::Safeguards;
use crate::quorum::message::{Entry, Level, Message};
use crate::quorum::testkit::{Cluster, entry_of, put};
use crate::quorum::version::Version;

fn entry(millis: u64, bytes: usize) -> Entry {
    Entry { version: Version { millis, ..Version::default() }, atomic: false, value: Some(vec![b'x'; bytes]) }
}

/// Puts entries on one replica only.
fn plant(cluster: &mut Cluster, node: u16, entries: Vec<(String, Entry)>) {
    let from = (node + 1) % cluster.hosts.len() as u16;
    cluster.hear(node, from, Message::Entries { entries, wanted: Vec::new() });
    cluster.sync(node);
    cluster.lose_all();
}

fn count(cluster: &Cluster, node: usize) -> usize {
    let records = cluster.hosts[node].log.iter().filter_map(|(_, logged)| entry_of(logged));
    records.map(|record| &record.key).collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn nothing_is_exchanged_where_that_is_switched_off() {
    let mut cluster = Cluster::with(3, |config| config.has_exchange = false);
    plant(&mut cluster, 0, vec![("a".to_owned(), entry(1, 1))]);
    cluster.run(500);
    assert_eq!([0, 1, 2].map(|node| count(&cluster, node)), [1, 0, 0]);
}

#[test]
fn exchange_brings_two_replicas_together() {
    let mut cluster = Cluster::new(3);
    plant(&mut cluster, 0, vec![("a".to_owned(), entry(1, 1)), ("b".to_owned(), entry(5, 1))]);
    plant(&mut cluster, 1, vec![("b".to_owned(), entry(4, 1)), ("c".to_owned(), entry(2, 1))]);
    cluster.kill(2);
    cluster.run(500);
    for (key, millis) in [("a", 1), ("b", 5), ("c", 2)] {
        let held = [0, 1].map(|node| cluster.held(node, key).map(|entry| entry.version.millis));
        assert_eq!(held, [Some(millis); 2], "{key}");
    }
}

#[test]
fn exchange_brings_replicas_together_although_the_entries_fit_no_message() {
    let mut cluster = Cluster::new(3);
    let large = (0..9).map(|key| (format!("k{key}"), entry(1, 700_000))).collect();
    plant(&mut cluster, 0, large);
    cluster.run(4_000);
    assert_eq!([0, 1, 2].map(|node| count(&cluster, node)), [9; 3]);
}

#[test]
fn exchange_brings_replicas_together_although_the_list_is_cut() {
    let mut cluster = Cluster::new(3);
    let long = |key: u32| format!("{key:01000}");
    // More keys than a list takes, of which the two share all but those at either end of the order.
    let keys = |range: std::ops::Range<u32>| range.map(|key| (long(key), entry(1, 0))).collect::<Vec<_>>();
    plant(&mut cluster, 0, keys(0..1_900));
    plant(&mut cluster, 1, keys(100..2_000));
    plant(&mut cluster, 2, keys(0..2_000));
    cluster.kill(2);
    cluster.run(4_000);
    assert_eq!([0, 1].map(|node| count(&cluster, node)), [2_000; 2]);
}

/// What only some of two replicas hold: keys with the versions that each has, none: nothing.
fn differences() -> impl Strategy<Value = BTreeMap<u16, [Option<u64>; 2]>> {
    let version = || prop::option::of(1..4u64);
    prop::collection::btree_map(any::<u16>(), [version(), version()], 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn exchange_brings_replicas_together_although_messages_are_lost(
        differences in differences(),
        lost in prop::collection::vec(any::<bool>(), 0..100),
    ) {
        let mut cluster = Cluster::new(3);
        let key = |number: &u16| format!("k{number}");
        for node in [0, 1] {
            let held = differences.iter().filter_map(|(number, both)| {
                both[usize::from(node)].map(|millis| (key(number), entry(millis, 1)))
            });
            plant(&mut cluster, node, held.collect());
        }
        cluster.kill(2);
        for is_lost in lost {
            cluster.pass(25);
            match is_lost {
                true => cluster.lose_all(),
                false => cluster.deliver_if(|_| true),
            }
        }
        cluster.run(1_000);
        for (number, both) in &differences {
            let held = [0, 1].map(|node| cluster.held(node, &key(number)).map(|entry| entry.version.millis));
            prop_assert_eq!(held, [both.iter().copied().flatten().max(); 2], "{}", key(number));
        }
    }
}

#[test]
fn equal_replicas_say_no_more_than_that() {
    let mut cluster = Cluster::new(3);
    (0..50).for_each(|key| {
        cluster.call(0, put(&format!("k{key}"), "v", Level::All));
    });
    let mut sent = 0;
    for _ in 0..40 {
        cluster.pass(25);
        for packet in cluster.take_if(|_| true) {
            let is_short = match &packet.message {
                Message::Digest { .. } => true,
                Message::Versions { leaves, versions, complete, .. } => {
                    leaves.is_empty() && versions.is_empty() && *complete
                }
                _ => false,
            };
            assert!(is_short, "{packet:?}");
            sent += 1;
            cluster.hear(packet.to, packet.from, packet.message);
        }
    }
    assert!(sent > 20, "{sent}");
}

/// Whether two replicas become equal of which one, after both were compared, has got a key that the other lacks.
fn come_together(switch_off: fn(&mut Safeguards)) -> (bool, Cluster) {
    let mut cluster = Cluster::with(3, |config| switch_off(&mut config.safeguards));
    cluster.kill(2);
    (0..50).for_each(|key| {
        cluster.call(0, put(&format!("k{key}"), "v", Level::Quorum));
    });
    cluster.run(500);
    plant(&mut cluster, 0, vec![("new".to_owned(), entry(1, 1))]);
    cluster.run(1_000);
    (cluster.held(1, "new").is_some(), cluster)
}

#[test]
fn replicas_stay_apart_with_a_hash_that_is_stale() {
    let (are_equal, cluster) = come_together(|safeguards| safeguards.tree_hash_fresh = false);
    assert!(!are_equal && cluster.reached.contains("stale-tree-hash-compared"));
}

#[test]
fn replicas_stay_apart_with_a_key_that_is_skipped() {
    let (are_equal, cluster) = come_together(|safeguards| safeguards.last_key_compared = false);
    assert!(!are_equal && cluster.reached.contains("last-key-skipped"));
}

#[test]
fn replicas_come_together_with_every_safeguard() {
    let (are_equal, cluster) = come_together(|_| ());
    assert!(are_equal && cluster.reached.contains("tree-descended"));
    let unplanned = ["stale-tree-hash-compared", "last-key-skipped"];
    assert!(unplanned.iter().all(|marker| !cluster.reached.contains(marker)));
}

#[test]
fn exchange_never_takes_a_replica_back() {
    let mut cluster = Cluster::new(3);
    plant(&mut cluster, 0, vec![("k".to_owned(), entry(5, 1))]);
    let records = cluster.records.len();
    plant(&mut cluster, 0, vec![("k".to_owned(), entry(4, 1))]);
    assert_eq!(cluster.held(0, "k"), Some(entry(5, 1)));
    assert_eq!(cluster.records.len(), records);
}

#[test]
fn nodes_exchange_only_what_both_keep() {
    let mut cluster = Cluster::new(5);
    for key in 0..50 {
        cluster.call(0, put(&format!("k{key}"), "v", Level::One));
    }
    cluster.run(2_000);
    for record in &cluster.records {
        let holders = (0..5).filter(|&node| cluster.durable(node, &record.key).is_some());
        let mut homes = cluster.homes(&record.key).to_vec();
        homes.sort_unstable();
        assert_eq!(holders.collect::<Vec<u16>>(), homes, "{}", record.key);
    }
}

#[test]
fn a_clock_goes_above_what_the_exchange_brought() {
    let mut cluster = Cluster::new(3);
    plant(&mut cluster, 0, vec![("k".to_owned(), entry(9_000_000, 1))]);
    cluster.call(0, put("k", "v", Level::All));
    assert!(cluster.held(1, "k").is_some_and(|held| held.version.millis >= 9_000_000));
    assert_eq!(cluster.held(0, "k").and_then(|held| held.value), Some(b"v".to_vec()));
}
