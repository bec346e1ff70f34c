//! The ring changes while the store serves.

use std::collections::BTreeSet;

use crate::Safeguards;
use crate::protocol::NodeId;
use crate::quorum::config::Config;
use crate::quorum::message::{Level, Message, Operation, Refusal, Request, Response};
use crate::quorum::record::Logged;
use crate::quorum::ring::Homes;
use crate::quorum::ring::agreement::Ballots;
use crate::quorum::ring::layout::{Change, Layout, Order};
use crate::quorum::testkit::{Cluster, Packet, delete, get, put, request, value, written};

/// Five nodes, of which the last is not on the ring.
fn cluster_with(change: impl FnOnce(&mut Config)) -> Cluster {
    Cluster::with(5, |config| {
        config.has_ring_changes = true;
        config.members = Some(vec![0, 1, 2, 3]);
        change(config);
    })
}

fn cluster() -> Cluster {
    cluster_with(|_| {})
}

/// The same, where nobody else has what a node has.
fn with_one_replica(change: impl FnOnce(&mut Safeguards)) -> Cluster {
    cluster_with(|config| {
        (config.replication, config.read_quorum, config.write_quorum) = (1, 1, 1);
        change(&mut config.safeguards);
    })
}

fn change(change: Change) -> Request {
    request(Operation::ChangeRing { order: Order::Begin(change) }, Level::Quorum)
}

fn layout(cluster: &mut Cluster, node: NodeId) -> Layout {
    match cluster.call(node, request(Operation::Ring, Level::Quorum)) {
        Response::Ring { layout, .. } => layout,
        other => panic!("no ring: {other:?}"),
    }
}

/// The home replicas of a key with these members.
fn homes(cluster: &Cluster, members: &[NodeId], key: &str) -> Homes {
    cluster.config.ring_in(&Layout::first(members.to_vec())).homes(key, cluster.config.replication)
}

const ALL: [NodeId; 5] = [0, 1, 2, 3, 4];
const FOUR: [NodeId; 4] = [0, 1, 2, 3];

/// The power of all fails, and comes back.
fn restart_all(cluster: &mut Cluster) {
    ALL.into_iter().for_each(|node| cluster.cut_power(node));
    ALL.into_iter().for_each(|node| cluster.start(node));
}

fn keys() -> impl Iterator<Item = String> {
    (0..60).map(|number| format!("key{number}"))
}

/// A key that the fifth node comes to own in the place of another.
fn moving(cluster: &Cluster) -> (String, NodeId) {
    let found = keys().find_map(|key| {
        let (old, new) = (homes(cluster, &FOUR, &key), homes(cluster, &ALL, &key));
        let gone = old.iter().copied().find(|home| !new.contains(home))?;
        Some((key, gone))
    });
    found.expect("some keys move")
}

fn is_layout_of(epoch: u64) -> impl Fn(&Packet) -> bool {
    move |packet| matches!(&packet.message, Message::Layout { layout, .. } if layout.epoch == epoch)
}

#[test]
fn who_joins_gets_what_it_owns_and_only_that_moves() {
    let mut cluster = cluster();
    for key in keys() {
        written(&cluster.call(0, put(&key, "v", Level::All)));
    }
    let before = cluster.records.len();
    assert!(matches!(cluster.call(1, change(Change::Join(4))), Response::Ring { .. }));
    cluster.run(6_000);
    let joined = Layout { epoch: 2, members: ALL.to_vec(), change: None };
    assert!(ALL.into_iter().all(|node| layout(&mut cluster, node) == joined));
    // Each copy that moves is written once, by the node that it moves to, and dropped once.
    let mut moved = BTreeSet::new();
    for key in keys() {
        let (old, new) = (homes(&cluster, &FOUR, &key), homes(&cluster, &ALL, &key));
        for node in ALL {
            assert_eq!(cluster.held(node, &key).is_some(), new.contains(&node), "{key} on {node}");
        }
        moved.extend(old.iter().filter(|home| !new.contains(home)).map(|home| (*home, key.clone())));
    }
    assert_eq!(cluster.released.iter().cloned().collect::<BTreeSet<_>>(), moved);
    let written = cluster.records[before..].iter().map(|record| &record.key).collect::<Vec<_>>();
    assert_eq!(written.len(), moved.len(), "{written:?}");
    assert!(moved.len() > 20 && moved.len() < 60, "{}", moved.len());
}

#[test]
fn who_leaves_hands_everything_over() {
    let mut cluster = cluster();
    cluster.call(1, change(Change::Join(4)));
    cluster.run(6_000);
    for key in keys() {
        written(&cluster.call(0, put(&key, "v", Level::All)));
    }
    cluster.call(2, change(Change::Leave(1)));
    cluster.run(8_000);
    let left = Layout { epoch: 4, members: vec![0, 2, 3, 4], change: None };
    assert!(ALL.into_iter().all(|node| layout(&mut cluster, node) == left));
    for key in keys() {
        assert_eq!(cluster.held(1, &key), None);
        assert!(
            homes(&cluster, &left.members, &key).into_iter().all(|home| cluster.held(home, &key).is_some())
        );
        assert_eq!(value(&cluster.call(1, get(&key, Level::Quorum))).as_deref(), Some("v"));
    }
}

#[test]
fn one_change_at_a_time() {
    let mut cluster = cluster();
    cluster.call(0, change(Change::Join(4)));
    let second = cluster.call(2, change(Change::Leave(1)));
    let Response::Refused(Refusal::Unavailable(why)) = second else { panic!("{second:?}") };
    assert!(why.contains("n5 joins (epoch 1): one change at a time"), "{why}");
    let again = cluster.call(2, change(Change::Join(4)));
    assert!(matches!(again, Response::Ring { .. }), "{again:?}");
    let cancel = request(Operation::ChangeRing { order: Order::Cancel }, Level::Quorum);
    assert!(matches!(cluster.call(3, cancel), Response::Ring { .. }));
    assert_eq!(layout(&mut cluster, 0), Layout { epoch: 2, members: FOUR.to_vec(), change: None });
}

#[test]
fn of_two_proposals_one_is_accepted() {
    let mut cluster = cluster();
    let ids = [cluster.ask(0, change(Change::Join(4))), cluster.ask(3, change(Change::Leave(1)))];
    cluster.settle();
    cluster.run(1_500);
    let answers = ids.map(|id| cluster.reply(id));
    let accepted = answers.iter().filter(|answer| matches!(answer, Response::Ring { .. })).count();
    assert_eq!(accepted, 1, "{answers:?}");
    let layouts: BTreeSet<String> = ALL.map(|node| format!("{:?}", layout(&mut cluster, node))).into();
    assert_eq!(layouts.len(), 1, "{layouts:?}");
}

#[test]
fn a_minority_accepts_nothing() {
    let mut cluster = cluster();
    cluster.kill(2);
    cluster.kill(3);
    let id = cluster.call_unanswered(0, change(Change::Join(4)));
    cluster.run(1_500);
    assert!(matches!(cluster.reply(id), Response::Unknown(_)));
    assert_eq!(layout(&mut cluster, 0).epoch, 0);
}

#[test]
fn what_was_accepted_is_not_forgotten() {
    let mut cluster = cluster();
    cluster.ask(0, change(Change::Join(4)));
    // A majority has accepted, without n2, and nobody but the proposer would hear of it.
    for _ in 0..4 {
        let is = |packet: &Packet, to, wanted: fn(&Ballots) -> bool| {
            packet.to == to && matches!(&packet.message, Message::Ballots { said, .. } if wanted(said))
        };
        cluster.take_if(|packet| is(packet, 0, |said| matches!(said, Ballots::Accepted(_))));
        cluster.take_if(|packet| is(packet, 1, |said| matches!(said, Ballots::Accept(..))));
        cluster.deliver_if(|_| true);
        ALL.into_iter().for_each(|node| cluster.sync(node));
    }
    cluster.lose_all();
    restart_all(&mut cluster);
    // Now that proposes something else, hears of itself first, and has to propose what the others tell.
    let id = cluster.ask(1, change(Change::Leave(2)));
    cluster.sync(1);
    cluster.settle();
    assert!(matches!(cluster.reply(id), Response::Refused(_)), "{:?}", cluster.reply(id));
    assert_eq!(layout(&mut cluster, 1).change, Some(Change::Join(4)));
}

#[test]
fn while_it_changes_old_and_new_owners_are_needed() {
    let mut cluster = cluster();
    let (key, gone) = moving(&cluster);
    cluster.call(0, change(Change::Join(4)));
    // Without the new owner and one of the old ones there is no quorum of the new ones.
    let stay: Vec<NodeId> = homes(&cluster, &ALL, &key).into_iter().filter(|home| *home != 4).collect();
    cluster.kill(4);
    cluster.kill(stay[0]);
    let coordinator = stay[1];
    let id = cluster.call_unanswered(coordinator, put(&key, "v", Level::Quorum));
    cluster.run(1_500);
    assert!(matches!(cluster.reply(id), Response::Unknown(_)), "{gone} and {coordinator} are old owners");
    cluster.start(4);
    cluster.run(600);
    written(&cluster.call(coordinator, put(&key, "w", Level::Quorum)));
}

#[test]
fn who_has_not_heard_of_a_layout_is_not_answered_under_the_old_one() {
    let mut cluster = cluster();
    let (key, gone) = moving(&cluster);
    let lagging =
        FOUR.into_iter().find(|node| !homes(&cluster, &FOUR, &key).contains(node)).expect("one of four");
    cluster.ask(0, change(Change::Join(4)));
    for _ in 0..20 {
        cluster.take_if(|packet| packet.to == lagging && is_layout_of(1)(packet));
        cluster.deliver_if(|_| true);
        ALL.into_iter().for_each(|node| cluster.sync(node));
    }
    assert_eq!((layout_of(&mut cluster, gone), layout_of(&mut cluster, lagging)), (1, 0));
    let id = cluster.ask(lagging, put(&key, "v", Level::One));
    cluster.deliver_if(|packet| matches!(packet.message, Message::Write { .. }));
    assert!(cluster.reached.contains("older-epoch-refused"));
    assert!(!cluster.network.iter().any(|packet| matches!(packet.message, Message::Written { .. })));
    // It learns of the new one, and asks anew, those who own the key now.
    cluster.settle();
    written(&cluster.reply(id));
    assert!(cluster.held(4, &key).is_some() && cluster.held(gone, &key).is_some());
}

#[test]
fn level_atomic_is_not_to_be_had_of_a_range_that_changes() {
    let mut cluster = cluster();
    let (key, _) = moving(&cluster);
    let stays = keys().find(|key| !homes(&cluster, &ALL, key).contains(&4)).expect("not all keys move");
    written(&cluster.call(0, put(&key, "v", Level::Atomic)));
    cluster.call(0, change(Change::Join(4)));
    let refused = cluster.call(0, get(&key, Level::Atomic));
    let Response::Refused(Refusal::Unavailable(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("not to be had at level atomic"), "{why}");
    written(&cluster.call(0, put(&stays, "v", Level::Atomic)));
    cluster.run(6_000);
    assert_eq!(value(&cluster.call(0, get(&key, Level::Atomic))).as_deref(), Some("v"));
}

#[test]
fn a_change_goes_on_after_a_crash_of_all() {
    let mut cluster = cluster();
    let (key, gone) = moving(&cluster);
    written(&cluster.call(0, put(&key, "v", Level::All)));
    cluster.call(0, change(Change::Join(4)));
    restart_all(&mut cluster);
    assert_eq!(layout(&mut cluster, 2).change, Some(Change::Join(4)));
    cluster.run(6_000);
    assert_eq!(layout(&mut cluster, 2).epoch, 2);
    assert!(cluster.held(4, &key).is_some() && cluster.held(gone, &key).is_none());
    // And once more: what was dropped is not replayed.
    restart_all(&mut cluster);
    assert!(cluster.held(4, &key).is_some() && cluster.held(gone, &key).is_none());
}

#[test]
fn what_was_handed_over_is_there_after_a_crash() {
    let mut cluster = with_one_replica(|_| {});
    let (key, _) = moving(&cluster);
    written(&cluster.call(0, put(&key, "v", Level::Quorum)));
    cluster.ask(0, change(Change::Join(4)));
    for _ in 0..400 {
        cluster.pass(25);
        cluster.deliver_all();
        ALL.into_iter().for_each(|node| cluster.sync(node));
        if cluster.held(4, &key).is_some() {
            break;
        }
    }
    assert!(layout(&mut cluster, 4).change.is_some() && cluster.held(4, &key).is_some());
    // It may have said so, and then the others end the change without it, and drop theirs.
    cluster.kill(4);
    cluster.start(4);
    assert!(cluster.held(4, &key).is_some());
}

#[test]
fn a_change_waits_for_a_member_that_is_down() {
    let mut cluster = cluster();
    let (key, gone) = moving(&cluster);
    // Only the node that is to go has it.
    let id = cluster.ask(gone, put(&key, "v", Level::One));
    cluster.sync(gone);
    cluster.lose_all();
    written(&cluster.reply(id));
    cluster.kill(gone);
    let other = FOUR.into_iter().find(|node| *node != gone).expect("one of four");
    cluster.call(other, change(Change::Join(4)));
    cluster.run(6_000);
    assert_eq!(layout(&mut cluster, other).epoch, 1, "it waits");
    cluster.start(gone);
    cluster.run(6_000);
    assert_eq!(layout(&mut cluster, other).epoch, 2);
    assert!(cluster.held(4, &key).is_some());
}

#[test]
fn who_comes_back_has_forgotten_what_it_left() {
    let mut cluster = cluster();
    cluster.call(1, change(Change::Join(4)));
    cluster.run(6_000);
    let (key, _) = moving(&cluster);
    written(&cluster.call(0, put(&key, "v", Level::All)));
    // It hands everything over, and does not hear that it has left.
    cluster.call(0, change(Change::Leave(4)));
    for _ in 0..400 {
        cluster.pass(25);
        cluster.take_if(|packet| packet.to == 4 && is_layout_of(4)(packet));
        cluster.deliver_if(|_| true);
        ALL.into_iter().for_each(|node| cluster.sync(node));
    }
    assert_eq!((layout_of(&mut cluster, 0), layout_of(&mut cluster, 4)), (4, 3));
    cluster.kill(4);
    cluster.call(0, change(Change::Join(4)));
    assert!(cluster.released.iter().all(|(node, _)| *node != 4));
    cluster.start(4);
    cluster.settle();
    cluster.run(1_000);
    assert!(cluster.released.contains(&(4, key)), "what it held it cannot know to be the latest");
}

/// A key that will move, deleted everywhere; grace periods are short.
fn cluster_without(replication: usize) -> (Cluster, String, NodeId) {
    let mut cluster = cluster_with(|config| {
        let quorum = replication / 2 + 1;
        (config.replication, config.read_quorum, config.write_quorum) = (replication, quorum, quorum);
        config.grace_ms = 500;
    });
    let (key, gone) = moving(&cluster);
    written(&cluster.call(0, delete(&key, Level::All)));
    (cluster, key, gone)
}

#[test]
fn who_joins_hears_of_deletes_that_were_collected() {
    let (mut cluster, key, gone) = cluster_without(3);
    cluster.run(4_000);
    assert!(cluster.has_collected(gone, &key));
    let deleted = cluster.held(gone, &key).expect("a tombstone");
    let old = homes(&cluster, &FOUR, &key);
    for _ in 0..2 {
        cluster.call(0, change(Change::Join(4)));
        cluster.run(8_000);
        for home in homes(&cluster, &ALL, &key) {
            assert_eq!(cluster.held(home, &key), Some(deleted.clone()), "on {home}, as on the others");
            assert!(cluster.has_collected(home, &key), "on {home}, and collected anew");
        }
        // Who left comes back, and so does whom it had left it to.
        cluster.call(0, change(Change::Leave(4)));
        cluster.run(8_000);
        assert!(old.iter().all(|home| cluster.held(*home, &key) == Some(deleted.clone())));
    }
}

#[test]
fn what_was_collected_before_a_layout_was_in_force_is_handed_over_after_a_crash() {
    let (mut cluster, key, home) = cluster_without(1);
    let deleted = cluster.held(home, &key).expect("a tombstone");
    cluster.ask(home, change(Change::Join(4)));
    for _ in 0..400 {
        cluster.pass(1);
        cluster.deliver_all();
        ALL.into_iter().filter(|node| *node != home).for_each(|node| cluster.sync(node));
        if cluster.hosts[usize::from(home)].log.iter().any(|(_, logged)| is_layout(logged, 1)) {
            break;
        }
        cluster.sync(home);
    }
    let collect = Message::Collect { operation: 1, epoch: 0, key: key.clone(), version: deleted.version };
    cluster.hear(home, (home + 1) % 4, collect);
    cluster.sync(home);
    assert!(cluster.has_collected(home, &key));
    cluster.kill(home);
    cluster.start(home);
    cluster.run(8_000);
    assert_eq!(cluster.held(4, &key), Some(deleted));
}

#[test]
fn what_was_dropped_in_the_log_alone_is_told_at_the_next_start() {
    let mut cluster = cluster();
    let (key, gone) = moving(&cluster);
    written(&cluster.call(0, put(&key, "v", Level::All)));
    cluster.call(0, change(Change::Join(4)));
    // It hears that it is over, writes that down, and dies before it acts on it.
    for _ in 0..400 {
        cluster.pass(25);
        cluster.deliver_all();
        ALL.into_iter().filter(|node| *node != gone).for_each(|node| cluster.sync(node));
        if cluster.hosts[usize::from(gone)].log.iter().any(|(_, logged)| is_layout(logged, 2)) {
            break;
        }
        cluster.sync(gone);
    }
    assert_eq!(layout_of(&mut cluster, gone), 1);
    cluster.kill(gone);
    assert!(!cluster.released.contains(&(gone, key.clone())));
    cluster.start(gone);
    assert_eq!(cluster.held(gone, &key), None);
    assert!(cluster.released.contains(&(gone, key)));
}

fn is_layout(logged: &Logged, epoch: u64) -> bool {
    matches!(logged, Logged::Layout(layout) if layout.epoch == epoch)
}

fn layout_of(cluster: &mut Cluster, node: NodeId) -> u64 {
    let id = cluster.ask(node, request(Operation::Ring, Level::Quorum));
    match cluster.reply(id) {
        Response::Ring { layout, .. } => layout.epoch,
        other => panic!("no ring: {other:?}"),
    }
}

#[test]
fn a_damaged_member_takes_no_part_in_the_decision_under_way() {
    let mut cluster = cluster();
    written(&cluster.call(0, put("k", "v", Level::All)));
    let damaged = homes(&cluster, &FOUR, "k")[0];
    cluster.kill(damaged);
    cluster.damage(damaged, |record| record.key == "k");
    cluster.start(damaged);
    cluster.run(4_000);
    assert!(!cluster.is_recovering(damaged));
    let other = FOUR.into_iter().find(|node| *node != damaged).expect("one of four");
    let down = FOUR.into_iter().find(|node| ![damaged, other].contains(node)).expect("one of four");
    cluster.kill(down);
    let id = cluster.call_unanswered(other, change(Change::Join(4)));
    cluster.run(1_500);
    assert!(matches!(cluster.reply(id), Response::Unknown(_)), "three of four are a majority, two are not");
    cluster.start(down);
    assert!(matches!(cluster.call(other, change(Change::Join(4))), Response::Ring { .. }));
}

#[test]
fn a_layout_with_nodes_that_there_are_not_is_not_taken() {
    let mut cluster = cluster();
    let strange = Layout { epoch: 1, members: vec![0, 1, 2, 9], change: None };
    cluster.hear(0, 1, Message::Layout { layout: strange.clone(), has_handed_over: false });
    cluster.settle();
    cluster.kill(0);
    cluster.hosts[0].log.push((0, Logged::Layout(strange)));
    cluster.start(0);
    assert_eq!(layout_of(&mut cluster, 0), 0);
}

#[test]
fn a_fixed_ring_does_not_change() {
    let mut cluster = Cluster::new(5);
    let refused = cluster.call(0, change(Change::Leave(4)));
    assert!(matches!(refused, Response::Refused(_)), "{refused:?}");
    let Layout { epoch, .. } = layout(&mut cluster, 0);
    cluster.hear(
        0,
        1,
        Message::Layout {
            layout: Layout { epoch: 7, ..Layout::first(vec![1, 2, 3]) },
            has_handed_over: false,
        },
    );
    assert_eq!(layout(&mut cluster, 0).epoch, epoch);
}

#[test]
fn with_one_owner_alone_asked_a_write_is_lost() {
    let lost = |both_owners_asked| {
        let mut cluster = with_one_replica(|safeguards| safeguards.both_owners_asked = both_owners_asked);
        let (key, _) = moving(&cluster);
        cluster.call(0, change(Change::Join(4)));
        // Handed over, and not finished yet.
        while !cluster.reached.contains("handed-over") {
            cluster.run(25);
        }
        let is_finishing = |message: &Message| matches!(message, Message::Ballots { .. });
        written(&cluster.call(0, put(&key, "v", Level::Quorum)));
        cluster.take_if(|packet| is_finishing(&packet.message));
        cluster.run(3_000);
        value(&cluster.call(0, get(&key, Level::Quorum))).is_none()
    };
    assert!(!lost(true));
    assert!(lost(false));
}

#[test]
fn with_hand_over_not_awaited_a_range_is_lost() {
    let lost = |hand_over_awaited| {
        let mut cluster = with_one_replica(|safeguards| safeguards.hand_over_awaited = hand_over_awaited);
        let (key, _) = moving(&cluster);
        written(&cluster.call(0, put(&key, "v", Level::Quorum)));
        cluster.call(0, change(Change::Join(4)));
        cluster.run(6_000);
        value(&cluster.call(0, get(&key, Level::Quorum))).is_none()
    };
    assert!(!lost(true));
    assert!(lost(false));
}
