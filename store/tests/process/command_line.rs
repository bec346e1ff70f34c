//! The command line: answers, errors that say what to do, exit codes.

use std::net::TcpListener;
use std::process::Command;

use crate::cluster::{Cluster, block_on, free_address, run, until};

/// Runs a client's command against the cluster.
fn ask(cluster: &Cluster, arguments: &[&str]) -> (i32, String, String) {
    run(&[arguments, &["--peers", &cluster.peers_argument()]].concat())
}

#[test]
fn puts_gets_deletes_and_dumps() {
    let cluster = Cluster::start(2);
    let (code, version, _) = ask(&cluster, &["put", "k", "some words", "--level", "all"]);
    assert_eq!((code, version.trim().split('.').count()), (0, 4));
    let value = (0, "some words\n".to_owned(), String::new());
    assert_eq!(ask(&cluster, &["get", "k", "--level", "one", "--node", "n2"]), value);
    let (_, line, _) = ask(&cluster, &["get", "k", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["outcome"], &line["value"]), (&"ok".into(), &"some words".into()));
    let (_, dump, _) = ask(&cluster, &["dump", "--node", "n1"]);
    let entry: serde_json::Value = serde_json::from_str(&dump).unwrap();
    assert_eq!((&entry["key"], &entry["version"]), (&"k".into(), &line["version"]));

    assert_eq!(ask(&cluster, &["delete", "k"]).0, 0);
    let (code, value, said) = ask(&cluster, &["get", "k"]);
    assert_eq!((code, value.as_str()), (0, ""));
    assert!(said.starts_with("deleted at version"), "{said}");
    assert_eq!(ask(&cluster, &["get", "other"]).2, "never written\n");
    let (code, _, said) = ask(&cluster, &["get", "k", "--level", "atomic"]);
    assert!(code == 1 && said.contains("cannot be mixed"), "{said}");
}

#[test]
fn siblings_are_printed_and_written_over_with_their_context() {
    let cluster = Cluster::start_siblings();
    for value in ["a", "b"] {
        assert_eq!(ask(&cluster, &["put", "k", value]).0, 0);
    }
    let (_, values, said) = ask(&cluster, &["get", "k"]);
    let mut values: Vec<&str> = values.lines().collect();
    values.sort_unstable();
    assert_eq!(values, ["a", "b"]);
    let context = said.trim().strip_prefix("context ").expect("a context");
    assert_eq!(ask(&cluster, &["put", "k", "ab", "--context", context]).0, 0);
    let (_, line, _) = ask(&cluster, &["get", "k", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["values"], serde_json::json!(["ab"]));
    let context = line["context"].as_str().expect("a context");
    assert_eq!(ask(&cluster, &["delete", "k", "--context", context]).0, 0);
    assert_eq!(ask(&cluster, &["get", "k"]).1, "(deleted)\n");
    let (code, _, said) = ask(&cluster, &["get", "k", "--level", "atomic"]);
    assert!(code == 1 && said.contains("mode siblings several"), "{said}");
}

#[test]
fn exit_code_tells_failure_from_unknown_outcome() {
    let nobody = format!("n1={}", free_address());
    assert_eq!(run(&["put", "k", "v", "--peers", &nobody]).0, 1);
    // Accepts connections (the operating system does), and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("n1={}", silent.local_addr().unwrap());
    let call = |operation: &[&str]| run(&[operation, &["--peers", &silent, "--deadline", "300ms"]].concat());
    for family in ["quorum", "raft"] {
        assert_eq!(call(&["get", "k", "--family", family]).0, 1);
    }
    let (code, _, said) = call(&["put", "k", "v", "--family", "quorum"]);
    assert!(code == 2 && said.contains("may have taken effect"), "{code} {said}");
    // It has not come to opening a session.
    assert_eq!(call(&["put", "k", "v", "--family", "raft"]).0, 1);
    let (code, _, said) = call(&["put", "k", "v"]);
    assert!(code == 1 && said.contains("no node says of which family"), "{code} {said}");
}

#[test]
fn says_what_is_wrong_with_the_command_line() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let serve = |arguments: &[&str]| {
        let start = ["serve", "--node", "n1", "--listen", "127.0.0.1:7001", "--data", data.to_str().unwrap()];
        let (code, _, said) = run(&[&start, arguments].concat());
        assert_eq!(code, 254, "{said}");
        said
    };
    let twice = "n1=127.0.0.1:7001,n2=127.0.0.1:7002,n2=127.0.0.1:7003";
    assert!(serve(&["--peers", twice]).contains("names n2 twice"));
    let two = "n1=127.0.0.1:7001,n2=127.0.0.1:7002";
    assert!(serve(&["--peers", two]).contains("replication 3 needs that many nodes"));
    assert!(serve(&["--peers", "n1:7001"]).contains("name=host:port"));
    let (code, _, said) = run(&["get", "k", "--peers", two, "--node", "n3"]);
    assert!(code == 254 && said.contains("node n3 is none of n1, n2"), "{said}");
    let peers = ["--peers", two];
    let centres = |given: &str| serve(&[&peers[..], &["--data-centres", given]].concat());
    assert!(centres("n1=eu").contains("does not say where n2 is"));
    assert!(centres("n1=eu,n2=us,n1=us").contains("names n1 twice"));
    assert!(centres("n1=eu,n7=us").contains("node n7 is none of n1, n2"));
    assert!(centres("n1").contains("name=centre"));
    let raft = |arguments: &[&str]| serve(&[&peers, &["--family", "raft"], arguments].concat());
    assert!(raft(&["--read-quorum", "2"]).contains("--read-quorum is for family quorum"));
    assert!(raft(&["--data-centres", "n1=eu,n2=us"]).contains("--data-centres is for family quorum"));
    assert!(raft(&["--storage", "tables"]).contains("--storage is for family quorum"));
    assert!(raft(&["--loss-ms", "5"]).contains("are for --replication-mode asynchronous"));
    assert!(raft(&["--replication-mode", "synchronous"]).contains("wants three nodes"));
    assert!(raft(&["--voters", "n1,n7"]).contains("--voters: node n7 is none of n1, n2"));
    assert!(serve(&[&peers[..], &["--voters", "n1"]].concat()).contains("--voters is for family raft"));
    let unwritten = [&peers[..], &["--mode", "write-through", "--unwritten-max", "5"]].concat();
    assert!(serve(&unwritten).contains("--unwritten-max is for --mode write-behind"));
    let grace = [&peers[..], &["--mode", "sloppy", "--tombstone-grace", "5s"]].concat();
    assert!(serve(&grace).contains("--tombstone-grace is for --mode strict"));
    let alone = ["--replication", "1", "--read-quorum", "1", "--write-quorum", "1"];
    let ring = [&peers[..], &alone, &["--mode", "sloppy", "--ring", "n1"]].concat();
    assert!(serve(&ring).contains("the ring changes in modes strict and siblings only"));
    assert!(!data.exists(), "a wrong command line has no effect");
}

#[test]
fn refuses_the_data_directory_of_another_node() {
    let mut cluster = Cluster::start(1);
    assert_eq!(ask(&cluster, &["put", "k", "v"]).0, 0);
    let data = cluster.data(0);
    let peers = format!("{},n2={}", cluster.peers_argument(), free_address());
    let listen = free_address();
    let start = ["serve", "--node", "n2", "--listen", &listen, "--peers", &peers, "--replication", "1"];
    let rest = ["--read-quorum", "1", "--write-quorum", "1", "--data", data.to_str().unwrap()];
    let (code, _, said) = run(&[&start[..], &rest].concat());
    assert!(code == 1 && said.contains("another process uses this data directory"), "{code} {said}");
    cluster.take(0).kill();
    let (code, _, said) = run(&[&start[..], &rest].concat());
    assert!(code == 1 && said.contains("data directory of node n1, not of n2"), "{code} {said}");
    cluster.restart(0);
    assert_eq!(ask(&cluster, &["get", "k"]).1, "v\n");
}

#[test]
fn a_log_keeps_registers_lists_counters_and_locks() {
    let cluster = Cluster::start_log(3, &[]);
    // The first to be asked waits until a leader is elected.
    let ok = |arguments: &[&str]| {
        let (code, answer, said) = ask(&cluster, &[arguments, &["--deadline", "8s"]].concat());
        assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
        answer.trim_end().to_owned()
    };
    let refused = |arguments: &[&str], why: &str| {
        let (code, _, said) = ask(&cluster, arguments);
        assert!(code == 1 && said.contains(why), "{arguments:?}: {code} {said}");
    };
    let version: u64 = ok(&["put", "register", "some words"]).parse().unwrap();
    assert_eq!(ok(&["get", "register"]), "some words");
    let line = ok(&["get", "register", "--read", "lease", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["value"], &line["version"]), (&"some words".into(), &version.into()));
    ok(&["cas", "register", "other words", "--expect", "some words"]);
    refused(&["cas", "register", "third words", "--expect", "some words"], "expected");
    ok(&["append", "list", "one"]);
    ok(&["append", "list", "two"]);
    assert_eq!(ok(&["get", "list"]), "one\ntwo");
    ok(&["add", "counter", "7"]);
    ok(&["add", "counter", "-9"]);
    assert_eq!(ok(&["get", "counter"]), "-2");
    let token = ok(&["lock", "lock", "--for", "60s"]);
    refused(&["lock", "lock"], "holds lock");
    ok(&["put", "guarded", "new", "--token", &token]);
    refused(&["put", "guarded", "old", "--token", "1"], "older");
    ok(&["unlock", "lock", &token]);
    ok(&["delete", "register"]);
    let (code, value, said) = ask(&cluster, &["get", "register"]);
    assert!(code == 0 && value.is_empty() && said.starts_with("deleted at version"), "{said}");
    assert_eq!(ask(&cluster, &["get", "other"]).2, "never written\n");
    assert!(ok(&["dump", "--node", "n1"]).contains(r#""kind":"list""#));
}

#[test]
fn a_log_hands_over_leadership_and_changes_its_members() {
    let cluster = Cluster::start_log(3, &["--voters", "n1,n2"]);
    let ok = |arguments: &[&str]| {
        let (code, answer, said) = ask(&cluster, &[arguments, &["--deadline", "8s"]].concat());
        assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
        answer.trim_end().to_owned()
    };
    ok(&["put", "k", "v"]);
    for to in ["n1", "n2"] {
        ok(&["transfer", to]);
        let status = ok(&["status", "--node", to]);
        assert!(status.contains(&format!("led by {to};")) && status.contains("voters n1, n2;"), "{status}");
    }
    ok(&["member", "add", "n3"]);
    assert!(ok(&["status", "--node", "n2"]).contains("voters n1, n2; learners n3"));
    // It may take a moment until the learner has the log.
    let promoted = (0..50).any(|_| ask(&cluster, &["member", "promote", "n3"]).0 == 0);
    assert!(promoted);
    ok(&["member", "remove", "n1"]);
    let line: serde_json::Value = serde_json::from_str(&ok(&["status", "--node", "n2", "--json"])).unwrap();
    assert_eq!((&line["leader"], &line["voters"]), (&"n2".into(), &serde_json::json!(["n2", "n3"])));
    assert_eq!(ok(&["get", "k"]), "v");
}

#[test]
fn says_what_is_of_another_family() {
    let (log, quorum) = (Cluster::start_log(1, &[]), Cluster::start(1));
    let cases: [(&Cluster, &[&str], &str); 6] = [
        (&log, &["put", "k", "v", "--level", "all"], "--level is for family quorum"),
        (&log, &["put", "k", "v", "--context", "00"], "--context is for family quorum"),
        (&log, &["put", "k", "v", "--node", "n1"], "all else goes to the leader"),
        (&quorum, &["get", "k", "--read", "any"], "--read is for family raft"),
        (&quorum, &["put", "k", "v", "--token", "1"], "--token is for family raft"),
        (&quorum, &["append", "k", "v"], "append is for family raft, and this store is of family quorum"),
    ];
    for (cluster, arguments, why) in cases {
        let (code, _, said) = ask(cluster, arguments);
        assert!(code == 254 && said.contains(why), "{arguments:?}: {code} {said}");
    }
    let (code, _, said) = ask(&log, &["get", "k", "--family", "quorum"]);
    assert!(code == 1 && said.contains("this node is of family raft"), "{code} {said}");
    let (code, _, said) = ask(&quorum, &["cas", "k", "v"]);
    assert!(code == 1 && said.contains("compare-and-set is refused"), "{code} {said}");
}

#[test]
fn ends_cleanly_when_asked_to() {
    let mut cluster = Cluster::start(1);
    let mut process = cluster.take(0);
    let pid = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

#[test]
fn any_node_says_who_is_there_and_who_has_left() {
    let mut cluster = Cluster::start(3);
    let members = |cluster: &Cluster| {
        let (name, address) = &cluster.peers[0];
        let (code, line, said) = run(&["members", "--json", "--peers", &format!("{name}={address}")]);
        assert_eq!((code, said.as_str()), (0, ""));
        serde_json::from_str::<serde_json::Value>(&line).unwrap()
    };
    let addresses: Vec<&str> = cluster.peers.iter().map(|(_, address)| address.as_str()).collect();
    assert_eq!(members(&cluster)["addresses"], serde_json::json!(addresses));
    assert_eq!(cluster.take(2).terminate(), Some(0));
    block_on(until("n3 has left", async || members(&cluster)["members"][2]["state"] == "left"));
}
