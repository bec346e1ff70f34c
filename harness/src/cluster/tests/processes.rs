//! Processes that are paused, killed, without power, or end by themselves.

use super::*;

#[test]
fn pause_freezes_and_resumes_with_a_burst() {
    let (mut cluster, log) = cluster(2);
    // Connections last two seconds: this is the middle of the second one.
    run(&mut cluster, seconds(3));
    let fault = cluster.new_fault();
    cluster.pause(fault, "n2");
    assert_eq!(cluster.status("n2"), Status::Paused);
    run(&mut cluster, Duration::from_millis(100));
    let frozen = log.len_of("n2");
    run(&mut cluster, Duration::from_millis(900));
    assert_eq!(log.len_of("n2"), frozen);
    let arrived = log.pings("n1", "n2");
    cluster.heal(fault);
    run(&mut cluster, Duration::from_millis(100));
    assert_eq!(cluster.status("n2"), Status::Running);
    let burst = log.pings("n1", "n2") - arrived;
    assert!(burst >= 5, "a burst of {burst}");
}

#[test]
fn killed_node_stops_and_restarts_with_its_disk() {
    let (mut cluster, log) = cluster(2);
    run(&mut cluster, seconds(2));
    let (first, second) = (cluster.new_fault(), cluster.new_fault());
    // A pause ends with the process: the next one is not stopped.
    cluster.pause(first, "n2");
    cluster.kill(first, "n2");
    cluster.kill(second, "n2");
    let before = log.len_of("n2");
    run(&mut cluster, seconds(1));
    assert_eq!(log.len_of("n2"), before);
    cluster.heal(first);
    assert_eq!(cluster.status("n2"), Status::Killed, "the other fault still holds it");
    cluster.heal(second);
    run(&mut cluster, seconds(1));
    assert_eq!(cluster.status("n2"), Status::Running);
    assert!(log.has("n2", "started with"), "{:?}", log.lines());
    assert!(!log.has("n1", "started with"));
}

#[test]
fn kill_keeps_unsynced_bytes_and_power_loss_does_not() {
    let never = DiskFault::SlowSync(seconds(60), seconds(60));
    let bytes_after = |power: bool, seed: u64| {
        let (mut cluster, log) = cluster_of(ClusterOptions { seed, ..options(3) });
        let (slow, down) = (cluster.new_fault(), cluster.new_fault());
        run(&mut cluster, Duration::from_millis(50));
        cluster.break_disk(slow, "n2", never);
        run(&mut cluster, seconds(2));
        if power {
            cluster.power_loss(down, "n2");
        } else {
            cluster.kill(down, "n2");
        }
        let written = 8 * (log.pings("n1", "n2") + log.pings("n3", "n2"));
        cluster.heal(down);
        run(&mut cluster, Duration::from_millis(50));
        let kept = (0..=written).find(|kept| log.has("n2", &format!("started with {kept} bytes")));
        (written, kept.expect("its name was synced"))
    };
    for seed in 0..4 {
        let (written, kept) = bytes_after(false, seed);
        assert!(written > 0 && kept == written, "{written} {kept}");
    }
    let torn = (0..8).filter(|seed| {
        let (written, kept) = bytes_after(true, *seed);
        kept < written
    });
    assert!(torn.count() >= 3);
}

#[test]
fn whole_cluster_loses_power_and_comes_back() {
    let (mut cluster, log) = cluster(3);
    run(&mut cluster, seconds(2));
    cluster.power_loss_all();
    assert!(cluster.nodes().iter().all(|node| cluster.status(node) == Status::Off));
    let before = log.lines().len();
    run(&mut cluster, seconds(1));
    assert_eq!(log.lines().len(), before);
    cluster.restart_all();
    run(&mut cluster, seconds(2));
    for node in ["n1", "n2", "n3"] {
        assert!(log.has(node, "started with"));
    }
}

#[test]
fn power_loss_is_silent_and_a_kill_is_not() {
    for (power, said) in [(true, false), (false, true)] {
        let (mut cluster, log) = cluster(2);
        run(&mut cluster, seconds(2));
        let fault = cluster.new_fault();
        if power {
            cluster.power_loss(fault, "n2");
        } else {
            cluster.kill(fault, "n2");
        }
        run(&mut cluster, seconds(1));
        assert_eq!(log.has("n1", "end of n2"), said, "power loss: {power}");
    }
}

#[test]
fn panic_of_a_node_becomes_a_finding() {
    let start: Start = Box::new(|name, env| {
        let name = name.to_string();
        Box::pin(async move {
            if name == "n2" {
                // In a task of its own, where tokio would swallow it.
                tokio::task::spawn_local(async { panic!("index out of reach") });
            }
            env.clock.sleep(seconds(1)).await;
            env.observer.note("still here");
            anyhow::ensure!(name != "n3", "no more");
            Ok(())
        })
    });
    let log = Rc::new(Log::default());
    let mut cluster = Cluster::new(&options(3), start, log.clone()).expect("valid options");
    run(&mut cluster, Duration::from_millis(1_005));
    let [finding] = cluster.findings() else {
        panic!("one finding, not {:?}", cluster.findings());
    };
    assert_eq!(finding.node, "n2");
    assert!(finding.message.ends_with("index out of reach"), "{finding:?}");
    assert!(log.has("n1", "still here") && !log.has("n2", "still here"));
    assert!(log.has("n2", "the process panicked"));
    assert!(log.has("n3", "the process failed: no more"));
    assert_eq!(cluster.status("n3"), Status::Exited);
    // A second after they ended, both are restarted.
    assert_eq!(cluster.status("n2"), Status::Running);
    run(&mut cluster, seconds(1));
    assert_eq!(cluster.status("n3"), Status::Running);
    assert_eq!(cluster.findings().len(), 2);
}

#[test]
fn panic_of_the_clients_is_an_error() {
    let (mut cluster, _) = cluster(2);
    cluster.client_host(|sessions| async move {
        let env = sessions.env("c1");
        env.clock.sleep(seconds(1)).await;
        panic!("the clients gave up")
    });
    let error = (0..1000).find_map(|_| cluster.step().err());
    let words = error.expect("it panicked").to_string();
    assert!(words.contains("the clients gave up"), "{words}");
    assert!(cluster.elapsed() >= seconds(1));
}
