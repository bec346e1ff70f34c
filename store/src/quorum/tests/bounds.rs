//! Hostile and broken peers and clients; bounded memory.

use crate::quorum::merkle::{FAN_OUT, Range};
use crate::quorum::message::{Entry, ExchangeId, Level, Message, Operation, Refusal, Request, Response};
use crate::quorum::testkit::{Cluster, get, put, request, written};
use crate::quorum::version::Version;

fn entry(version: Version) -> Entry {
    Entry { version, atomic: false, value: Some(b"v".to_vec()) }
}

fn impossible() -> Version {
    Version { millis: u64::MAX, counter: u32::MAX, node: u16::MAX, incarnation: u32::MAX }
}

#[test]
fn an_impossible_version_reaches_neither_the_replica_nor_the_clock() {
    let mut cluster = Cluster::new(3);
    let key = "k".to_owned();
    let messages = [
        Message::Write { operation: 1, epoch: 0, key: key.clone(), entry: entry(impossible()) },
        Message::Held { operation: 1, entry: Some(entry(impossible())) },
        Message::Entries { entries: vec![(key.clone(), entry(impossible()))], wanted: vec![] },
        Message::Versions {
            exchange: ExchangeId { by: 0, number: 1 << 32, epoch: 0 },
            leaves: vec![],
            versions: vec![(key, impossible())],
            complete: true,
        },
    ];
    for message in messages {
        cluster.hear(0, 1, message);
    }
    cluster.settle();
    assert!(cluster.records.is_empty());
    assert!(written(&cluster.call(0, put("k", "v", Level::All))).is_possible());
}

#[test]
fn an_impossible_token_is_refused() {
    let mut cluster = Cluster::new(3);
    let above = cluster.call(0, Request { above: Some(impossible()), ..put("k", "v", Level::One) });
    let floor = cluster.call(0, Request { floor: Some(impossible()), ..get("k", Level::One) });
    assert!([above, floor].iter().all(|each| matches!(each, Response::Refused(Refusal::Invalid(_)))));
}

#[test]
fn the_highest_token_leaves_room_for_later_writes() {
    let mut cluster = Cluster::new(3);
    let above = Version { millis: Version::MILLIS_END - 2, counter: u32::MAX, ..Version::default() };
    let first = written(&cluster.call(0, Request { above: Some(above), ..put("k", "v", Level::All) }));
    assert!(written(&cluster.call(1, put("k", "v", Level::All))) > first);
}

#[test]
fn unknown_nodes_and_impostors_are_not_heard() {
    let mut cluster = Cluster::new(3);
    for from in [0, 3, u16::MAX] {
        cluster.hear(
            0,
            from,
            Message::Digest { exchange: ExchangeId { by: from, number: 1, epoch: 0 }, root: 0 },
        );
        cluster.hear(
            0,
            from,
            Message::Write { operation: 1, epoch: 0, key: "k".to_owned(), entry: entry(Version::default()) },
        );
    }
    assert!(cluster.network.is_empty() && cluster.records.is_empty());
}

#[test]
fn a_node_keeps_no_keys_of_others_and_does_not_answer_for_them() {
    let mut cluster = Cluster::new(5);
    let homes = cluster.homes("k");
    let stranger = (0..5).find(|node| !homes.contains(node)).expect("five nodes, three homes");
    let (from, key) = (homes[0], "k".to_owned());
    let entries = vec![(key.clone(), entry(Version::default()))];
    cluster.hear(
        stranger,
        from,
        Message::Write { operation: 1, epoch: 0, key: key.clone(), entry: entry(Version::default()) },
    );
    cluster.hear(stranger, from, Message::Entries { entries, wanted: vec![key.clone()] });
    cluster.hear(stranger, from, Message::Read { operation: 1, epoch: 0, key });
    cluster.sync(stranger);
    assert!(
        cluster.records.is_empty()
            && cluster.network.iter().all(|packet| {
                matches!(&packet.message, Message::Entries { entries, .. } if entries.is_empty())
            })
    );
}

#[test]
fn lists_of_any_length_do_no_harm() {
    let mut cluster = Cluster::new(3);
    cluster.call(0, put("k", "v", Level::All));
    let exchange = ExchangeId { by: 1, number: u64::MAX, epoch: 0 };
    cluster.hear(0, 1, Message::Hashes { exchange, below: vec![] });
    cluster.hear(0, 1, Message::Hashes { exchange, below: vec![(Range::WHOLE, [7; FAN_OUT]); 10_000] });
    cluster.hear(0, 1, Message::Hashes { exchange, below: vec![(Range::leaf(7), [7; FAN_OUT])] });
    cluster.hear(0, 1, Message::Entries { entries: vec![], wanted: vec!["k".to_owned(); 100_000] });
    let sent = cluster.take_if(|packet| packet.from == 0);
    let entries = sent.iter().filter_map(|packet| match &packet.message {
        Message::Entries { entries, .. } => Some(entries.len()),
        _ => None,
    });
    assert_eq!(entries.collect::<Vec<_>>(), [1], "each key is sent once");
    let ranges = sent.iter().filter_map(|packet| match &packet.message {
        Message::Hashes { below, .. } => Some(below.len()),
        _ => None,
    });
    assert_eq!(ranges.collect::<Vec<_>>(), [FAN_OUT], "each range is looked into once");
}

#[test]
fn operations_that_only_wait_for_a_late_replica_make_room() {
    let mut cluster = Cluster::with(3, |config| config.retry_ms = 60_000);
    cluster.kill(2);
    for number in 0..10_050 {
        let write = cluster.ask(0, put("k", &number.to_string(), Level::One));
        cluster.network.clear();
        cluster.sync(0);
        written(&cluster.reply(write));
    }
}

#[test]
fn more_operations_than_fit_are_refused() {
    let mut cluster = Cluster::new(3);
    for _ in 0..10_000 {
        cluster.ask(0, get("k", Level::All));
        cluster.network.clear();
    }
    let one_more = cluster.call(0, get("k", Level::One));
    assert!(matches!(one_more, Response::Refused(Refusal::Unavailable(_))));
    cluster.pass(1_000);
    cluster.lose_all();
    assert!(matches!(cluster.call(0, get("k", Level::One)), Response::Value { .. }));
}

#[test]
fn a_disk_that_does_not_keep_up_takes_no_more_writes() {
    let mut cluster = Cluster::with(3, |config| config.retry_ms = 60_000);
    let value = "x".repeat(1 << 20);
    let appended = |cluster: &Cluster| cluster.hosts[0].log.len();
    for _ in 0..70 {
        cluster.ask(0, put("k", &value, Level::One));
        cluster.lose_all();
    }
    let before = appended(&cluster);
    assert!((50..64).contains(&before), "{before}");
    cluster.sync(0);
    cluster.ask(0, put("k", &value, Level::One));
    assert_eq!(appended(&cluster), before + 1);
}

#[test]
fn keys_and_values_out_of_bounds_are_refused() {
    let mut cluster = Cluster::new(3);
    let (long, large) = ("k".repeat(1025), "v".repeat((1 << 20) + 1));
    for request in [put("", "v", Level::One), get(&long, Level::One), put("k", &large, Level::One)] {
        assert!(matches!(cluster.call(0, request), Response::Refused(Refusal::Invalid(_))));
    }
    assert!(cluster.records.is_empty());
}

#[test]
fn a_dump_comes_in_pages_that_leave_nothing_out() {
    let mut cluster = Cluster::new(3);
    let value = "x".repeat(200_000);
    for key in 0..7 {
        cluster.call(0, put(&format!("k{key}"), &value, Level::All));
    }
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = cluster.call(0, request(Operation::Dump { after: after.clone() }, Level::One));
        let Response::Dump { entries, more } = page else { panic!("no dump, but {page:?}") };
        keys.extend(entries.into_iter().map(|(key, _)| key));
        after = keys.last().cloned();
        if !more {
            break;
        }
    }
    keys.sort_unstable();
    assert_eq!(keys, (0..7).map(|key| format!("k{key}")).collect::<Vec<_>>());
}
