//! The client among nodes that do as told.

mod calls;
mod exactly_once;
mod reads;
mod writes;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::*;
use crate::fake::World;
use crate::raft::request::Request;
use crate::wire::{Codec, Frame};

const SECOND: Duration = Duration::from_secs(1);

/// What a node does with a request.
enum Reaction {
    Say(Response),
    /// Says that, and hangs up.
    SayLast(Response),
    Nothing,
    HangUp,
}
use Reaction::{HangUp, Nothing, Say, SayLast};

/// Nodes that do as told, and what they were asked.
#[derive(Clone, Default)]
struct Nodes {
    world: World,
    asked: Rc<RefCell<Vec<(&'static str, Request)>>>,
    connections: Rc<Cell<usize>>,
}

impl Nodes {
    /// Starts a node that opens session 4 for everybody, and does as told with everything else.
    fn start(&self, name: &'static str, mut react: impl FnMut(&Ask) -> Reaction + 'static) {
        self.start_raw(name, move |ask| match ask {
            Ask::Open => Say(Response::Opened { session: 4 }),
            ask => react(ask),
        });
    }

    fn start_raw(&self, name: &'static str, mut react: impl FnMut(&Ask) -> Reaction + 'static) {
        let mut door = self.world.listen(name);
        let (asked, connections) = (self.asked.clone(), self.connections.clone());
        tokio::task::spawn_local(async move {
            while let Some(stream) = door.recv().await {
                connections.set(connections.get() + 1);
                let (reader, writer) = tokio::io::split(stream);
                let mut frames = FramedRead::new(reader, Codec::<Node>::default());
                let mut answers = FramedWrite::new(writer, Codec::<Node>::default());
                while let Some(Ok(frame)) = frames.next().await {
                    let Frame::Call { id, request } = frame else { continue };
                    asked.borrow_mut().push((name, request.clone()));
                    let reaction = react(&request.ask);
                    let is_last = matches!(reaction, SayLast(_) | HangUp);
                    if let Say(response) | SayLast(response) = reaction {
                        let answer = Frame::<Node>::Answer { id, response };
                        answers.send(answer.encode().unwrap()).await.unwrap();
                    }
                    if is_last {
                        break;
                    }
                }
            }
        });
    }

    /// A client of these nodes that begins with the first of them, and never wanders.
    fn client(&self, names: &[&str]) -> Client {
        self.client_with(names, Safeguards::default())
    }

    fn client_with(&self, names: &[&str], safeguards: Safeguards) -> Client {
        let nodes = names.iter().map(|name| (name.to_string(), name.to_string())).collect();
        let options = ClientOptions { wander_one_in: 0, safeguards, ..ClientOptions::new(nodes) };
        Client::new(self.world.env(0), options)
    }

    /// Who was asked what: writes by session and number.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        let words = asked.iter().map(|(name, request)| match &request.ask {
            Ask::Open => format!("{name} open"),
            Ask::Write { session, sequence, .. } => format!("{name} {session}.{sequence}"),
            Ask::Read { token, .. } => format!("{name} read {token}"),
            other => format!("{name} {other:?}"),
        });
        words.collect()
    }

    fn was_told(&self, text: &str) -> bool {
        self.world.told.borrow().iter().any(|told| told == text)
    }
}

/// Does each of these in turn, and the last one for ever.
fn in_turn(reactions: impl IntoIterator<Item = Reaction>) -> impl FnMut(&Ask) -> Reaction {
    let mut left: Vec<Reaction> = reactions.into_iter().collect();
    left.reverse();
    move |_| match left.as_slice() {
        [Say(response)] => Say(response.clone()),
        [SayLast(response)] => SayLast(response.clone()),
        [Nothing] => Nothing,
        [HangUp] => HangUp,
        _ => left.pop().expect("a node reacts somehow"),
    }
}

fn done(index: u64) -> Reaction {
    Say(Response::Done { index, term: 2, cells: Vec::new() })
}

fn cells(applied: u64) -> Reaction {
    Say(Response::Cells { cells: vec![None], applied, term: 2 })
}

fn refused(refusal: Refusal) -> Reaction {
    Say(Response::Refused(refusal))
}

fn not_leader(leader: Option<NodeId>, term: Term) -> Refusal {
    Refusal::NotLeader { leader, term }
}

fn unavailable() -> Refusal {
    Refusal::Unavailable("the standby is missing".to_owned())
}

fn outcome_of(reaction: Reaction) -> Response {
    match reaction {
        Say(response) | SayLast(response) => response,
        Nothing | HangUp => panic!("nothing was said"),
    }
}

async fn put(client: &mut Client) -> Response {
    let operation = Operation::Put { key: "k".to_owned(), value: b"v".to_vec() };
    client.write(operation, SECOND).await.outcome
}

async fn read(client: &mut Client, mode: ReadMode) -> Response {
    client.read(vec!["k".to_owned()], mode, SECOND, None).await.outcome
}
