//! All faults on a small system: what they touch, that they heal, and that it all repeats.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::point;
use perjury_store::raft::fact::Fact;

use super::aim::Size;
use super::*;
use crate::cluster::tests::pings::{Log, node};
use crate::cluster::{ClusterOptions, Start};
use crate::rng::Rng;
use crate::sim::network::Status;

fn cluster(seed: u64, nodes: usize) -> (Cluster, Rc<Log>) {
    let options = ClusterOptions {
        seed,
        nodes: (1..=nodes).map(|n| format!("n{n}")).collect(),
        points: vec![&point::BETWEEN_TWO_SENDS, &point::REPLAYED],
        ..ClusterOptions::default()
    };
    let log = Rc::new(Log::default());
    let all = options.nodes.clone();
    let start: Start = Box::new(move |name, env| {
        if name == "n1" {
            env.observer.fact(&Fact::Leader { term: 1 });
        }
        if name == "n2" {
            env.points.hold(&point::VERSION_CHOSEN);
        }
        if name == "n4" {
            env.points.hold(&point::HINT_KEPT);
        }
        node(name, all.clone(), env)
    });
    let cluster = Cluster::new(&options, start, log.clone()).expect("valid options");
    (cluster, log)
}

/// Runs a schedule to its end, heals, and gives everything that happened, with times.
fn trace(seed: u64) -> Vec<String> {
    let (mut cluster, log) = cluster(seed, 5);
    let mut rng = Rng::new(seed).fork("schedule");
    let rhythm = Rhythm { time_ms: 20_000, gap_ms: 2_500, length_ms_max: 8_000 };
    let schedule = Schedule::draw(&Kind::ALL.map(Selection::Kind), rhythm, &mut rng, &|_| true);
    let mut nemesis = Nemesis::new(&schedule, 0);
    let mut written = 0;
    let mut trace = Vec::new();
    while cluster.elapsed() < Duration::from_secs(25) {
        cluster.step().expect("only nodes fail");
        let now = cluster.elapsed();
        let lines = log.lines_from(written);
        written += lines.len();
        trace.extend(lines.iter().map(|line| format!("{now:?} {line}")));
        let mut events = nemesis.advance(&mut cluster, now);
        if nemesis.is_done() || now >= Duration::from_secs(20) {
            events.extend(nemesis.heal_all(&mut cluster));
        }
        trace.extend(events.iter().map(|event| format!("{now:?} {}", event.value())));
    }
    trace.push(format!("{:?}", cluster.message_counts()));
    trace
}

#[test]
fn same_seed_gives_the_same_trace_on_any_thread() {
    for seed in 0..4 {
        let here = trace(seed);
        let there = std::thread::spawn(move || trace(seed)).join().expect("no panic");
        assert!(here.len() > 200, "seed {seed}: {} lines", here.len());
        assert_eq!(here, there, "seed {seed}");
    }
    assert_ne!(trace(1), trace(2));
}

/// Everything about a cluster that a fault may change.
fn state(cluster: &Cluster) -> String {
    let nodes = cluster.nodes();
    let describe = |node: &String| {
        let cut: Vec<_> = nodes.iter().filter(|to| cluster.is_blocked(node, to)).collect();
        let skew = cluster.clock_error(node);
        format!("{node} {:?} {skew} {cut:?}", cluster.status(node))
    };
    nodes.iter().map(describe).collect::<Vec<_>>().join("; ")
}

#[test]
fn each_fault_heals_what_it_did() {
    for fault in ALL {
        for nodes in [1, 2, 3, 5] {
            let (mut cluster, _) = cluster(1, nodes);
            let run = |cluster: &mut Cluster, ms: u64| {
                for _ in 0..ms / 5 {
                    cluster.step().expect("only nodes fail");
                }
            };
            run(&mut cluster, 1_000);
            let before = state(&cluster);
            for seed in 0..3 {
                let injected = fault.inject(&mut cluster, &mut Aim::new(seed, None));
                assert_eq!(injected.what.fault, fault.name());
                // A node without a log is killed, but nothing on its disk was struck; of two members none can leave.
                let is_spared = ["no log to corrupt", "no member can be spared"]
                    .iter()
                    .any(|words| injected.what.detail.contains(words));
                assert_eq!(injected.what.nodes.is_empty(), is_spared, "{}", fault.name());
                run(&mut cluster, 500);
                injected.heal.apply(&mut cluster);
                // As long as the supervisor may take to start a node that could not.
                run(&mut cluster, 1_500);
                assert_eq!(state(&cluster), before, "{} on {nodes}", fault.name());
            }
        }
    }
}

#[test]
fn faults_in_force_change_the_cluster() {
    let kinds = [Kind::Partition, Kind::Crash, Kind::Clock, Kind::Leader, Kind::Coordinator, Kind::Hints];
    let later = ["leader-churn"];
    for fault in kinds.iter().flat_map(|kind| kind.faults()).filter(|fault| !later.contains(&fault.name())) {
        let (mut cluster, _) = cluster(1, 5);
        cluster.step().expect("only nodes fail");
        let before = state(&cluster);
        let injected = fault.inject(&mut cluster, &mut Aim::new(1, None));
        cluster.step().expect("only nodes fail");
        assert_ne!(state(&cluster), before, "{}", fault.name());
        injected.heal.apply(&mut cluster);
    }
}

#[test]
fn faults_that_know_a_role_strike_whoever_has_it() {
    let faults = [Kind::Leader, Kind::Coordinator, Kind::Hints].into_iter().flat_map(Kind::faults);
    for fault in faults.filter(|fault| fault.name() != "leader-churn") {
        let (mut cluster, _) = cluster(1, 5);
        let (node, words) = match fault.kind() {
            Kind::Leader => ("n1", "leader of term 1"),
            Kind::Hints => ("n4", "stored a hint 5 ms ago"),
            _ => ("n2", "began to ask replicas 5 ms ago"),
        };
        cluster.step().expect("only nodes fail");
        for seed in 0..5 {
            let injected = fault.inject(&mut cluster, &mut Aim::new(seed, None));
            assert_eq!(injected.what.nodes[0], node, "{}", fault.name());
            assert!(injected.what.detail.contains(words), "{}", injected.what.detail);
            injected.heal.apply(&mut cluster);
            let fixed = vec!["n3".to_string()];
            let injected = fault.inject(&mut cluster, &mut Aim::new(seed, Some(fixed)));
            assert_eq!(injected.what.nodes[0], "n3", "{}", fault.name());
            assert!(injected.what.detail.starts_with(node) || fault.name() == "leader-minority-cut");
            injected.heal.apply(&mut cluster);
        }
    }
}

#[test]
fn drawn_nodes_are_the_leader_as_often_as_asked() {
    let (mut cluster, _) = cluster(1, 5);
    cluster.step().expect("only nodes fail");
    let hits = |role_percent, nodes: Option<&str>| {
        let nodes = nodes.map(|node| vec![node.to_owned()]);
        let entry = |seed| Entry { seed, nodes: nodes.clone(), ..Entry::default() };
        let mut draws = Vec::new();
        let mut hits = 0;
        for seed in 0..400 {
            let mut aim = Aim::of(&entry(seed), role_percent);
            hits += usize::from(aim.nodes(&cluster, Size::One) == ["n1"]);
            draws.push(aim.rng.next());
        }
        (hits, draws)
    };
    let (never, draws) = hits(0, None);
    assert!((50..110).contains(&never), "{never}: one of five");
    let (half, same) = hits(50, None);
    assert!((200..280).contains(&half), "{half}");
    assert_eq!(same, draws, "what else a fault draws stays as it is");
    assert_eq!((hits(100, None).0, hits(100, Some("n3")).0), (400, 0));
}

#[test]
fn an_order_begins_with_the_leader_as_often_as_asked() {
    let (mut cluster, _) = cluster(1, 5);
    cluster.step().expect("only nodes fail");
    let first = |role_percent, nodes: Option<&str>| {
        let nodes = nodes.map(|node| vec![node.to_owned()]);
        let order = |seed| {
            let mut aim = Aim::of(&Entry { seed, nodes: nodes.clone(), ..Entry::default() }, role_percent);
            (aim.order(&cluster), aim.rng.next())
        };
        let (orders, draws): (Vec<_>, Vec<_>) = (0..100).map(order).unzip();
        assert!(orders.iter().all(|order| BTreeSet::from_iter(order).len() == 5), "all nodes, each once");
        (orders.iter().filter(|order| order[0] == "n1").count(), draws)
    };
    let (never, draws) = first(0, None);
    assert!((5..40).contains(&never), "{never}: one of five");
    assert_eq!(first(100, None), (100, draws), "what else a fault draws stays as it is");
    assert_eq!(first(100, Some("n3")).0, 0);
}

#[test]
fn faults_at_points_strike_whoever_passes_them() {
    let ends = [
        ("point-kill", Status::Killed),
        ("point-power-loss", Status::Off),
        ("point-pause", Status::Paused),
        ("point-cut", Status::Running),
        ("point-delay", Status::Running),
    ];
    for (name, status) in ends {
        let mut struck = BTreeSet::new();
        for seed in 0..6 {
            let (mut cluster, _) = cluster(1, 3);
            let run = |cluster: &mut Cluster| {
                (0..500).for_each(|_| cluster.step().expect("only nodes fail"));
            };
            run(&mut cluster);
            let fault = find(name).expect("a fault");
            let injected = fault.inject(&mut cluster, &mut Aim::new(seed, Some(vec!["n2".to_owned()])));
            run(&mut cluster);
            assert_eq!(cluster.status("n2"), status, "{name}");
            assert_eq!(cluster.status("n1"), Status::Running, "{name}");
            let points = cluster.points_struck();
            assert_eq!(points.values().sum::<u64>(), 1, "{name}: once");
            assert!(points.keys().all(|point| injected.what.detail.contains(point)), "{:?}", injected.what);
            struck.extend(points.into_keys());
            injected.heal.apply(&mut cluster);
        }
        assert_eq!(struck.len(), 2, "{name}: {struck:?}");
    }
}

#[test]
fn an_ambush_strikes_again_and_again_and_lets_go() {
    let mut ends = BTreeSet::new();
    for seed in 0..10 {
        let (mut cluster, _) = cluster(1, 3);
        let ambush = find("point-ambush").expect("a fault");
        let injected = ambush.inject(&mut cluster, &mut Aim::new(seed, Some(vec!["n2".to_owned()])));
        let is_free = |end: &(Status, bool)| *end == (Status::Running, false);
        let mut seen = Vec::new();
        for _ in 0..20_000 {
            cluster.step().expect("only nodes fail");
            assert_eq!(cluster.status("n1"), Status::Running);
            seen.push((cluster.status("n2"), cluster.is_blocked("n2", "n3")));
        }
        let times = cluster.points_struck().values().sum::<u64>();
        assert!(times > 2, "seed {seed}: struck {times} times");
        let went_on = seen.windows(2).filter(|pair| !is_free(&pair[0]) && is_free(&pair[1]));
        // One that is cut off may be struck again before it is whole.
        assert!(went_on.count() > 1, "seed {seed}");
        injected.heal.apply(&mut cluster);
        assert_eq!((cluster.status("n2"), cluster.is_blocked("n2", "n3")), (Status::Running, false));
        ends.extend(seen.iter().map(|end| format!("{end:?}")));
    }
    let all = ["(Killed, false)", "(Paused, false)", "(Running, false)", "(Running, true)"];
    assert_eq!(Vec::from_iter(ends), all);
}

#[test]
fn a_schedule_may_name_the_point_and_the_pass() {
    for (point, pass) in [("between-two-sends", 3), ("between-two-sends", 40), ("replayed", 1)] {
        let (mut cluster, log) = cluster(1, 3);
        (0..100).for_each(|_| cluster.step().expect("only nodes fail"));
        let text = format!(
            r#"[{{"at_ms": 0, "for_ms": 9000, "fault": "point-kill", "nodes": ["n2"], "point": "{point}", "pass": {pass}}}]"#
        );
        let schedule = Schedule::parse(&text, cluster.nodes()).expect("valid");
        let events = Nemesis::new(&schedule, 0).advance(&mut cluster, Duration::ZERO);
        assert!(events[0].what.detail.starts_with(&format!("at {point}, pass {pass}")), "{events:?}");
        let before = cluster.points_passed()[point];
        let is_struck = |cluster: &mut Cluster| {
            cluster.step().expect("only nodes fail");
            cluster.status("n2") == Status::Killed
        };
        assert!((0..2_000).any(|_| is_struck(&mut cluster)), "{point}, {pass}");
        assert_eq!(cluster.points_struck(), [(point, 1)].into());
        assert!(log.has("n2", &format!("killed at point {point}")));
        // Three nodes pass it as often as each other.
        let passed = cluster.points_passed()[point] - before;
        assert!((pass..=3 * pass + 3).contains(&passed), "{point}: {pass} of {passed}");
    }
}

#[test]
fn a_leader_with_a_minority_is_not_left_a_majority() {
    for (nodes, side) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (7, 3)] {
        let (mut cluster, _) = cluster(1, nodes);
        cluster.step().expect("only nodes fail");
        for seed in 0..5 {
            let injected = leader::MinorityCut.inject(&mut cluster, &mut Aim::new(seed, None));
            assert_eq!(injected.what.nodes.len(), side, "{nodes}: {:?}", injected.what);
            let rest = cluster.nodes().iter().filter(|node| !injected.what.nodes.contains(node));
            assert!(rest.into_iter().all(|node| cluster.is_blocked("n1", node)));
            injected.heal.apply(&mut cluster);
        }
    }
}

#[test]
fn churn_follows_the_leader() {
    let start: Start = Box::new(|name, env| {
        let name = name.to_string();
        Box::pin(async move {
            let at = |ms| env.clock.sleep(Duration::from_millis(ms));
            match name.as_str() {
                "n1" => env.observer.fact(&Fact::Leader { term: 1 }),
                "n2" => {
                    at(2_000).await;
                    env.observer.fact(&Fact::Leader { term: 2 });
                }
                _ => {}
            }
            std::future::pending().await
        })
    });
    let options =
        ClusterOptions { nodes: ["n1", "n2", "n3"].map(str::to_owned).to_vec(), ..Default::default() };
    let mut cluster = Cluster::new(&options, start, Rc::new(Log::default())).expect("valid options");
    cluster.step().expect("only nodes fail");
    let Injected { heal, .. } = leader::Churn.inject(&mut cluster, &mut Aim::new(1, None));
    let mut cut = Vec::new();
    let mut look = |cluster: &Cluster| {
        let alone = ["n1", "n2"]
            .into_iter()
            .find(|node| cluster.is_blocked(node, "n3") && cluster.is_blocked("n3", node));
        if cut.last() != Some(&alone) {
            cut.push(alone);
        }
    };
    while cluster.elapsed() < Duration::from_secs(4) {
        cluster.step().expect("only nodes fail");
        look(&cluster);
    }
    heal.apply(&mut cluster);
    look(&cluster);
    assert_eq!(cut, [None, Some("n1"), Some("n2"), None]);
}

#[test]
fn a_deaf_node_is_heard_and_hears_nothing() {
    let (mut cluster, log) = cluster(1, 3);
    let run = |cluster: &mut Cluster, ms: u64| {
        for _ in 0..ms / 5 {
            cluster.step().expect("only nodes fail");
        }
    };
    run(&mut cluster, 1_000);
    let Injected { heal, what } = deaf::Node.inject(&mut cluster, &mut Aim::new(1, Some(vec!["n2".into()])));
    assert_eq!(what.nodes, ["n2"]);
    run(&mut cluster, 100);
    let arrived =
        || [("n1", "n2"), ("n3", "n2"), ("n2", "n1"), ("n2", "n3")].map(|(from, to)| log.pings(from, to));
    let before = arrived();
    run(&mut cluster, 4_000);
    let during = arrived();
    assert_eq!(during[..2], before[..2]);
    // Its connections end as all do, and it is heard on new ones.
    assert!((2..4).all(|way| during[way] > before[way] + 20), "{before:?} {during:?}");
    heal.apply(&mut cluster);
    run(&mut cluster, 500);
    assert!((0..2).all(|way| arrived()[way] > during[way]), "{during:?}");
}

#[test]
fn disk_and_message_faults_leave_their_counts() {
    let counts = |name: &str| {
        let (mut cluster, log) = cluster(1, 3);
        let entry = Entry {
            at_ms: 1_000,
            for_ms: 4_000,
            fault: name.to_string(),
            nodes: Some(vec!["n2".to_string()]),
            seed: 1,
            ..Entry::default()
        };
        let mut nemesis = Nemesis::new(&Schedule { entries: vec![entry] }, 0);
        while cluster.elapsed() < Duration::from_secs(6) {
            cluster.step().expect("only nodes fail");
            let now = cluster.elapsed();
            nemesis.advance(&mut cluster, now);
        }
        let replayed = log.has("n2", "started with");
        assert_eq!(replayed, ["disk-bit-flip", "disk-read-error"].contains(&name), "{name}");
        (cluster.disk_counts("n2"), cluster.message_counts())
    };
    assert!(counts("disk-slow-sync").0.slow > 5);
    assert!(counts("disk-slow").0.slow > 5);
    assert!(counts("disk-failing-sync").0.failed > 0);
    assert!(counts("disk-full").0.full > 5);
    assert_eq!(counts("disk-bit-flip").0.flips, 1);
    assert!(counts("disk-lying-sync").0.lied > 0);
    assert!(counts("disk-read-error").0.unread > 0);
    assert!(counts("message-loss").1.lost > 0);
    assert!(counts("message-delay").1.delayed > 0);
    assert!(counts("message-duplication").1.duplicated > 0);
    assert!(counts("message-reordering").1.reordered > 0);
    assert!(counts("message-corruption").1.corrupted > 0);
    assert!(counts("slow-link").1.slowed > 0);
}

#[test]
fn nemesis_follows_its_schedule() {
    let (mut cluster, _) = cluster(1, 3);
    let text = r#"[
        {"at_ms": 200, "for_ms": 400, "fault": "kill", "nodes": ["n2"]},
        {"at_ms": 100, "for_ms": 300, "fault": "pause", "nodes": ["n1"]}
    ]"#;
    let nodes = cluster.nodes().to_vec();
    let mut nemesis = Nemesis::new(&Schedule::parse(text, &nodes).expect("valid"), 0);
    let mut seen = Vec::new();
    while cluster.elapsed() < Duration::from_secs(1) {
        cluster.step().expect("only nodes fail");
        let now = cluster.elapsed();
        for event in nemesis.advance(&mut cluster, now) {
            seen.push((now.as_millis(), event.what.fault, event.state.name()));
        }
        if now == Duration::from_millis(300) {
            assert_eq!(cluster.status("n1"), Status::Paused);
            assert_eq!(cluster.status("n2"), Status::Killed);
        }
    }
    let expected =
        [(100, "pause", "start"), (200, "kill", "start"), (400, "pause", "end"), (600, "kill", "end")];
    assert_eq!(seen, expected);
    assert!(nemesis.is_done());
    assert_eq!([cluster.status("n1"), cluster.status("n2")], [Status::Running; 2]);
}

#[test]
fn healing_all_ends_what_is_in_force_and_forgets_the_rest() {
    let (mut cluster, _) = cluster(1, 3);
    cluster.step().expect("only nodes fail");
    let healthy = state(&cluster);
    let entry = |fault: &str, at_ms| {
        let fault = fault.to_string();
        Entry { at_ms, for_ms: 60_000, fault, seed: 3, ..Entry::default() }
    };
    let now_and_later = ALL.iter().flat_map(|fault| [entry(fault.name(), 0), entry(fault.name(), 90_000)]);
    let entries = now_and_later.collect();
    let mut nemesis = Nemesis::new(&Schedule { entries }, 0);
    let begun = nemesis.advance(&mut cluster, Duration::ZERO);
    // Somebody else's fault is healed too.
    let stray = cluster.new_fault();
    cluster.block(stray, "n1", "n2");
    cluster.kill(stray, "n3");
    assert_eq!(begun.len(), ALL.len());
    for _ in 0..100 {
        cluster.step().expect("only nodes fail");
    }
    assert_ne!(state(&cluster), healthy);
    assert_eq!(nemesis.heal_all(&mut cluster).len(), ALL.len());
    assert_eq!(state(&cluster), healthy);
    assert!(nemesis.is_done());
}

#[test]
fn names_are_unique_and_every_kind_has_faults() {
    let names: BTreeSet<&str> = ALL.iter().map(|fault| fault.name()).collect();
    assert_eq!(names.len(), ALL.len());
    for kind in Kind::ALL {
        assert!(kind.faults().count() >= if kind < Kind::Leader { 3 } else { 1 });
        assert_eq!(kind.name().parse().map(Selection::kind), Ok(kind));
    }
    assert!(ALL.iter().all(|fault| fault.name().parse().is_ok_and(|it: Selection| it.faults().len() == 1)));
}
