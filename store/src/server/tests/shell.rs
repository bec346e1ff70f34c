//! What the shell owes a protocol, seen from one that does as its clients say.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::*;
use crate::client::connection::Connection;
use crate::env::Disk;
use crate::protocol::{Answer, Effect, Input};
use crate::raft::fact::Fact;
use crate::raft::log::Record as Vote;

/// What a client wants done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Wish {
    /// Append this record, and answer once it is synced.
    Append(u64),
    /// Save a snapshot with this record beside it, if any, and answer once it is saved.
    Save(Option<u64>),
    /// Answer unless the clock shows this many nanoseconds.
    Before(u64),
    /// Tell a fact, and answer.
    Tell,
    /// Answer with so many bytes.
    Large(usize),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Said {
    Done(String),
    TooLate,
    NotAsked,
    TooLarge(usize),
}

impl Answer for Said {
    fn not_asked(_why: String) -> Said {
        Said::NotAsked
    }

    fn too_large(self, _why: String) -> Said {
        match self {
            Said::Done(bytes) => Said::TooLarge(bytes.len()),
            other => other,
        }
    }
}

/// Does as it is told.
#[derive(Default)]
struct Obedient {
    appended: u64,
    /// Requests that wait for a record to be synced.
    synced: Vec<(u64, u64)>,
    /// The request that waits for a snapshot.
    saved: Option<u64>,
}

impl Protocol for Obedient {
    const NAME: &'static str = "obedient";
    const SURVIVES_FAILED_APPEND: bool = false;
    type Request = Wish;
    type Response = Said;
    type Message = ();
    type Record = Vote;

    fn step(&mut self, input: Input<Obedient>, _now: Now, effects: &mut Vec<Effect<Obedient>>) {
        let done = |id, what: &str| Effect::Reply { id, response: Said::Done(what.to_owned()) };
        let vote = |term| Vote::Vote { term, voted_for: None };
        match input {
            Input::Request { id, request: Wish::Append(term) } => {
                self.appended += 1;
                self.synced.push((self.appended, id));
                effects.push(Effect::Append(vote(term)));
            }
            Input::Request { id, request: Wish::Save(term) } => {
                self.saved = Some(id);
                self.appended += term.iter().count() as u64;
                let records = term.map(vote).into_iter().collect();
                effects.push(Effect::SaveSnapshot { index: 5, bytes: b"all".to_vec(), records });
            }
            Input::Request { id, request: Wish::Before(before) } => {
                effects.push(Effect::ReplyBefore { id, response: Said::Done("in time".to_owned()), before });
            }
            Input::Request { id, request: Wish::Tell } => {
                effects.extend([Effect::Fact(Fact::Term(7)), done(id, "told")]);
            }
            Input::Request { id, request: Wish::Large(bytes) } => effects.push(done(id, &"x".repeat(bytes))),
            Input::Synced { through } => {
                let synced = self.synced.extract_if(.., |(record, _)| *record <= through);
                effects.extend(synced.map(|(_, id)| done(id, "synced")));
            }
            Input::SnapshotSaved { index } => {
                effects.extend(self.saved.take().map(|id| done(id, &format!("saved {index}"))));
            }
            Input::TooLate { id } => effects.push(Effect::Reply { id, response: Said::TooLate }),
            Input::Message { .. } | Input::AppendFailed { .. } => panic!("never told: {input:?}"),
        }
    }

    fn tick(&mut self, _now: Now, _effects: &mut Vec<Effect<Obedient>>) {}
}

/// The one node of its cluster; keeps what it was started with.
#[derive(Clone, Default)]
struct Alone {
    names: Vec<String>,
    replayed: Rc<RefCell<Replayed<Vote>>>,
}

impl Family for Alone {
    type Node = Obedient;

    fn node(&self) -> NodeId {
        0
    }
    fn nodes(&self) -> &[String] {
        &self.names
    }
    fn safeguards(&self) -> Safeguards {
        Safeguards::default()
    }
    fn cluster(&self) -> String {
        String::new()
    }
    fn problem(&self) -> Option<String> {
        None
    }
    fn start(self, replayed: Replayed<Vote>, _: Option<Rc<dyn Shelf>>, _: &Env) -> Obedient {
        self.replayed.replace(replayed);
        Obedient::default()
    }
}

struct Node {
    world: World,
    running: JoinHandle<Result<(), Error>>,
    found: Replayed<Vote>,
}

impl Node {
    async fn start(world: &World) -> Node {
        world.told.borrow_mut().clear();
        let alone = Alone { names: vec!["n1".to_owned()], ..Alone::default() };
        let replayed = alone.replayed.clone();
        let options = ServerOptions::new(alone, "n1".to_owned(), vec!["n1".to_owned()]);
        let running = tokio::task::spawn_local(serve(options, world.env(0)));
        tokio::time::sleep(SECOND).await;
        let found = replayed.borrow().clone();
        Node { world: world.clone(), running, found }
    }

    async fn connect(&self) -> Connection<Obedient> {
        Connection::open(&self.world.env(7), "n1", "n1", SECOND).await.unwrap()
    }

    async fn ask(&self, wish: Wish) -> Said {
        let mut connection = self.connect().await;
        let id = connection.send(wish).unwrap();
        let answer = tokio::time::timeout(10 * SECOND, connection.answer(id)).await;
        answer.expect("it is answered").unwrap()
    }

    async fn stop(self) {
        self.running.abort();
        let _ = self.running.await;
    }
}

fn done(what: &str) -> Said {
    Said::Done(what.to_owned())
}

#[test]
fn a_snapshot_takes_the_place_of_the_log_before_it() {
    World::run(async {
        let world = World::default();
        let node = Node::start(&world).await;
        assert_eq!(node.ask(Wish::Append(1)).await, done("synced"));
        assert_eq!(node.ask(Wish::Save(Some(2))).await, done("saved 5"));
        assert_eq!(node.ask(Wish::Append(3)).await, done("synced"));
        node.stop().await;
        let node = Node::start(&world).await;
        let votes = [2, 3].map(|term| Vote::Vote { term, voted_for: None });
        assert_eq!(node.found.snapshot, Some((5, b"all".to_vec())));
        assert_eq!((&node.found.records[..], node.found.damaged), (&votes[..], false));
        // Nothing is appended with this one, and it is saved all the same.
        assert_eq!(node.ask(Wish::Save(None)).await, done("saved 5"));
    });
}

#[test]
fn appends_are_synced_while_a_snapshot_is_saved() {
    World::run(async {
        let world = World::default();
        let node = Node::start(&world).await;
        let mut saver = node.connect().await;
        let save = saver.send(Wish::Save(Some(1))).unwrap();
        for term in 2..6 {
            assert_eq!(node.ask(Wish::Append(term)).await, done("synced"));
            assert!(!world.disk.list().unwrap().contains(&"snapshot-0000000002".to_owned()), "not saved yet");
        }
        assert_eq!(saver.answer(save).await.unwrap(), done("saved 5"));
    });
}

#[test]
fn an_answer_whose_time_is_over_is_not_sent() {
    World::run(async {
        let node = Node::start(&World::default()).await;
        assert_eq!(node.ask(Wish::Before(u64::MAX)).await, done("in time"));
        assert_eq!(node.ask(Wish::Before(SECOND.as_nanos() as u64)).await, Said::TooLate);
    });
}

#[test]
fn a_family_that_does_not_survive_a_failed_append_ends() {
    World::run(async {
        let world = World::default();
        let node = Node::start(&world).await;
        world.disk.is_full.set(true);
        let mut connection = node.connect().await;
        let id = connection.send(Wish::Append(1)).unwrap();
        assert!(connection.answer(id).await.is_err());
        let error = node.running.await.unwrap().unwrap_err().to_string();
        assert!(error.starts_with("record not appended"), "{error}");
    });
}

#[test]
fn facts_reach_the_observer() {
    World::run(async {
        let world = World::default();
        let node = Node::start(&world).await;
        assert_eq!(node.ask(Wish::Tell).await, done("told"));
        assert!(world.told.borrow().iter().any(|told| told == "Term(7)"), "{:?}", world.told.borrow());
    });
}

#[test]
fn an_answer_too_large_for_a_frame_owns_up_to_what_it_was() {
    World::run(async {
        let node = Node::start(&World::default()).await;
        let bytes = crate::wire::FRAME_BYTES_MAX;
        assert_eq!(node.ask(Wish::Large(bytes)).await, Said::TooLarge(bytes));
    });
}

#[test]
fn a_client_of_another_family_is_told_so() {
    World::run(async {
        let world = World::default();
        let _node = Node::start(&world).await;
        let outcome = put(&mut client(&world), "k").await;
        let Response::Unknown(why) = outcome else { panic!("{outcome:?}") };
        let expected = "this node is of family obedient, and the other side speaks for family quorum";
        assert!(why.contains(expected), "{why}");
    });
}
