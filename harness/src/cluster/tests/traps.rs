//! Processes that are struck at a point: nothing after it takes effect.

use std::future::poll_fn;
use std::task::Poll;

use perjury_store::env::File;
use perjury_store::point::BEFORE_ANSWER;

use super::*;
use crate::sim::point::{Blow, Trap};

/// A node that passes a point after a second, and beside that does something whenever it is looked at.
fn passer(name: &str, env: Env) -> LocalFuture<'static, anyhow::Result<()>> {
    let name = name.to_owned();
    Box::pin(async move {
        if let Ok(file) = env.disk.open("log") {
            env.observer.note(&format!("started with {} bytes", file.len()?));
            return std::future::pending().await;
        }
        let file: Rc<dyn File> = env.disk.create("log")?.into();
        env.disk.sync_directory().await?;
        let passes = async {
            env.clock.sleep(seconds(1)).await;
            file.append(b"before")?;
            env.observer.note("before");
            env.points.pass(&BEFORE_ANSWER).await;
            env.observer.note("after");
            file.append(b"after")
        };
        let beside = poll_fn(|_| {
            let (is_written, frames) = (file.append(b"!").is_ok(), env.network.deliveries("n9:1").len());
            env.observer.note(&format!("beside: {is_written} {frames}"));
            Poll::<()>::Pending
        });
        tokio::select! {
            biased;
            passed = passes => passed?,
            () = beside => {}
        }
        env.observer.note(&format!("{name} ends"));
        std::future::pending().await
    })
}

/// One such node, with a trap at its first pass.
fn trapped(blow: Blow) -> (Cluster, FaultId, Rc<Log>) {
    trapped_of(1, blow)
}

/// The first of so many.
fn trapped_of(nodes: usize, blow: Blow) -> (Cluster, FaultId, Rc<Log>) {
    let log = Rc::new(Log::default());
    let mut cluster = Cluster::new(&options(nodes), Box::new(passer), log.clone()).expect("valid options");
    let id = cluster.new_fault();
    let nodes = BTreeMap::from([("n1".to_owned(), 1)]);
    cluster.lay_trap(id, Trap { point: &BEFORE_ANSWER, nodes, blow });
    (cluster, id, log)
}

/// The same, half a second after it was struck.
fn struck(blow: Blow) -> (Cluster, FaultId, Rc<Log>) {
    let (mut cluster, id, log) = trapped(blow);
    run(&mut cluster, Duration::from_millis(1500));
    (cluster, id, log)
}

/// What is told from the point on.
fn told(log: &Log) -> Vec<String> {
    let lines = log.lines();
    let before = lines.iter().position(|line| line == "n1: before").expect("the point is reached");
    lines[before + 1..].to_vec()
}

#[test]
fn nothing_after_the_point_takes_effect_where_a_process_dies() {
    for (blow, status, words) in
        [(Blow::Kill, Status::Killed, "killed"), (Blow::PowerLoss, Status::Off, "without power")]
    {
        let (mut cluster, id, log) = struck(blow);
        assert_eq!(cluster.status("n1"), status);
        // What is beside it was looked at once more at that moment, to no effect.
        let at_the_point = format!("n1: {words} at point before-answer");
        assert_eq!(told(&log), [at_the_point.as_str(), "n1: beside: false 0"]);
        let written = log.lines().iter().filter(|line| line.ends_with("beside: true 1")).count();
        cluster.heal(id);
        run(&mut cluster, Duration::from_millis(100));
        let kept = format!("started with {} bytes", "before".len() + written);
        assert!(log.has("n1", &kept) || blow == Blow::PowerLoss, "{:?}", log.lines());
        assert_eq!(cluster.points_struck(), BTreeMap::from([("before-answer", 1)]));
    }
}

#[test]
fn a_paused_process_goes_on_from_the_point() {
    let (mut cluster, id, log) = struck(Blow::Pause);
    assert_eq!(cluster.status("n1"), Status::Paused);
    assert!(!log.has("n1", "after"), "{:?}", log.lines());
    cluster.heal(id);
    run(&mut cluster, Duration::from_millis(100));
    assert_eq!(cluster.status("n1"), Status::Running);
    assert!(log.has("n1", "after") && log.has("n1", "n1 ends"), "{:?}", log.lines());
}

#[test]
fn a_process_that_is_cut_off_goes_on_behind_cut_links() {
    let (mut cluster, id, log) = trapped_of(2, Blow::Cut);
    run(&mut cluster, Duration::from_millis(1500));
    assert_eq!(cluster.status("n1"), Status::Running);
    assert!(log.has("n1", "after"), "{:?}", log.lines());
    let links = |cluster: &Cluster| [cluster.is_blocked("n1", "n2"), cluster.is_blocked("n2", "n1")];
    assert_eq!(links(&cluster), [true; 2]);
    cluster.heal(id);
    assert_eq!(links(&cluster), [false; 2]);
}

#[test]
fn a_delay_holds_up_what_comes_after_the_point_alone() {
    let (mut cluster, _, log) = struck(Blow::Delay(seconds(1)));
    assert_eq!(cluster.status("n1"), Status::Running);
    assert!(!log.has("n1", "after"), "{:?}", log.lines());
    assert!(told(&log).iter().any(|line| line.ends_with("beside: true 1")), "{:?}", log.lines());
    run(&mut cluster, seconds(1));
    assert!(log.has("n1", "after"), "{:?}", log.lines());
}

#[test]
fn a_healed_trap_does_not_spring() {
    let (mut cluster, id, log) = trapped(Blow::Kill);
    cluster.heal(id);
    run(&mut cluster, Duration::from_millis(1500));
    assert!(log.has("n1", "after"), "{:?}", log.lines());
    assert_eq!(cluster.points_passed(), BTreeMap::from([("before-answer", 1)]));
}
