//! A replicated log loses its leader in the middle of writes, or all nodes at once: every acknowledged change
//! has taken effect, once.

use std::cell::{Cell as Shared, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use perjury_store::protocol::NodeId;
use perjury_store::raft::client::Client;
use perjury_store::raft::request::{Cell, Operation, ReadMode, Response, Versioned};
use tokio::task::JoinHandle;

use crate::cluster::{Cluster, PATIENCE, block_on, until};

const WRITERS: u64 = 4;
/// Long enough for another leader to be found.
const DEADLINE: Duration = Duration::from_secs(5);
/// So that snapshots are taken in the middle of it all.
const SNAPSHOTS: [&str; 2] = ["--snapshot-every", "20"];

/// How one change ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Done,
    Refused,
    Unknown,
}

/// Appends unique elements and counts them, without end, and remembers how each ended.
#[derive(Clone, Default)]
struct Story {
    appended: Rc<RefCell<BTreeMap<String, Fate>>>,
    added: Rc<RefCell<Vec<Fate>>>,
    done: Rc<Shared<usize>>,
    stop: Rc<Shared<bool>>,
}

impl Story {
    fn begin(&self, cluster: &Cluster) -> Vec<JoinHandle<()>> {
        let write = |writer| tokio::task::spawn_local(self.clone().write(writer, cluster.log_client()));
        (0..WRITERS).map(write).collect()
    }

    async fn write(self, writer: u64, mut client: Client) {
        for n in 0.. {
            if self.stop.get() {
                return;
            }
            let element = format!("{writer}.{n}");
            let append = Operation::Append { key: "list".to_owned(), element: element.clone().into_bytes() };
            let fate = self.fate(&mut client, append).await;
            self.appended.borrow_mut().insert(element, fate);
            let add = Operation::Add { key: "count".to_owned(), amount: 1 };
            let fate = self.fate(&mut client, add).await;
            self.added.borrow_mut().push(fate);
        }
    }

    async fn fate(&self, client: &mut Client, operation: Operation) -> Fate {
        match client.write(operation, DEADLINE).await.outcome {
            Response::Done { .. } => {
                self.done.set(self.done.get() + 1);
                Fate::Done
            }
            Response::Refused(_) => Fate::Refused,
            _ => Fate::Unknown,
        }
    }

    async fn wait_for_more(&self, more: usize) {
        let goal = self.done.get() + more;
        until("enough changes are acknowledged", async || self.done.get() >= goal).await;
    }

    async fn end(&self, writers: Vec<JoinHandle<()>>) {
        self.stop.set(true);
        for writer in writers {
            tokio::time::timeout(PATIENCE, writer).await.expect("every call ends by its deadline").unwrap();
        }
    }

    /// Compares the log's word with what the writers were told.
    fn check(&self, list: &[Vec<u8>], count: i64) {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for element in list {
            *times.entry(str::from_utf8(element).unwrap()).or_default() += 1;
        }
        for (element, fate) in &*self.appended.borrow() {
            let found = times.remove(element.as_str()).unwrap_or(0);
            let is_right = match fate {
                Fate::Done => found == 1,
                Fate::Refused => found == 0,
                Fate::Unknown => found <= 1,
            };
            assert!(is_right, "{element}: {fate:?}, and there {found} times");
        }
        assert!(times.is_empty(), "nobody appended {times:?}");
        let added = self.added.borrow();
        let done = added.iter().filter(|fate| **fate == Fate::Done).count() as i64;
        let unknown = added.iter().filter(|fate| **fate == Fate::Unknown).count() as i64;
        assert!((done..=done + unknown).contains(&count), "{done} done, {unknown} unknown, counted {count}");
    }
}

/// List and counter, read at one moment.
async fn read(client: &mut Client) -> Option<(Vec<Vec<u8>>, i64)> {
    let keys = vec!["list".to_owned(), "count".to_owned()];
    match client.read(keys, ReadMode::Leader, DEADLINE, None).await.outcome {
        Response::Cells { cells, .. } => match cells.as_slice() {
            [
                Some(Versioned { cell: Some(Cell::List(list)), .. }),
                Some(Versioned { cell: Some(Cell::Counter(count)), .. }),
            ] => Some((list.clone(), *count)),
            other => panic!("neither a list nor a counter: {other:?}"),
        },
        _ => None,
    }
}

/// The node that leads, once one says of itself that it does.
async fn leader(client: &mut Client) -> NodeId {
    let mut found = None;
    until("a node leads", async || {
        for node in 0..3 {
            let answer = client.status(node, Duration::from_millis(500)).await;
            if let Response::Status { leader: Some(leader), .. } = answer.outcome
                && leader == node
            {
                found = Some(node);
            }
        }
        found.is_some()
    })
    .await;
    found.unwrap()
}

/// Waits until all nodes hold the same, and more than nothing.
async fn converge(client: &mut Client) {
    until("all nodes hold the same", async || {
        let mut dumps = Vec::new();
        for node in 0..3 {
            dumps.extend(client.dump(node, DEADLINE).await);
        }
        dumps.len() == 3 && !dumps[0].is_empty() && dumps.windows(2).all(|pair| pair[0] == pair[1])
    })
    .await;
}

#[test]
fn every_acknowledged_change_survives_two_leaders_killed_in_the_middle_of_writes() {
    block_on(async {
        let mut cluster = Cluster::start_log(3, &SNAPSHOTS);
        let story = Story::default();
        let mut client = cluster.log_client();
        let writers = story.begin(&cluster);
        story.wait_for_more(40).await;
        for _ in 0..2 {
            let leader = leader(&mut client).await;
            cluster.take(leader.into()).kill();
            story.wait_for_more(40).await;
            cluster.restart(leader.into());
            story.wait_for_more(40).await;
        }
        story.end(writers).await;
        let (list, count) = read(&mut client).await.expect("a leader answers");
        story.check(&list, count);
        converge(&mut client).await;
        let snapshot = std::fs::read_dir(cluster.data(0)).unwrap().flatten();
        assert!(snapshot.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("snapshot-")));
    });
}

#[test]
fn every_acknowledged_change_survives_all_nodes_killed_at_once() {
    block_on(async {
        let mut cluster = Cluster::start_log(3, &SNAPSHOTS);
        let story = Story::default();
        let writers = story.begin(&cluster);
        story.wait_for_more(80).await;
        for process in [cluster.take(0), cluster.take(1), cluster.take(2)] {
            process.kill();
        }
        story.stop.set(true);
        for node in 0..3 {
            cluster.restart(node);
        }
        story.end(writers).await;
        let mut client = cluster.log_client();
        let mut found = None;
        until("a leader answers", async || {
            found = read(&mut client).await;
            found.is_some()
        })
        .await;
        let (list, count) = found.unwrap();
        story.check(&list, count);
        converge(&mut client).await;
    });
}
