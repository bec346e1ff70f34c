//! Nodes that were set up wrongly: with other options than the rest, or over a directory that is lost.

use std::fs;
use std::process::Stdio;

use crate::cluster::{Cluster, Process, block_on, run, until};

/// What the program says when it does not start.
fn refusal(cluster: &Cluster, node: usize, options: &[&str]) -> String {
    let child = cluster.serve(node, options).stderr(Stdio::piped()).spawn().unwrap();
    let mut process = Process { child };
    block_on(until("it is refused", async || process.child.try_wait().unwrap().is_some()));
    assert_eq!(process.child.wait().unwrap().code(), Some(1));
    std::io::read_to_string(process.child.stderr.take().unwrap()).unwrap()
}

#[test]
fn nodes_with_other_options_do_not_talk_to_each_other() {
    let mut cluster = Cluster::start_with(2, &["--replication", "2", "--read-quorum", "1"]);
    let peers = cluster.peers_argument();
    let put = || run(&["put", "k", "v", "--level", "all", "--deadline", "500ms", "--peers", &peers]);
    let talk = || block_on(until("they talk", async || put().0 == 0));
    talk();
    cluster.take(1).kill();
    cluster.set("--read-quorum", "2");
    cluster.restart(1);
    // For longer than they take to find each other.
    assert!((0..4).all(|_| put().0 != 0));
    cluster.take(1).kill();
    cluster.set("--read-quorum", "1");
    cluster.restart(1);
    talk();
}

#[test]
fn a_directory_keeps_its_mode() {
    let mut cluster = Cluster::start_siblings();
    cluster.take(0).kill();
    cluster.set("--mode", "strict");
    let why = refusal(&cluster, 0, &[]);
    let said = "a data directory of family quorum in mode siblings, not of family quorum: start the node with the options";
    assert!(why.contains(said), "{why}");
}

#[test]
fn a_node_that_lost_its_directory_takes_part_once_it_has_caught_up() {
    let mut cluster = Cluster::start(3);
    let peers = cluster.peers_argument();
    let get = |key: &str| run(&["get", key, "--deadline", "500ms", "--peers", &peers]);
    cluster.take(2).kill();
    assert_eq!(run(&["put", "k", "v", "--peers", &peers]).0, 0);
    cluster.take(1).kill();
    assert!(refusal(&cluster, 1, &["--replace"]).contains("start it without"));
    fs::remove_dir_all(cluster.data(1)).unwrap();
    cluster.take(0).kill();
    cluster.restart_with(1, &["--replace"]);
    cluster.restart(2);
    // Only n1 has it: for longer than the two take to find each other.
    let is_refused = || (0..4).all(|_| get("k").0 == 1);
    assert!(is_refused());
    // Nor after another start, without a word of it.
    cluster.take(1).kill();
    cluster.restart(1);
    assert!(is_refused());
    cluster.restart(0);
    block_on(until("n2 has caught up", async || {
        run(&["dump", "--node", "n2", "--peers", &peers]).1.contains(r#""key":"k""#)
    }));
    cluster.take(0).kill();
    block_on(until("n2 takes part", async || get("k").1 == "v\n"));
}
