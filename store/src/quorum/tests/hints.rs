//! Mode sloppy: stand-ins take writes in the place of home replicas that do not answer, and give them back.

use crate::quorum::config::{Config, Mode};
use crate::quorum::message::{Level, Message, NodeId, Response};
use crate::quorum::record::{HintChange, Logged};
use crate::quorum::testkit::{Cluster, Packet, get, put, value, written};

/// Long enough for every stand-in to be asked.
const WAIT_MS: u64 = 600;
/// Long enough for an owner that is back to be tried.
const BACK_MS: u64 = 1_200;

/// Five nodes in mode sloppy that exchange nothing, so that only hints bring what was missed.
fn sloppy(change: impl FnOnce(&mut Config)) -> Cluster {
    Cluster::with(5, |config| {
        config.mode = Mode::Sloppy;
        config.exchange_ms = 1_000_000;
        change(config);
    })
}

/// The home replicas of `k`, and the other nodes, in the order of the ring.
fn sides(cluster: &Cluster) -> ([NodeId; 3], [NodeId; 2]) {
    let homes = cluster.homes("k");
    let others: Vec<NodeId> = cluster.ring().after_homes("k", 3).to_vec();
    ([homes[0], homes[1], homes[2]], [others[0], others[1]])
}

/// Hints that a node would still have after a power loss, those included that it has dropped.
fn logged_hints(cluster: &Cluster, node: NodeId) -> usize {
    let host = &cluster.hosts[usize::from(node)];
    let is_kept = |logged: &Logged| matches!(logged, Logged::Hints(HintChange::Kept { .. }));
    host.log[..host.synced].iter().filter(|(_, logged)| is_kept(logged)).count()
}

/// All home replicas of `k` are down, and `k` is written with the stand-ins, the first of which coordinates.
fn write_without_homes(cluster: &mut Cluster, level: Level) -> Option<Response> {
    let (homes, others) = sides(cluster);
    homes.into_iter().for_each(|home| cluster.kill(home));
    let write = cluster.ask(others[0], put("k", "v", level));
    cluster.run(WAIT_MS);
    cluster.replies.get(&write).cloned()
}

fn start_all(cluster: &mut Cluster, nodes: impl IntoIterator<Item = NodeId>) {
    nodes.into_iter().for_each(|node| cluster.start(node));
}

#[test]
fn stand_ins_take_a_write_and_give_it_back() {
    let mut cluster = sloppy(|_| {});
    let (homes, others) = sides(&cluster);
    let version = written(&write_without_homes(&mut cluster, Level::Quorum).expect("two stand-ins took it"));
    assert_eq!(others.map(|node| logged_hints(&cluster, node)), [1, 1]);
    assert_eq!(others.map(|node| cluster.durable(node, "k")), [None, None], "a hint is no copy");
    assert_eq!(cluster.acknowledged, [], "nobody answers for a copy");
    start_all(&mut cluster, homes);
    cluster.run(BACK_MS);
    let held = homes.iter().filter(|&&home| cluster.durable(home, "k") == Some(version));
    assert!(held.count() >= 2, "each stand-in had an owner of its own");
    assert!(["hint-stored", "hint-handed-back"].iter().all(|marker| cluster.reached.contains(marker)));
}

#[test]
fn strict_mode_asks_home_replicas_only() {
    let mut cluster = sloppy(|config| config.mode = Mode::Strict);
    assert_eq!(write_without_homes(&mut cluster, Level::Quorum), None);
    assert_eq!(cluster.records, []);
}

#[test]
fn without_the_refusal_of_foreign_acknowledgements_no_home_replica_holds_a_strict_write() {
    let mut cluster = sloppy(|config| {
        config.mode = Mode::Strict;
        config.safeguards.foreign_acknowledgements_refused = false;
    });
    written(&write_without_homes(&mut cluster, Level::Quorum).expect("two other nodes were counted"));
    assert!(cluster.acknowledged.is_empty() && cluster.reached.contains("foreign-acknowledgement-counted"));
}

#[test]
fn levels_all_and_atomic_stay_strict() {
    for level in [Level::All, Level::Atomic] {
        let mut cluster = sloppy(|_| {});
        assert_eq!(write_without_homes(&mut cluster, level), None, "{level:?}");
        cluster.run(1_000);
        assert_eq!(cluster.records, [], "{level:?}");
    }
}

#[test]
fn home_replicas_that_answer_need_no_stand_ins() {
    let mut cluster = sloppy(|_| {});
    written(&cluster.call(0, put("k", "v", Level::Quorum)));
    cluster.run(WAIT_MS);
    assert!(!cluster.reached.contains("hint-stored"));
    assert_eq!(cluster.records.len(), 3);
}

#[test]
fn a_hint_counts_only_once_synced() {
    let mut cluster = sloppy(|_| {});
    let (homes, others) = sides(&cluster);
    homes.into_iter().for_each(|home| cluster.kill(home));
    let write = cluster.ask(others[0], put("k", "v", Level::One));
    cluster.pass(300);
    cluster.deliver_all();
    assert!(!cluster.replies.contains_key(&write));
    cluster.sync(others[0]);
    written(&cluster.reply(write));
}

#[test]
fn hints_survive_a_power_loss() {
    assert_eq!(read_after_power_loss(&mut sloppy(|_| {})).as_deref(), Some("v"));
}

#[test]
fn without_hints_in_the_log_a_power_loss_takes_what_was_acknowledged() {
    let mut cluster = sloppy(|config| config.safeguards.hints_logged = false);
    assert_eq!(read_after_power_loss(&mut cluster), None);
    assert!(cluster.reached.contains("hint-not-logged"));
}

/// What is read of a write that only stand-ins took, after all of them have lost power.
fn read_after_power_loss(cluster: &mut Cluster) -> Option<String> {
    let (homes, others) = sides(cluster);
    written(&write_without_homes(cluster, Level::Quorum).expect("two stand-ins took it"));
    others.into_iter().for_each(|node| cluster.cut_power(node));
    start_all(cluster, homes.into_iter().chain(others));
    cluster.run(BACK_MS);
    value(&cluster.call(homes[0], get("k", Level::Quorum)))
}

#[test]
fn a_hint_is_kept_until_its_owner_holds_it() {
    let mut cluster = sloppy(|_| {});
    let held = held_after_long_outage(&mut cluster);
    assert!(held.iter().filter(|held| **held).count() >= 2, "{held:?}");
}

#[test]
fn without_hints_kept_on_failure_no_owner_gets_what_it_missed() {
    let mut cluster = sloppy(|config| config.safeguards.hint_kept_on_failure = false);
    assert_eq!(held_after_long_outage(&mut cluster), [false; 3]);
    assert!(cluster.reached.contains("hint-dropped-on-failure"));
}

/// Which home replicas hold a write that stand-ins took, after attempts to give it back have failed.
fn held_after_long_outage(cluster: &mut Cluster) -> [bool; 3] {
    let (homes, _) = sides(cluster);
    written(&write_without_homes(cluster, Level::Quorum).expect("two stand-ins took it"));
    cluster.run(3 * BACK_MS);
    start_all(cluster, homes);
    cluster.run(BACK_MS);
    homes.map(|home| cluster.durable(home, "k").is_some())
}

#[test]
fn past_the_bound_hints_are_refused_and_the_write_fails() {
    let mut cluster = sloppy(|config| config.hints_max = 0);
    assert_eq!(write_without_homes(&mut cluster, Level::One), None);
    cluster.run(1_000);
    assert_eq!(cluster.replies.len(), 1, "its outcome is unknown");
    assert!(cluster.replies.values().all(|reply| matches!(reply, Response::Unknown(_))));
    assert!(cluster.reached.contains("hints-full") && cluster.records.is_empty());
}

#[test]
fn a_home_replica_and_its_stand_in_count_once() {
    let mut cluster = sloppy(|_| {});
    let (homes, others) = sides(&cluster);
    let write = cluster.ask(others[0], put("k", "v", Level::Quorum));
    // The coordinator stands in for the first, which has the write by now; the others and their stand-in hear nothing.
    let late = cluster.take_if(|packet| packet.to == homes[0]);
    cluster.lose_all();
    cluster.pass(275);
    cluster.lose_all();
    cluster.sync(others[0]);
    cluster.network.extend(late);
    cluster.deliver_all();
    cluster.sync(homes[0]);
    cluster.deliver_all();
    assert_eq!((logged_hints(&cluster, others[0]), cluster.durable(homes[0], "k").is_some()), (1, true));
    assert!(!cluster.replies.contains_key(&write));
}

#[test]
fn the_coordinator_keeps_what_nobody_stands_in_for() {
    let mut cluster = sloppy(|_| {});
    let (homes, others) = sides(&cluster);
    cluster.kill(others[1]);
    assert_eq!(write_without_homes(&mut cluster, Level::Quorum), None, "one node stands in for one other");
    cluster.run(1_000);
    assert!(matches!(cluster.replies.values().next(), Some(Response::Unknown(_))));
    start_all(&mut cluster, homes);
    cluster.run(BACK_MS);
    assert!(homes.iter().all(|&home| cluster.durable(home, "k").is_some()));
    assert_eq!(logged_hints(&cluster, others[0]), 3);
}

#[test]
fn what_is_handed_back_takes_nothing_newer_away() {
    let mut cluster = sloppy(|_| {});
    let (homes, _) = sides(&cluster);
    let first = written(&write_without_homes(&mut cluster, Level::Quorum).expect("two stand-ins took it"));
    start_all(&mut cluster, homes);
    let newer = cluster.ask(homes[0], put("k", "newer", Level::All));
    cluster.settle();
    assert!(written(&cluster.reply(newer)) > first);
    cluster.run(BACK_MS);
    assert!(cluster.reached.contains("hint-handed-back"));
    assert_eq!(value(&cluster.call(homes[0], get("k", Level::All))).as_deref(), Some("newer"));
}

#[test]
fn a_hint_whose_drop_was_lost_is_handed_back_again() {
    let mut cluster = sloppy(|_| {});
    let (homes, others) = sides(&cluster);
    let version = written(&write_without_homes(&mut cluster, Level::One).expect("a stand-in took it"));
    start_all(&mut cluster, homes);
    let is_back = |packet: &Packet| matches!(packet.message, Message::Handoff { .. });
    while !cluster.network.iter().any(is_back) {
        cluster.pass(25);
    }
    cluster.deliver_all();
    homes.into_iter().for_each(|home| cluster.sync(home));
    cluster.deliver_all();
    others.into_iter().for_each(|node| cluster.cut_power(node));
    start_all(&mut cluster, others);
    cluster.run(BACK_MS);
    assert!(homes.iter().any(|&home| cluster.durable(home, "k") == Some(version)));
    let dropped =
        others.map(|node| cluster.hosts[usize::from(node)].log.last().map(|(_, logged)| logged.clone()));
    let is_drop =
        |logged: &Option<Logged>| matches!(logged, Some(Logged::Hints(HintChange::HandedBack { .. })));
    assert!(dropped.iter().any(is_drop), "{dropped:?}");
}
