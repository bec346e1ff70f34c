//! Who is there: heartbeats by gossip, and who is missed.

use crate::Safeguards;
use crate::quorum::config::Mode;
use crate::quorum::membership::member::{Beat, Member, State};
use crate::quorum::message::{Level, Message, NodeId, Operation, Response};
use crate::quorum::testkit::{Cluster, Packet, put, request, written};

/// Long enough for a heartbeat to reach all, and for nobody to be missed.
const SPREAD_MS: u64 = 800;
/// Long enough for a node that is silent to be down for all others.
const DETECTED_MS: u64 = 2_500;

fn cluster(nodes: usize, safeguards: Safeguards) -> Cluster {
    Cluster::with(nodes, |config| {
        (config.has_membership, config.mode) = (true, Mode::Sloppy);
        (config.replication, config.write_quorum) = (nodes.min(3), nodes.min(2));
        config.read_quorum = nodes.min(2);
        config.safeguards = safeguards;
        config.exchange_ms = 1_000_000;
    })
}

/// Five nodes that have heard of each other.
fn five() -> Cluster {
    let mut cluster = cluster(5, Safeguards::default());
    cluster.run(SPREAD_MS);
    cluster
}

/// What a node told last of a member: state and generation.
fn view(cluster: &Cluster, by: NodeId, of: NodeId) -> Option<(State, u32)> {
    let name = &cluster.config.nodes[usize::from(of)];
    let mut told = cluster.views.iter().rev().filter(|(node, view)| *node == by && view.of == *name);
    told.next().map(|(_, view)| (view.state, view.beat.generation))
}

/// What the others take a member for.
fn views_of(cluster: &Cluster, of: NodeId) -> Vec<Option<(State, u32)>> {
    let others = (0..cluster.hosts.len() as NodeId).filter(|node| *node != of);
    others.map(|node| view(cluster, node, of)).collect()
}

/// Time passes, and messages in these directions are lost.
fn run_with_cut(cluster: &mut Cluster, ms: u64, is_cut: impl Fn(&Packet) -> bool) {
    for _ in 0..ms / 25 {
        cluster.pass(25);
        while !cluster.network.is_empty() {
            cluster.take_if(&is_cut);
            cluster.deliver_if(|_| true);
        }
    }
}

#[test]
fn all_hear_of_all() {
    let cluster = five();
    for of in 0..5 {
        assert_eq!(views_of(&cluster, of), [Some((State::Up, 1)); 4]);
        assert_eq!(view(&cluster, of, of), Some((State::Up, 1)));
    }
    assert!(!cluster.reached.contains("suspected"));
}

#[test]
fn a_dead_node_is_down_for_all_and_stays_down() {
    let mut cluster = five();
    cluster.kill(2);
    cluster.run(DETECTED_MS);
    assert_eq!(views_of(&cluster, 2), [Some((State::Down, 1)); 4]);
    let told = cluster.views.len();
    cluster.run(10_000);
    assert_eq!(cluster.views.len(), told, "{:?}", &cluster.views[told..]);
    assert!(["suspected", "marked-down"].iter().all(|marker| cluster.reached.contains(marker)));
}

#[test]
fn whoever_is_down_has_two_accusers_who_are_others() {
    let mut cluster = five();
    cluster.kill(2);
    cluster.run(DETECTED_MS);
    let down: Vec<_> = cluster.views.iter().filter(|(_, view)| view.state == State::Down).collect();
    assert_eq!(down.len(), 4);
    assert!(down.iter().all(|(_, view)| view.accusers.len() >= 2 && !view.accusers.contains(&view.of)));
}

#[test]
fn a_restarted_node_comes_back_under_a_higher_generation() {
    let mut cluster = five();
    cluster.kill(2);
    cluster.run(DETECTED_MS);
    cluster.start(2);
    cluster.run(SPREAD_MS);
    assert_eq!(views_of(&cluster, 2), [Some((State::Up, 2)); 4]);
    assert!(cluster.reached.contains("suspicion-refuted"));
}

#[test]
fn without_a_raised_generation_a_restarted_node_is_not_believed() {
    let mut cluster = cluster(5, Safeguards { generation_raised: false, ..Safeguards::default() });
    cluster.run(5_000);
    cluster.kill(2);
    cluster.start(2);
    cluster.run(DETECTED_MS);
    assert_eq!(views_of(&cluster, 2), [Some((State::Down, 1)); 4]);
    assert_eq!(view(&cluster, 2, 2), Some((State::Up, 1)));
    assert!(cluster.reached.contains("generation-not-raised"));
}

#[test]
fn a_node_that_hears_nobody_marks_nobody_down() {
    let mut cluster = five();
    run_with_cut(&mut cluster, 5_000, |packet| packet.to == 0);
    let own = (1..5).map(|of| view(&cluster, 0, of));
    assert_eq!(own.collect::<Vec<_>>(), [Some((State::Suspect, 1)); 4]);
    assert!(!cluster.reached.contains("marked-down"), "it is heard, and what it says is refuted");
}

#[test]
fn without_two_accusers_a_node_that_hears_nobody_marks_all_down() {
    let mut cluster = cluster(5, Safeguards { two_accusers: false, ..Safeguards::default() });
    cluster.run(SPREAD_MS);
    run_with_cut(&mut cluster, 5_000, |packet| packet.to == 0);
    assert!((1..5).all(|of| view(&cluster, 0, of) == Some((State::Down, 1))));
    assert!(cluster.reached.contains("down-by-one-accuser"));
}

#[test]
fn a_node_that_one_other_does_not_hear_is_missed_by_nobody() {
    let mut cluster = five();
    run_with_cut(&mut cluster, 5_000, |packet| packet.from == 2 && packet.to == 0);
    assert!(!cluster.reached.contains("suspected"));
}

#[test]
fn the_last_of_many_do_not_miss_each_other() {
    let mut cluster = cluster(9, Safeguards::default());
    cluster.run(2 * SPREAD_MS);
    (3..9).for_each(|node| cluster.kill(node));
    cluster.run(2 * DETECTED_MS);
    let before = cluster.views.len();
    cluster.run(20_000);
    assert!(cluster.views[before..].is_empty(), "{:?}", &cluster.views[before..]);
    for (by, of) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        assert_eq!(view(&cluster, by, of), Some((State::Up, 1)), "n{by} of n{of}");
    }
}

#[test]
fn stale_gossip_raises_nobody_from_the_dead() {
    let mut cluster = five();
    cluster.pass(200);
    let stale = cluster.take_if(|packet| packet.from != 2);
    cluster.settle();
    cluster.kill(2);
    cluster.run(DETECTED_MS);
    cluster.network.extend(stale);
    cluster.settle();
    assert_eq!(views_of(&cluster, 2), [Some((State::Down, 1)); 4]);
}

/// What a node takes n3 for that first hears of its fifth start, and then of its fourth.
fn after_stale_gossip(safeguards: Safeguards) -> (Option<(State, u32)>, Cluster) {
    let mut cluster = cluster(5, safeguards);
    for generation in [5, 4] {
        let beat = Beat { generation, heartbeat: 90 };
        let mut table = vec![Member::default(); 5];
        table[2] = Member { beat, ..Member::default() };
        cluster.hear(0, 1, Message::Gossip { table });
    }
    (view(&cluster, 0, 2), cluster)
}

#[test]
fn an_old_generation_never_wins() {
    assert_eq!(after_stale_gossip(Safeguards::default()).0, Some((State::Up, 5)));
}

#[test]
fn without_newer_heartbeats_winning_an_old_generation_does() {
    let (view, cluster) =
        after_stale_gossip(Safeguards { newer_heartbeat_wins: false, ..Safeguards::default() });
    assert_eq!(view, Some((State::Up, 4)));
    assert!(cluster.reached.contains("stale-heartbeat-taken"));
}

#[test]
fn of_two_nodes_one_is_enough_and_of_three_the_last_one_is_not() {
    let left = |nodes: usize| {
        let mut cluster = cluster(nodes, Safeguards::default());
        cluster.run(SPREAD_MS);
        (1..nodes as NodeId).for_each(|node| cluster.kill(node));
        cluster.run(DETECTED_MS);
        view(&cluster, 0, 1)
    };
    assert_eq!((left(2), left(3)), (Some((State::Down, 1)), Some((State::Suspect, 1))));
    cluster(1, Safeguards::default()).run(SPREAD_MS);
}

#[test]
fn who_stood_still_accuses_nobody_of_it() {
    let mut cluster = five();
    let table = vec![Member::default(); 5];
    let node = cluster.hosts[0].node.take();
    run_with_cut(&mut cluster, 5_000, |packet| packet.to == 0);
    cluster.hosts[0].node = node;
    cluster.pass(25);
    cluster.hear(0, 1, Message::Gossip { table });
    assert!((1..5).all(|of| view(&cluster, 0, of) == Some((State::Up, 1))));
}

#[test]
fn what_others_say_of_a_node_it_does_not_believe() {
    let mut cluster = five();
    let beat = Beat { generation: 1, heartbeat: 99 };
    let member = Member { beat, accusers: [1, 2].into(), has_left: true };
    cluster.hear(0, 1, Message::Gossip { table: vec![member; 9] });
    assert_eq!(view(&cluster, 0, 0), Some((State::Up, 1)));
}

#[test]
fn who_has_lost_its_directory_hears_so_and_catches_up_first() {
    let mut cluster = five();
    written(&cluster.call(0, put("k", "v", Level::All)));
    let home = cluster.homes("k")[0];
    let held = cluster.held(home, "k").expect("it is there");
    for _ in 0..2 {
        cluster.kill(home);
        cluster.start(home);
    }
    cluster.run(SPREAD_MS);
    cluster.kill(home);
    let host = &mut cluster.hosts[usize::from(home)];
    host.log.clear();
    host.incarnation = 0;
    cluster.config.exchange_ms = 2_000;
    cluster.start(home);
    run_with_cut(&mut cluster, 1_000, |packet| matches!(packet.message, Message::Entries { .. }));
    assert!(cluster.is_recovering(home), "it answers for nothing");
    cluster.run(5_000);
    assert!(!cluster.is_recovering(home));
    assert_eq!(cluster.held(home, "k"), Some(held));
    assert_eq!(views_of(&cluster, home), [Some((State::Up, 4)); 4], "above what they knew");
}

#[test]
fn names_no_accuser_that_is_none_of_the_nodes() {
    let mut cluster = five();
    let beat = Beat { generation: 9, heartbeat: 9 };
    let member = Member { beat, accusers: [1, 77].into(), has_left: false };
    cluster.hear(0, 1, Message::Gossip { table: vec![member; 5] });
    let told = cluster.views.last().expect("a view of the last node");
    assert_eq!(told.1.to_string(), "n5 is suspect, generation 9, heartbeat 9, missed by n2");
}

#[test]
fn nodes_without_membership_say_nothing() {
    let mut cluster = Cluster::with(5, |config| config.exchange_ms = 1_000_000);
    cluster.pass(5_000);
    assert_eq!((cluster.network.len(), cluster.views.len()), (0, 0));
}

#[test]
fn in_the_place_of_a_node_that_is_down_a_stand_in_is_asked_at_once() {
    let mut cluster = five();
    let homes = cluster.homes("k");
    let coordinator = cluster.ring().after_homes("k", 3)[0];
    cluster.kill(homes[0]);
    cluster.kill(homes[1]);
    let answered_at_once = |cluster: &mut Cluster| {
        let write = cluster.call_unanswered(coordinator, put("k", "v", Level::Quorum));
        cluster.replies.get(&write).map(written).is_some()
    };
    assert!(!answered_at_once(&mut cluster), "nobody knows yet");
    cluster.run(DETECTED_MS);
    assert!(answered_at_once(&mut cluster));
    assert!(cluster.reached.contains("stand-in-at-once"));
}

#[test]
fn who_is_ended_in_an_orderly_manner_has_left_at_once_until_its_next_start() {
    let mut cluster = five();
    cluster.end(2);
    cluster.settle();
    assert_eq!(views_of(&cluster, 2), [Some((State::Left, 1)); 4]);
    cluster.run(DETECTED_MS);
    assert!(!cluster.reached.contains("suspected"));
    cluster.start(2);
    cluster.run(SPREAD_MS);
    assert_eq!(views_of(&cluster, 2), [Some((State::Up, 2)); 4]);
}

#[test]
fn every_node_tells_clients_who_is_there() {
    let mut cluster = five();
    cluster.end(2);
    cluster.settle();
    let asked = cluster.call(0, request(Operation::Members, Level::One));
    let Response::Members { views, .. } = asked else { panic!("{asked:?}") };
    let states: Vec<(&str, State)> = views.iter().map(|view| (view.of.as_str(), view.state)).collect();
    let up = |name| (name, State::Up);
    assert_eq!(states, [up("n1"), up("n2"), ("n3", State::Left), up("n4"), up("n5")]);
}

#[test]
fn nodes_without_membership_tell_clients_so() {
    let mut cluster = Cluster::new(3);
    let asked = cluster.call(0, request(Operation::Members, Level::One));
    assert!(matches!(asked, Response::Refused(_)), "{asked:?}");
}
