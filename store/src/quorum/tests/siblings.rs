//! Mode siblings: what no client has seen stays.

use crate::quorum::config::Mode;
use crate::quorum::message::{Level, Message, NodeId, Operation, Refusal, Request, Response};
use crate::quorum::siblings::Siblings;
use crate::quorum::testkit::{Cluster, delete, get, put, request};

pub fn cluster(nodes: usize) -> Cluster {
    Cluster::with(nodes, |config| config.mode = Mode::Siblings)
}

pub fn update(key: &str, value: Option<&str>, context: Vec<u8>, level: Level) -> Request {
    let value = value.map(|text| text.as_bytes().to_vec());
    request(Operation::Update { key: key.to_owned(), value, context }, level)
}

/// What a read was answered with: the values, none for a tombstone, and the context.
pub fn read(response: Response) -> (Vec<Option<String>>, Vec<u8>) {
    let Response::Siblings { values, context, .. } = response else { panic!("no siblings: {response:?}") };
    let text = |value: Option<Vec<u8>>| value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (values.into_iter().map(text).collect(), context)
}

fn values(cluster: &mut Cluster, key: &str) -> Vec<String> {
    let (values, _) = read(cluster.call(0, get(key, Level::Quorum)));
    values.into_iter().map(|value| value.unwrap_or_else(|| "(deleted)".to_owned())).collect()
}

/// What each node holds of a key.
fn held(cluster: &mut Cluster, key: &str) -> Vec<Option<Siblings>> {
    let nodes = 0..cluster.hosts.len() as NodeId;
    nodes.map(|node| cluster.held(node, key).as_ref().map(Siblings::of)).collect()
}

#[test]
fn writes_that_do_not_know_each_other_stay_until_a_client_has_seen_both() {
    let mut cluster = cluster(3);
    cluster.call(0, put("k", "a", Level::Quorum));
    cluster.call(1, put("k", "b", Level::Quorum));
    let (both, context) = read(cluster.call(2, get("k", Level::Quorum)));
    assert_eq!(both, [Some("a".to_owned()), Some("b".to_owned())]);
    cluster.call(0, put("k", "c", Level::Quorum));
    cluster.call(2, update("k", Some("ab"), context, Level::Quorum));
    assert_eq!(values(&mut cluster, "k"), ["c", "ab"]);
    assert!(cluster.reached.contains("siblings-held") && cluster.reached.contains("siblings-merged"));
}

#[test]
fn a_delete_takes_away_what_its_client_has_seen() {
    let mut cluster = cluster(3);
    cluster.call(0, put("k", "a", Level::All));
    let (_, context) = read(cluster.call(1, get("k", Level::All)));
    cluster.call(2, put("k", "b", Level::All));
    cluster.call(1, update("k", None, context, Level::All));
    assert_eq!(values(&mut cluster, "k"), ["(deleted)", "b"]);
    cluster.call(0, delete("j", Level::All));
    assert_eq!(values(&mut cluster, "j"), ["(deleted)"]);
    assert_eq!(read(cluster.call(0, get("never", Level::All))).0, []);
}

#[test]
fn two_sides_of_a_partition_come_together_by_the_exchange() {
    let mut cluster = cluster(3);
    for (node, value) in [(0, "a"), (1, "b")] {
        cluster.ask(node, put("k", value, Level::One));
        cluster.lose_all();
        cluster.sync(node);
    }
    assert_ne!(held(&mut cluster, "k")[0], held(&mut cluster, "k")[1]);
    cluster.run(1_500);
    let held = held(&mut cluster, "k");
    assert_eq!(held[0].as_ref().map(Siblings::len), Some(2));
    assert!(held.iter().all(|each| *each == held[0]), "{held:?}");
}

#[test]
fn a_write_that_arrives_again_brings_nothing_back() {
    let mut cluster = cluster(3);
    cluster.ask(0, put("k", "a", Level::Quorum));
    let copies = cluster.network.clone();
    cluster.settle();
    let (_, context) = read(cluster.call(0, get("k", Level::Quorum)));
    cluster.call(1, update("k", Some("b"), context, Level::All));
    cluster.network.extend(copies);
    cluster.settle();
    assert_eq!(values(&mut cluster, "k"), ["b"]);
}

#[test]
fn no_incarnation_of_a_node_issues_the_dots_of_another() {
    let mut cluster = cluster(3);
    cluster.call(0, put("k", "a", Level::All));
    cluster.kill(0);
    cluster.start(0);
    cluster.call(0, put("k", "b", Level::All));
    assert_eq!(values(&mut cluster, "k"), ["a", "b"]);
}

#[test]
fn refuses_what_it_cannot_keep_in_words() {
    let mut cluster = cluster(3);
    let refused = |cluster: &mut Cluster, request| match cluster.call(0, request) {
        Response::Refused(Refusal::Invalid(why)) => why,
        other => panic!("not refused: {other:?}"),
    };
    assert!(refused(&mut cluster, get("k", Level::Atomic)).contains("mode siblings several"));
    let made_up = update("k", Some("a"), vec![255], Level::One);
    assert_eq!(refused(&mut cluster, made_up), "no read has returned this context");
    let mut strict = Cluster::new(3);
    let why = refused(&mut strict, update("k", Some("a"), vec![0], Level::One));
    assert!(why.contains("in mode siblings only"), "{why}");
}

/// It holds as much as its peers do, and not the same.
#[test]
fn a_damaged_replica_is_not_caught_up_before_it_holds_what_its_peers_held() {
    let mut cluster = cluster(3);
    cluster.call(0, put("k", "a", Level::All));
    cluster.kill(2);
    cluster.damage(2, |_| true);
    cluster.start(2);
    cluster.ask(1, put("k", "b", Level::One));
    cluster.deliver_if(|packet| packet.to == 2 && matches!(packet.message, Message::Write { .. }));
    cluster.lose_all();
    cluster.sync(2);
    let is_entries = |message: &Message| matches!(message, Message::Entries { .. });
    for _ in 0..20 {
        cluster.pass(25);
        cluster.take_if(|packet| packet.to == 2 && is_entries(&packet.message));
        cluster.deliver_if(|_| true);
        cluster.deliver_if(|packet| packet.to != 2 || !is_entries(&packet.message));
        (0..3).for_each(|node| cluster.sync(node));
        assert!(cluster.is_recovering(2));
    }
    cluster.run(1_500);
    assert!(!cluster.is_recovering(2));
    let held = held(&mut cluster, "k");
    assert!(held.iter().all(|each| each.as_ref().is_some_and(|each| each.len() == 2)), "{held:?}");
}

#[test]
fn a_write_beside_too_many_bytes_is_not_held() {
    let mut cluster = cluster(3);
    let large = "x".repeat(900_000);
    cluster.call(0, put("k", &large, Level::All));
    let id = cluster.call_unanswered(1, put("k", &large, Level::All));
    cluster.run(1_200);
    assert!(matches!(cluster.reply(id), Response::Unknown(_)));
    let (_, context) = read(cluster.call(0, get("k", Level::All)));
    let over = cluster.call(1, update("k", Some(&large), context, Level::All));
    assert!(matches!(over, Response::Written { .. }), "{over:?}");
}
