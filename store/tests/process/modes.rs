//! The leaderless store in its other shapes, as real processes: several data centres, and stand-ins for nodes that are
//! away.

use crate::cluster::{Cluster, block_on, run, until};

/// Runs a client's command against the cluster; returns its exit code.
fn ask(cluster: &Cluster, arguments: &[&str]) -> i32 {
    let (code, _, said) = run(&[arguments, &["--peers", &cluster.peers_argument()]].concat());
    assert!([0, 1, 2].contains(&code), "{arguments:?}: {code} {said}");
    code
}

#[test]
fn a_local_quorum_outlives_the_other_data_centre() {
    let quorums = ["--replication", "2", "--read-quorum", "1", "--write-quorum", "2"];
    let centres = ["--data-centres", "n1=eu,n2=us,n3=eu,n4=us"];
    let mut cluster = Cluster::start_with(4, &[&quorums[..], &centres].concat());
    let put = |cluster: &Cluster, level| {
        ask(cluster, &["put", "k", "v", "--level", level, "--node", "n1", "--deadline", "1s"])
    };
    assert_eq!(["local-quorum", "each-quorum"].map(|level| put(&cluster, level)), [0, 0]);
    [1, 3].into_iter().for_each(|node| cluster.take(node).kill());
    assert_eq!(put(&cluster, "local-quorum"), 0);
    assert_eq!(put(&cluster, "each-quorum"), 2, "it may have taken effect where it got to");
    assert_eq!(ask(&cluster, &["get", "k", "--level", "local-quorum", "--node", "n3"]), 0);
    assert_eq!(ask(&cluster, &["get", "k", "--level", "each-quorum", "--node", "n3", "--deadline", "1s"]), 1);
}

#[test]
fn stand_ins_take_writes_and_give_them_back() {
    let quorums = ["--replication", "3", "--read-quorum", "1", "--write-quorum", "3"];
    let start = |mode| Cluster::start_with(4, &[&quorums[..], &["--mode", mode]].concat());
    let keys: Vec<String> = (0..12).map(|number| format!("k{number}")).collect();
    let write_all = |cluster: &mut Cluster| {
        cluster.take(0).kill();
        let put = |key: &String| ask(cluster, &["put", key, "v", "--node", "n2", "--deadline", "1s"]);
        keys.iter().filter(|key| put(key) == 0).count()
    };
    let strict = write_all(&mut start("strict"));
    assert!(strict < keys.len(), "n1 is home to no key");
    let mut cluster = start("sloppy");
    assert_eq!(write_all(&mut cluster), keys.len());
    cluster.restart(0);
    block_on(async {
        until("n1 has what was kept for it", async || {
            let (_, dump, _) = run(&["dump", "--node", "n1", "--peers", &cluster.peers_argument()]);
            dump.lines().count() == keys.len() - strict
        })
        .await;
    });
}

#[test]
fn a_node_joins_the_ring_and_another_leaves_it() {
    let cluster = Cluster::start_with(4, &["--ring", "n1,n2,n3"]);
    let peers = cluster.peers_argument();
    let ring = |change: &[&str]| run(&[&["ring"], change, &["--peers", &peers]].concat());
    let keys: Vec<String> = (0..12).map(|number| format!("k{number}")).collect();
    for key in &keys {
        assert_eq!(ask(&cluster, &["put", key, "v", "--level", "all"]), 0);
    }
    assert_eq!(ring(&[]).1, "epoch 0: n1 n2 n3\n");
    let (code, _, why) = ring(&["leave", "n1"]);
    assert!(code == 1 && why.contains("a key has 3 home replicas"), "{code} {why}");
    let (code, said, _) = ring(&["join", "n4"]);
    assert_eq!((code, said.trim()), (0, "epoch 1: n1 n2 n3; n4 joins: not handed over yet to n4"));
    let becomes = |layout: &str| {
        block_on(until(layout, async || ring(&["--node", "n2"]).1.trim() == layout));
    };
    becomes("epoch 2: n1 n2 n3 n4");
    let (code, said, _) = ring(&["leave", "n1", "--json"]);
    assert!(code == 0 && said.contains(r#""leaves":"n1""#), "{code} {said}");
    becomes("epoch 4: n2 n3 n4");
    block_on(until("n1 has dropped everything", async || {
        run(&["dump", "--node", "n1", "--peers", &peers]).1.is_empty()
    }));
    for key in &keys {
        assert_eq!(run(&["get", key, "--level", "all", "--node", "n1", "--peers", &peers]).1, "v\n");
    }
    for (change, what) in
        [(["join", "n2"], "n2 is on the ring already"), (["leave", "n1"], "n1 is not on the ring")]
    {
        let (code, said, why) = ring(&change);
        assert_eq!((code, said.trim()), (0, "epoch 4: n2 n3 n4"));
        assert!(why.contains(&format!("nothing to do: {what}")), "{why}");
    }
    // Of two of the nodes the second would be n2.
    let two = cluster.peers.iter().step_by(3).map(|(name, address)| format!("{name}={address}"));
    let (code, _, why) = run(&["ring", "leave", "n4", "--peers", &two.collect::<Vec<_>>().join(",")]);
    assert!(code == 254 && why.contains("the cluster has n1, n2, n3, n4: name all of them"), "{code} {why}");
    assert_eq!(ring(&["join"]).0, 254);
    assert_eq!(ring(&["cancel", "n1"]).0, 254);
}
