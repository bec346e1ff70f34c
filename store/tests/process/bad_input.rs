//! What can come over a socket: whatever it is, it closes its own connection, and nothing else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use perjury_store::quorum::message::{Level, Message, Response};
use perjury_store::quorum::node::Node;
use perjury_store::wire::{Caller, Codec, FRAME_BYTES_MAX, MAGIC, VERSION};
use tokio_util::codec::{Decoder, Encoder};

use crate::cluster::{Cluster, PATIENCE, block_on};

type Frame = perjury_store::wire::Frame<Node>;

const DEADLINE: Duration = Duration::from_secs(2);

/// The frames as one side of a connection sends them.
fn stream_of(frames: &[Frame]) -> Vec<u8> {
    let (mut codec, mut bytes) = (Codec::<Node>::default(), BytesMut::new());
    for frame in frames {
        codec.encode(frame.encode().unwrap(), &mut bytes).unwrap();
    }
    bytes.to_vec()
}

/// The last word of the node at `address` to a connection that sends `bytes`, and perhaps ends there.
fn refusal(address: &str, bytes: &[u8], end: bool) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(bytes).unwrap();
    if end {
        socket.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("the node closes the connection");
    let mut answer = BytesMut::from(answer.as_slice());
    match Codec::<Node>::default().decode(&mut answer).expect("the node answers with frames") {
        Some(Frame::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn bad_input_closes_its_own_connection_and_nothing_else() {
    block_on(async {
        let cluster = Cluster::start(2);
        let address = &cluster.peers[0].1;
        let mut client = cluster.client();
        let put = client.put("k", b"before".to_vec(), Level::All, DEADLINE).await;
        assert!(matches!(put.outcome, Response::Written { .. }), "{put:?}");

        let client_hello = || Frame::hello(Caller::Client, "n1");
        let node = |name: &str| Caller::Node { name: name.to_owned(), cluster: "mode strange".to_owned() };
        let message = Frame::Peer(Message::Written { operation: 1 });
        let with_length = |length: u32| [&MAGIC[..], &length.to_be_bytes()].concat();
        let mut other_version = stream_of(&[client_hello()]);
        other_version[8] = VERSION + 1;
        let other_words = format!("protocol version {}", VERSION + 1);
        let mut damaged = stream_of(&[client_hello()]);
        *damaged.last_mut().expect("a frame") ^= 1;
        let cut = stream_of(&[client_hello()]);
        let too_large = FRAME_BYTES_MAX as u32 + 1;
        let (family, to) = ("raft".to_owned(), "n1".to_owned());
        let other_family = Frame::Hello { family, from: Caller::Client, to };
        let cases: [(&str, Vec<u8>, bool); 12] = [
            ("not a perjury-store", b"GET / HTTP/1.1\r\n\r\n".to_vec(), false),
            (
                "of family quorum, and the other side speaks for family raft",
                stream_of(&[other_family]),
                false,
            ),
            (&other_words, other_version, false),
            ("larger than 4194304 bytes", [with_length(too_large), vec![7; 100_000]].concat(), false),
            ("its checksum is wrong", damaged, false),
            ("cut within a frame", cut[..cut.len() - 1].to_vec(), true),
            ("there is no node n7 in this cluster", stream_of(&[Frame::hello(node("n7"), "n1")]), false),
            (
                "n1 and n2 were started with other options: n1 with nodes n1 n2, mode strict, N=2 R=2 W=2, at first on \
                 the ring n1 n2; n2 with mode strange",
                stream_of(&[Frame::hello(node("n2"), "n1")]),
                false,
            ),
            ("two nodes call themselves n1", stream_of(&[Frame::hello(node("n1"), "n1")]), false),
            ("this is node n1, not n2", stream_of(&[Frame::hello(Caller::Client, "n2")]), false),
            ("a connection starts with a hello", stream_of(std::slice::from_ref(&message)), false),
            ("a client sends calls", stream_of(&[client_hello(), message]), false),
        ];
        for (expected, bytes, end) in cases {
            let why = refusal(address, &bytes, end);
            assert!(why.contains(expected), "{why}, not {expected}");
        }

        let got = client.get("k", Level::All, DEADLINE).await;
        assert!(matches!(&got.outcome, Response::Value { value: Some(value), .. } if value == b"before"));
    });
}

#[test]
fn says_no_hello_in_time_and_closes() {
    let cluster = Cluster::start(1);
    let why = refusal(&cluster.peers[0].1, &MAGIC, false);
    assert!(why.contains("nothing was heard"), "{why}");
}
