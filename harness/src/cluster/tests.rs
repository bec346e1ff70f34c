//! The cluster with a small system of its own: nodes that ping each other through the seam.

mod links;
pub(crate) mod pings;
mod processes;
mod traps;

use std::cell::RefCell;

use super::*;
use crate::sim::network::MessageEffect;
use pings::{Log, node};

fn options(nodes: usize) -> ClusterOptions {
    ClusterOptions {
        seed: 1,
        nodes: (1..=nodes).map(|n| format!("n{n}")).collect(),
        ..ClusterOptions::default()
    }
}

fn cluster(nodes: usize) -> (Cluster, Rc<Log>) {
    cluster_of(options(nodes))
}

fn cluster_of(options: ClusterOptions) -> (Cluster, Rc<Log>) {
    let log = Rc::new(Log::default());
    let all = options.nodes.clone();
    let start: Start = Box::new(move |name, env| node(name, all.clone(), env));
    let cluster = Cluster::new(&options, start, log.clone()).expect("valid options");
    (cluster, log)
}

fn run(cluster: &mut Cluster, time: Duration) {
    let until = cluster.elapsed() + time;
    while cluster.elapsed() < until {
        cluster.step().expect("only nodes fail");
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn nodes_reach_each_other_and_write_to_disk() {
    let (mut cluster, log) = cluster(3);
    run(&mut cluster, seconds(2));
    for (from, to) in [("n1", "n2"), ("n2", "n1"), ("n3", "n1")] {
        assert!(log.pings(from, to) > 5, "{from} -> {to}: {}", log.pings(from, to));
    }
    assert!(cluster.disk_counts("n1").syncs > 5);
}

#[test]
fn overlapping_partitions_heal_one_by_one() {
    let (mut cluster, log) = cluster(4);
    // Connections last two seconds: this is the middle of the second one.
    run(&mut cluster, seconds(3));
    let (one_way, halves) = (cluster.new_fault(), cluster.new_fault());
    let sides: Vec<String> = cluster.nodes().to_vec();
    cluster.block(one_way, "n1", "n3");
    cluster.block_between(halves, &sides[..2], &sides[2..]);
    cluster.heal(halves);
    assert!(cluster.is_blocked("n1", "n3"));
    assert!(!cluster.is_blocked("n3", "n1"));
    let directions = [("n1", "n3"), ("n3", "n1"), ("n2", "n3")];
    let arrived = |log: &Log| directions.map(|(from, to)| log.pings(from, to));
    let before = arrived(&log);
    run(&mut cluster, seconds(3));
    let during = arrived(&log);
    assert_eq!(during[0], before[0], "still cut one way");
    assert!(during[1] > before[1] + 10 && during[2] > before[2] + 10, "{before:?} {during:?}");
    cluster.heal(one_way);
    run(&mut cluster, seconds(3));
    assert!(arrived(&log)[0] > during[0] + 5);
}

#[test]
fn connecting_through_a_cut_waits_until_it_heals() {
    let all: Vec<String> = options(2).nodes;
    let start: Start = Box::new(move |name, env| match name {
        "n1" => Box::pin(async move {
            env.clock.sleep(Duration::from_millis(100)).await;
            let connected = env.network.connect("n2:7000").await.is_ok();
            env.observer.note(&format!("connected: {connected}"));
            std::future::pending().await
        }),
        _ => node(name, all.clone(), env),
    });
    let log = Rc::new(Log::default());
    let mut cluster = Cluster::new(&options(2), start, log.clone()).expect("valid options");
    let cut = cluster.new_fault();
    cluster.block(cut, "n1", "n2");
    run(&mut cluster, seconds(2));
    assert!(!log.has("n1", "connected"), "{:?}", log.lines());
    cluster.heal(cut);
    run(&mut cluster, Duration::from_millis(300));
    assert!(log.has("n1", "connected: true"), "{:?}", log.lines());
}

#[test]
fn messages_are_lost_and_duplicated_as_told() {
    let (mut cluster, log) = cluster(3);
    run(&mut cluster, seconds(2));
    let ways = cluster.ways_of(&["n2".to_string()]);
    let (chance, effect) = (1.0, MessageEffect::Loss);
    let lossy = cluster.new_fault();
    cluster.disturb(lossy, MessageFault { ways: ways.clone(), chance, effect });
    run(&mut cluster, Duration::from_millis(100));
    let (to_n2, to_n3) = (log.pings("n1", "n2"), log.pings("n1", "n3"));
    run(&mut cluster, seconds(1));
    assert_eq!(log.pings("n1", "n2"), to_n2);
    assert!(log.pings("n1", "n3") > to_n3);
    assert!(cluster.message_counts().lost > 10);
    cluster.heal(lossy);
    let twice = cluster.new_fault();
    let effect = MessageEffect::Duplication(Duration::from_millis(50));
    cluster.disturb(twice, MessageFault { ways, chance, effect });
    run(&mut cluster, seconds(1));
    assert!(cluster.message_counts().duplicated > 10);
    assert!(log.repeated("n1", "n2") > 5);
    assert_eq!(log.repeated("n1", "n3"), 0);
}

#[test]
fn clients_reach_nodes_through_partitions_and_are_refused_by_dead_ones() {
    let (mut cluster, _) = cluster(3);
    let fault = cluster.new_fault();
    let nodes: Vec<String> = cluster.nodes().to_vec();
    cluster.block_between(fault, &nodes[..1], &nodes[1..]);
    cluster.kill(fault, "n3");
    let outcomes: Rc<RefCell<Vec<(String, String)>>> = Rc::default();
    let seen = outcomes.clone();
    cluster.client_host(|sessions| async move {
        let env = sessions.env("c1");
        env.clock.sleep(Duration::from_millis(100)).await;
        for node in ["n1", "n2", "n3"] {
            let outcome = match env.network.connect(&format!("{node}:7000")).await {
                Ok(_) => "connected".to_string(),
                Err(error) => error.kind().to_string(),
            };
            seen.borrow_mut().push((node.to_string(), outcome));
        }
        Ok(())
    });
    run(&mut cluster, seconds(1));
    let expected = [("n1", "connected"), ("n2", "connected"), ("n3", "connection refused")];
    let expected = expected.map(|(node, outcome)| (node.to_string(), outcome.to_string()));
    assert_eq!(*outcomes.borrow(), expected);
}

#[test]
fn sleep_follows_the_monotonic_clock() {
    let woken: Rc<RefCell<Vec<(String, u64)>>> = Rc::default();
    let seen = woken.clone();
    let start: Start = Box::new(move |name, env| {
        let (name, seen) = (name.to_string(), seen.clone());
        Box::pin(async move {
            env.clock.sleep(seconds(10)).await;
            let true_ms = turmoil::sim_elapsed().map_or(0, |now| now.as_millis() as u64);
            seen.borrow_mut().push((name, true_ms));
            std::future::pending().await
        })
    });
    let watch = Rc::new(Log::default());
    let mut cluster = Cluster::new(&options(3), start, watch).expect("valid options");
    let (slow, fast) = (cluster.new_fault(), cluster.new_fault());
    cluster.skew(slow, "n2", ClockFault::Drift(-400_000));
    run(&mut cluster, seconds(5));
    cluster.skew(fast, "n3", ClockFault::Drift(250_000));
    run(&mut cluster, seconds(16));
    let woken: BTreeMap<String, u64> = woken.borrow().iter().cloned().collect();
    // n3 has five of its ten seconds left, which take 4.
    for (node, at) in [("n1", 10_000), ("n2", 16_667), ("n3", 9_000)] {
        assert!((at..=at + 10).contains(&woken[node]), "{node}: {woken:?}");
    }
}
