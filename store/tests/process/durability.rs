//! A node is killed in the middle of writes and comes back: every acknowledged write is found.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::client::Client;
use perjury_store::quorum::message::{Level, NodeId, Operation, Response};
use perjury_store::quorum::version::Version;

use crate::cluster::{Cluster, PATIENCE, block_on, until};

const KEYS: usize = 25;
const DEADLINE: Duration = Duration::from_secs(2);

/// The last acknowledged write of each key.
type Acknowledged = BTreeMap<String, (Version, Vec<u8>)>;

/// Writes without end, and remembers what was acknowledged.
#[derive(Clone, Default)]
struct Writer {
    acknowledged: Rc<RefCell<Acknowledged>>,
    count: Rc<Cell<usize>>,
    stop: Rc<Cell<bool>>,
}

impl Writer {
    async fn write(self, mut client: Client) {
        for n in 0.. {
            if self.stop.get() {
                return;
            }
            let key = format!("key{}", n % KEYS);
            let value = format!("value {n}").into_bytes();
            let answer = client.put(&key, value.clone(), Level::Quorum, DEADLINE).await;
            if let Response::Written { version } = answer.outcome {
                self.acknowledged.borrow_mut().insert(key, (version, value));
                self.count.set(self.count.get() + 1);
            }
        }
    }

    async fn wait_for_more(&self, more: usize) {
        let goal = self.count.get() + more;
        until("enough writes are acknowledged", async || self.count.get() >= goal).await;
    }

    /// What is wrong with `found`, if that is what the store holds for `key`.
    fn problem(&self, key: &str, found: Option<(Version, &[u8])>) -> Option<String> {
        let acknowledged = self.acknowledged.borrow();
        let (version, value) = &acknowledged[key];
        match found {
            None => Some(format!("{key}: {version} was acknowledged, and nothing is there")),
            Some((held, _)) if held < *version => {
                Some(format!("{key}: {version} was acknowledged, and {held} is there"))
            }
            Some((held, other)) if held == *version && other != value => {
                Some(format!("{key}: another value at {version}"))
            }
            // As it was, or a later write of unknown outcome.
            Some(_) => None,
        }
    }

    fn keys(&self) -> Vec<String> {
        self.acknowledged.borrow().keys().cloned().collect()
    }
}

/// What node `node` itself lacks.
async fn problems_of_node(writer: &Writer, client: &mut Client, node: NodeId) -> Vec<String> {
    let dump = client.dump(node, DEADLINE).await.expect("the node is up");
    let held: BTreeMap<_, _> = dump.iter().map(|(key, entry)| (key.as_str(), entry)).collect();
    let found = |key: &str| held.get(key).map(|entry| (entry.version, entry.value.as_deref().unwrap_or(b"")));
    writer.keys().iter().filter_map(|key| writer.problem(key, found(key))).collect()
}

/// What a new session does not find when `node` coordinates.
async fn problems_of_reads(writer: &Writer, cluster: &Cluster, level: Level, node: NodeId) -> Vec<String> {
    let mut client = cluster.client();
    let mut problems = Vec::new();
    for key in writer.keys() {
        let operation = Operation::Get { key: key.clone() };
        let found = match client.call(operation, level, DEADLINE, Some(node)).await.outcome {
            Response::Value { value, version } => version.zip(value),
            other => panic!("{key} cannot be read: {other:?}"),
        };
        let found = found.as_ref().map(|(version, value)| (*version, value.as_slice()));
        problems.extend(writer.problem(&key, found));
    }
    problems
}

#[test]
fn every_acknowledged_write_survives_a_node_killed_in_the_middle() {
    block_on(async {
        let mut cluster = Cluster::start(3);
        let writer = Writer::default();
        let writing = tokio::task::spawn_local(writer.clone().write(cluster.client()));
        writer.wait_for_more(60).await;
        cluster.take(1).kill();
        writer.wait_for_more(60).await;
        cluster.restart(1);
        writer.wait_for_more(60).await;
        writer.stop.set(true);
        tokio::time::timeout(PATIENCE, writing).await.unwrap().unwrap();

        assert_eq!(problems_of_reads(&writer, &cluster, Level::Quorum, 1).await, [""; 0]);
        let mut client = cluster.client();
        until("the killed node has caught up", async || {
            problems_of_node(&writer, &mut client, 1).await.is_empty()
        })
        .await;
        assert_eq!(problems_of_reads(&writer, &cluster, Level::One, 1).await, [""; 0]);
    });
}

#[test]
fn every_acknowledged_write_survives_all_nodes_killed_at_once() {
    block_on(async {
        let mut cluster = Cluster::start(3);
        let writer = Writer::default();
        let writing = tokio::task::spawn_local(writer.clone().write(cluster.client()));
        writer.wait_for_more(100).await;
        for process in [cluster.take(0), cluster.take(1), cluster.take(2)] {
            process.kill();
        }
        writer.stop.set(true);
        tokio::time::timeout(PATIENCE, writing).await.unwrap().unwrap();
        for node in 0..3 {
            cluster.restart(node);
        }
        // A new session may find a link that is not up again yet.
        let mut client = cluster.client();
        until("the nodes reach each other", async || {
            let answer = client.get("key0", Level::All, DEADLINE).await;
            matches!(answer.outcome, Response::Value { .. })
        })
        .await;
        for node in 0..3 {
            assert_eq!(problems_of_reads(&writer, &cluster, Level::Quorum, node).await, [""; 0]);
        }
    });
}
