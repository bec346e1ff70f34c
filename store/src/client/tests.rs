use std::cell::RefCell;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use smallvec::smallvec;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::*;
use crate::fake::World;
use crate::quorum::membership::member::{Beat, State};
use crate::quorum::message::Request;
use crate::quorum::version::Version;

type Frame = crate::wire::Frame<Node>;
type Codec = crate::wire::Codec<Node>;

const SECOND: Duration = Duration::from_secs(1);

fn at(millis: u64) -> Version {
    Version { millis, ..Version::default() }
}

fn written(millis: u64) -> Option<Response> {
    Some(Response::Written { version: at(millis) })
}

/// Nodes that answer each request as told, or not at all, and what they were asked.
#[derive(Clone, Default)]
struct Nodes {
    world: World,
    asked: Rc<RefCell<Vec<(String, Request)>>>,
}

impl Nodes {
    fn start(&self, name: &'static str, mut respond: impl FnMut(&Request) -> Option<Response> + 'static) {
        let mut door = self.world.listen(name);
        let asked = self.asked.clone();
        tokio::task::spawn_local(async move {
            while let Some(stream) = door.recv().await {
                let (reader, writer) = tokio::io::split(stream);
                let mut frames = FramedRead::new(reader, Codec::default());
                let mut answers = FramedWrite::new(writer, Codec::default());
                while let Some(Ok(frame)) = frames.next().await {
                    let Frame::Call { id, request } = frame else { continue };
                    asked.borrow_mut().push((name.to_owned(), request.clone()));
                    if let Some(response) = respond(&request) {
                        let answer = Frame::Answer { id, response };
                        answers.send(answer.encode().unwrap()).await.unwrap();
                    }
                }
            }
        });
    }

    /// A client of these nodes whose first coordinator is the first of them, and that never wanders.
    fn client(&self, names: &[&str], safeguards: Safeguards) -> Client {
        let nodes = names.iter().map(|name| (name.to_string(), name.to_string())).collect();
        let options = ClientOptions { wander_one_in: 0, safeguards, ..ClientOptions::new(nodes) };
        Client::new(self.world.env(0), options)
    }

    fn was_told(&self, text: &str) -> bool {
        self.world.told.borrow().iter().any(|told| told == text)
    }
}

async fn put(client: &mut Client, key: &str) -> Response {
    client.put(key, b"v".to_vec(), Level::Quorum, SECOND).await.outcome
}

async fn get(client: &mut Client, key: &str) -> Response {
    client.get(key, Level::Quorum, SECOND).await.outcome
}

#[test]
fn a_write_without_an_answer_is_unknown_and_a_read_refused() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| None);
        let mut client = nodes.client(&["n1"], Safeguards::default());
        let why = "n1 did not answer within 1000 ms".to_owned();
        assert_eq!(put(&mut client, "k").await, Response::Unknown(why.clone()));
        assert_eq!(get(&mut client, "k").await, Response::Refused(Refusal::Unavailable(why)));
    });
}

fn elsewhere(node: &str) -> Option<Response> {
    Some(Response::Refused(Refusal::Elsewhere { node: node.to_owned() }))
}

#[test]
fn goes_to_the_node_that_caches_the_key_and_remembers_it() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| elsewhere("n2"));
        nodes.start("n2", |_| written(7));
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        for _ in 0..2 {
            assert_eq!(Some(put(&mut client, "k").await), written(7));
        }
        client.coordinate(0);
        assert_eq!(Some(put(&mut client, "k").await), written(7));
        let asked: Vec<_> = nodes.asked.borrow().iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(asked, ["n1", "n2", "n2", "n2"]);
    });
}

#[test]
fn what_may_be_lost_ends_the_guarantees_of_its_key() {
    World::run(async {
        let nodes = Nodes::default();
        let lost = || Response::Refused(Refusal::Lost { floor: at(7) });
        nodes.start("n1", move |request| match request.operation {
            Operation::Put { .. } => written(7),
            _ => Some(lost()),
        });
        let mut client = nodes.client(&["n1"], Safeguards::default());
        put(&mut client, "k").await;
        let read = client.get("k", Level::Quorum, SECOND).await;
        assert_eq!((read.outcome, read.guarantee_ended), (lost(), Some("k".to_owned())));
        get(&mut client, "k").await;
        let floors: Vec<_> = nodes.asked.borrow().iter().map(|(_, request)| request.floor).collect();
        assert_eq!(floors, [None, Some(at(7)), None]);
    });
}

#[test]
fn is_sent_on_once_and_not_where_a_node_was_named() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| elsewhere("n2"));
        nodes.start("n2", |_| elsewhere("n1"));
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        assert_eq!(Some(put(&mut client, "k").await), elsewhere("n1"));
        let named = client.call(Operation::Get { key: "j".to_owned() }, Level::One, SECOND, Some(0)).await;
        assert_eq!((named.node, Some(named.outcome)), (0, elsewhere("n2")));
        assert_eq!(nodes.asked.borrow().len(), 3);
    });
}

#[test]
fn a_missed_deadline_is_a_failure_without_the_safeguard() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| None);
        let safeguards = Safeguards { timeout_is_unknown: false, ..Safeguards::default() };
        let mut client = nodes.client(&["n1"], safeguards);
        assert!(matches!(put(&mut client, "k").await, Response::Refused(_)));
        assert!(nodes.was_told("<timeout-reported-as-failure>"));
    });
}

#[test]
fn a_write_that_was_lost_on_the_way_is_unknown() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| written(7));
        nodes.world.fates.borrow_mut().push_back(smallvec![]);
        let mut client = nodes.client(&["n1"], Safeguards::default());
        assert!(matches!(put(&mut client, "k").await, Response::Unknown(_)));
        assert!(nodes.asked.borrow().is_empty());
    });
}

#[test]
fn a_write_whose_connection_ends_is_unknown() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("n1");
        let options = ClientOptions::new(vec![("n1".to_owned(), "n1".to_owned())]);
        let mut client = Client::new(world.env(0), options);
        tokio::task::spawn_local(async move {
            let mut frames = FramedRead::new(door.recv().await.unwrap(), Codec::default());
            while !matches!(frames.next().await, Some(Ok(Frame::Call { .. }))) {}
        });
        let Response::Unknown(why) = put(&mut client, "k").await else {
            panic!("the write may have taken effect");
        };
        assert_eq!(why, "n1 was lost before it answered: the connection is closed");
    });
}

#[test]
fn what_was_never_sent_is_refused() {
    World::run(async {
        let nodes = Nodes::default();
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        assert!(matches!(put(&mut client, "k").await, Response::Refused(Refusal::Unavailable(_))));
        let value = vec![0; crate::wire::FRAME_BYTES_MAX];
        nodes.start("n1", |_| written(7));
        nodes.start("n2", |_| written(7));
        let answer = client.put("k", value, Level::Quorum, SECOND).await;
        assert!(matches!(answer.outcome, Response::Refused(Refusal::Invalid(_))), "{answer:?}");
    });
}

#[test]
fn goes_to_another_node_while_nothing_is_sent() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n2", |_| written(7));
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        let operation = || Operation::Delete { key: "k".to_owned() };
        let named = client.call(operation(), Level::One, SECOND, Some(0)).await;
        assert!(matches!(named, Answer { node: 0, outcome: Response::Refused(_), .. }));
        let free = client.call(operation(), Level::One, SECOND, None).await;
        assert_eq!((free.node, free.outcome), (1, written(7).unwrap()));
    });
}

#[test]
fn asks_every_node_before_it_gives_up() {
    World::run(async {
        let mut client = Nodes::default().client(&["n1", "n2", "n3"], Safeguards::default());
        assert!(client.go_on(&[0]) && client.coordinator != 0);
        // Chance went back and forth.
        assert!(client.go_on(&[0, 1, 0]) && client.coordinator == 2);
        assert!(!client.go_on(&[0, 1, 0, 2]));
        assert!(!client.go_on(&[0, 1, 2]));
    });
}

#[test]
fn keeps_its_coordinator_until_that_fails_it() {
    World::run(async {
        let nodes = Nodes::default();
        let mut answers = 3;
        nodes.start("n1", move |_| {
            answers -= 1;
            written(7).filter(|_| answers > 0)
        });
        nodes.start("n2", |_| written(7));
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        for _ in 0..5 {
            put(&mut client, "k").await;
        }
        let asked: Vec<String> = nodes.asked.borrow().iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(asked, ["n1", "n1", "n1", "n2", "n2"]);
    });
}

#[test]
fn wanders_now_and_then() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| written(7));
        nodes.start("n2", |_| written(7));
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        client.options.wander_one_in = 4;
        for _ in 0..40 {
            put(&mut client, "k").await;
        }
        let asked = nodes.asked.borrow();
        let changes = asked.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        assert!((5..=20).contains(&changes), "{changes} changes");
    });
}

#[test]
fn keeps_to_who_is_near_and_comes_back_to_them() {
    World::run(async {
        let nodes = Nodes::default();
        let mut answers = 10;
        nodes.start("n1", |_| written(7));
        nodes.start("n2", move |_| {
            answers -= 1;
            written(7).filter(|_| answers != 0)
        });
        nodes.start("n3", |_| written(7));
        let mut client = nodes.client(&["n1", "n2", "n3"], Safeguards::default());
        client.options.near = vec![1];
        client.options.wander_one_in = 2;
        client.coordinator = 1;
        for _ in 0..30 {
            put(&mut client, "k").await;
        }
        let asked: Vec<String> = nodes.asked.borrow().iter().map(|(name, _)| name.clone()).collect();
        let (before, after) = asked.split_at(10);
        assert!(before.iter().all(|name| name == "n2"), "{asked:?}");
        assert!(
            after.iter().any(|name| name != "n2") && after.last().is_some_and(|name| name == "n2"),
            "{asked:?}"
        );
    });
}

#[test]
fn a_slow_read_is_asked_of_a_second_node_and_a_slow_write_is_not() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| None);
        nodes.start("n2", |request| match request.operation {
            Operation::Get { .. } => Some(Response::Value { value: None, version: Some(at(9)) }),
            _ => written(7),
        });
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        client.options.hedge_after = Some(Duration::from_millis(200));
        let write = client.put("k", vec![1], Level::One, SECOND / 2).await;
        assert!(matches!(write.outcome, Response::Unknown(_)), "{write:?}");
        client.coordinator = 0;
        let read = client.get("k", Level::One, SECOND).await;
        assert_eq!((read.node, client.token.floor("k")), (1, Some(at(9))));
        let asked: Vec<String> = nodes.asked.borrow().iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(asked, ["n1", "n1", "n2"]);
        assert!(nodes.was_told("<read-hedged>"));
        let named = client.call(Operation::Get { key: "k".to_owned() }, Level::One, SECOND, Some(0)).await;
        assert!(matches!(named.outcome, Response::Refused(_)), "who is named is asked alone: {named:?}");
    });
}

#[test]
fn the_token_goes_along_to_another_coordinator() {
    World::run(async {
        let nodes = Nodes::default();
        for name in ["n1", "n2"] {
            nodes.start(name, |request| match &request.operation {
                Operation::Get { .. } => Some(Response::Value { value: None, version: Some(at(5)) }),
                _ => written(9),
            });
        }
        let mut client = nodes.client(&["n1", "n2"], Safeguards::default());
        get(&mut client, "j").await;
        put(&mut client, "k").await;
        let again = Operation::Get { key: "j".to_owned() };
        client.call(again, Level::Quorum, SECOND, Some(1)).await;
        let asked = nodes.asked.borrow();
        let sent: Vec<_> = asked.iter().map(|(_, request)| (request.floor, request.above)).collect();
        assert_eq!(sent, [(None, None), (None, Some(at(5))), (Some(at(5)), Some(at(9)))]);
    });
}

#[test]
fn without_the_safeguard_a_new_coordinator_means_an_empty_token() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| written(9));
        nodes.start("n2", |_| None);
        let safeguards = Safeguards { token_survives_failover: false, ..Safeguards::default() };
        let mut client = nodes.client(&["n1", "n2"], safeguards);
        put(&mut client, "k").await;
        let again = Operation::Get { key: "k".to_owned() };
        client.call(again, Level::Quorum, SECOND, Some(1)).await;
        assert_eq!(nodes.asked.borrow()[1].1.floor, None);
        assert!(nodes.was_told("<token-dropped>"));
    });
}

#[test]
fn says_which_guarantee_ended() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| written(9));
        let mut client = nodes.client(&["n1"], Safeguards::default());
        client.token = Token::new(1);
        put(&mut client, "j").await;
        let answer = client.put("k", Vec::new(), Level::One, SECOND).await;
        assert_eq!(answer.guarantee_ended, Some("j".to_owned()));
    });
}

#[test]
fn the_node_has_less_time_than_the_client() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| written(9));
        let mut client = nodes.client(&["n1"], Safeguards::default());
        put(&mut client, "k").await;
        assert_eq!(nodes.asked.borrow()[0].1.deadline_ms, 875);
    });
}

#[test]
fn a_late_answer_to_an_earlier_call_is_not_taken_for_this_one() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("n1");
        let options = ClientOptions::new(vec![("n1".to_owned(), "n1".to_owned())]);
        let mut client = Client::new(world.env(1), options);
        tokio::task::spawn_local(async move {
            let (reader, writer) = tokio::io::split(door.recv().await.unwrap());
            let mut frames = FramedRead::new(reader, Codec::default());
            let mut answers = FramedWrite::new(writer, Codec::default());
            while let Some(Ok(frame)) = frames.next().await {
                let Frame::Call { id, .. } = frame else { continue };
                for id in [id - 1, id] {
                    let answer = Frame::Answer { id, response: written(id).unwrap() };
                    answers.send(answer.encode().unwrap()).await.unwrap();
                }
            }
        });
        for id in 1..=3 {
            assert_eq!(put(&mut client, "k").await, written(id).unwrap());
        }
    });
}

#[test]
fn an_answer_to_another_question_is_no_answer() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| Some(Response::Value { value: None, version: None }));
        let mut client = nodes.client(&["n1"], Safeguards::default());
        assert!(matches!(put(&mut client, "k").await, Response::Unknown(_)));
    });
}

#[test]
fn a_dump_has_all_pages() {
    World::run(async {
        let nodes = Nodes::default();
        let entry = |key: &str| {
            let entry = Entry { version: at(1), atomic: false, value: None };
            (key.to_owned(), entry)
        };
        nodes.start("n1", move |request| match &request.operation {
            Operation::Dump { after: None } => {
                Some(Response::Dump { entries: vec![entry("a"), entry("b")], more: true })
            }
            Operation::Dump { after } if after.as_deref() == Some("b") => {
                Some(Response::Dump { entries: vec![entry("c")], more: false })
            }
            _ => None,
        });
        let mut client = nodes.client(&["n1"], Safeguards::default());
        let dump = client.dump(0, SECOND).await.unwrap();
        assert_eq!(dump, [entry("a"), entry("b"), entry("c")]);
    });
}

/// What a node says of n1 to n3, of which this one is down.
fn members(down: &str) -> Option<Response> {
    let names = ["n1", "n2", "n3"].map(str::to_owned);
    let view = |of: &String| View {
        of: of.clone(),
        state: if of == down { State::Down } else { State::Up },
        beat: Beat::default(),
        accusers: Vec::new(),
    };
    let views = names.iter().map(view).collect();
    Some(Response::Members { views, addresses: names.map(|name| format!("{name}:7000")).to_vec() })
}

#[test]
fn discovers_all_nodes_through_any_seed() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n2", |_| members("n3"));
        let seeds = ["gone", "n2"].map(|name| (name.to_owned(), name.to_owned()));
        let found = discover(&nodes.world.env(0), &seeds, SECOND).await.expect("n2 answers");
        let all = ["n1", "n2", "n3"].map(|name| (name.to_owned(), format!("{name}:7000")));
        assert_eq!(found, all);
        assert!(discover(&nodes.world.env(0), &seeds[..1], SECOND).await.is_err());
    });
}

/// Who is asked for a write after n1 has failed one, in a session that knows this one to be down.
async fn asked_after_failure(down: &'static str) -> String {
    let nodes = Nodes::default();
    nodes.start("n1", move |request| match request.operation {
        Operation::Members => members(down),
        _ => Some(Response::Refused(Refusal::Unavailable("not now".to_owned()))),
    });
    nodes.start("n2", |_| written(7));
    nodes.start("n3", |_| written(7));
    let mut client = nodes.client(&["n1", "n2", "n3"], Safeguards::default());
    client.members(SECOND).await.expect("n1 answers");
    put(&mut client, "k").await;
    put(&mut client, "k").await;
    let asked = nodes.asked.borrow().last().map(|(name, _)| name.clone());
    asked.expect("somebody was asked")
}

#[test]
fn goes_to_nobody_who_is_away() {
    World::run(async {
        assert_eq!(asked_after_failure("n2").await, "n3");
        assert_eq!(asked_after_failure("n3").await, "n2");
    });
}
