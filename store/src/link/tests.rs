use smallvec::smallvec;
use tokio::io::DuplexStream;
use tokio_util::codec::FramedWrite;

use super::*;
use crate::env::Delivery;
use crate::fake::World;
use crate::quorum::message::Message;
use crate::quorum::node::Node;
use futures_util::SinkExt;

type Frame = crate::wire::Frame<Node>;
type Codec = crate::wire::Codec<Node>;
type Link = super::Link<Node>;

const MESSAGE: Message = Message::Written { operation: 7 };

fn n1() -> Caller {
    Caller::Node { name: "n1".to_owned(), cluster: "of two".to_owned() }
}

fn link(world: &World) -> (Link, JoinSet<()>) {
    let mut tasks = JoinSet::new();
    let link = Link::open(world.env(0), n1(), "n2", "there", &mut tasks);
    (link, tasks)
}

async fn sleep_ms(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// The frames that arrive, pings and hello apart, until the connection ends or `millis` pass.
async fn messages(stream: &mut DuplexStream, millis: u64) -> Vec<Frame> {
    let mut frames = FramedRead::new(stream, Codec::default());
    let mut arrived = Vec::new();
    let end = tokio::time::sleep(Duration::from_millis(millis));
    tokio::pin!(end);
    loop {
        tokio::select! {
            biased;
            frame = frames.next() => match frame {
                Some(Ok(Frame::Ping | Frame::Hello { .. })) => {}
                Some(frame) => arrived.push(frame.unwrap()),
                None => return arrived,
            },
            () = &mut end => return arrived,
        }
    }
}

#[test]
fn says_who_it_is_and_delivers() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (link, _tasks) = link(&world);
        let stream = door.recv().await.unwrap();
        let mut frames = FramedRead::new(stream, Codec::default());
        let hello = Frame::hello(n1(), "n2");
        assert_eq!(frames.next().await.unwrap().unwrap(), hello);
        assert_eq!(frames.next().await.unwrap().unwrap(), Frame::Ping);
        link.send(MESSAGE);
        assert_eq!(frames.next().await.unwrap().unwrap(), Frame::Peer(MESSAGE));
        assert_eq!(link.dropped(), 0);
    });
}

#[test]
fn counts_messages_that_find_it_down() {
    World::run(async {
        let (link, _tasks) = link(&World::default());
        sleep_ms(500).await;
        link.send(MESSAGE);
        link.send(MESSAGE);
        assert_eq!(link.dropped(), 2);
    });
}

#[test]
fn fates_of_messages_come_from_the_network() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (link, _tasks) = link(&world);
        let mut stream = door.recv().await.unwrap();
        let at = |ms| Delivery::after(Duration::from_millis(ms));
        let fates = [smallvec![], smallvec![at(100)], smallvec![at(0), at(200)], smallvec![at(0)]];
        world.fates.borrow_mut().extend(fates);
        let message = |operation| Message::Written { operation };
        for operation in 1..=4 {
            link.send(message(operation));
        }
        let arrived = messages(&mut stream, 500).await;
        let expected = [3, 4, 2, 3].map(|operation| Frame::Peer(message(operation)));
        assert_eq!(arrived, expected);
    });
}

#[test]
fn messages_that_are_equally_late_keep_their_order() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (link, _tasks) = link(&world);
        let mut stream = door.recv().await.unwrap();
        let message = |operation| Message::Written { operation };
        for operation in 0..40 {
            world.fates.borrow_mut().push_back(smallvec![Delivery::after(Duration::from_millis(400))]);
            link.send(message(operation));
            sleep_ms(operation % 3).await;
        }
        let arrived = messages(&mut stream, 1_000).await;
        assert_eq!(arrived, (0..40).map(|operation| Frame::Peer(message(operation))).collect::<Vec<_>>());
    });
}

#[test]
fn bits_turn_over_on_the_way_and_the_reader_sees_it() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (link, _tasks) = link(&world);
        let stream = door.recv().await.unwrap();
        // The first after the byte of the version.
        let corrupt = Delivery { flips: smallvec![8], ..Delivery::default() };
        world.fates.borrow_mut().push_back(smallvec![Delivery::default(), corrupt]);
        link.send(MESSAGE);
        let frames = FramedRead::new(stream, Codec::default());
        let arrived: Vec<_> = frames.skip(2).take(2).collect().await;
        assert_eq!(*arrived[0].as_ref().unwrap(), Frame::Peer(MESSAGE));
        assert!(matches!(arrived[1], Err(WireError::Checksum)), "{arrived:?}");
    });
}

#[test]
fn gives_up_a_connection_that_is_silent_and_connects_again() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (link, _tasks) = link(&world);
        let silent = door.recv().await.unwrap();
        let second = door.recv().await.unwrap();
        drop(silent);
        let told = world.told.borrow()[0].clone();
        assert_eq!(told, "link to n2: nothing was heard for 1250 ms (0 messages dropped so far)");
        link.send(MESSAGE);
        assert_eq!(link.dropped(), 0);
        drop(second);
    });
}

#[test]
fn keeps_a_connection_that_answers_pings() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (_link, _tasks) = link(&world);
        let (reader, writer) = tokio::io::split(door.recv().await.unwrap());
        let mut frames = FramedRead::new(reader, Codec::default());
        let mut answers = FramedWrite::new(writer, Codec::default());
        let mut pings = 0;
        while pings < 20 {
            let frame = frames.next().await.expect("the connection stays").unwrap();
            if frame == Frame::Ping {
                pings += 1;
                answers.send(Frame::Pong.encode().unwrap()).await.unwrap();
            }
        }
        assert!(door.try_recv().is_err(), "it connected a second time");
        assert!(world.told.borrow().is_empty());
    });
}

#[test]
fn says_once_why_it_is_refused() {
    World::run(async {
        let world = World::default();
        let mut door = world.listen("there");
        let (_link, _tasks) = link(&world);
        for _ in 0..3 {
            let mut answers = FramedWrite::new(door.recv().await.unwrap(), Codec::default());
            let refused = Frame::Refused("this is node n3".to_owned());
            answers.send(refused.encode().unwrap()).await.unwrap();
        }
        sleep_ms(2000).await;
        let told: Vec<_> = world.told.borrow().iter().filter(|note| note.contains("n3")).cloned().collect();
        assert_eq!(told.len(), 1, "{told:?}");
    });
}

#[test]
fn waits_between_half_and_all_of_the_backoff() {
    let backoff = Duration::from_millis(100);
    assert_eq!(jittered(backoff, 0), backoff / 2);
    assert_eq!(jittered(backoff, u64::MAX), backoff);
}
