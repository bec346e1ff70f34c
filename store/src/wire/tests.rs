use futures_util::StreamExt;
use proptest::prelude::*;
use tokio_test::io::Builder;
use tokio_util::codec::{Encoder, FramedRead};

use super::{Caller, FRAME_BYTES_MAX, HEAD_BYTES, MAGIC, VERSION, WireError, checksum};
use crate::quorum::membership::member::{Beat, Member, State};
use crate::quorum::membership::view::View;
use crate::quorum::merkle::{Children, Range};
use crate::quorum::message::{
    Entry, ExchangeId, Level, Message, NodeId, Operation, Refusal, Request, Response,
};
use crate::quorum::node::Node;
use crate::quorum::ring::agreement::{Ballot, Ballots};
use crate::quorum::ring::layout::{Change, Layout};
use crate::quorum::version::Version;

type Frame = super::Frame<Node>;
type Codec = super::Codec<Node>;

fn version() -> impl Strategy<Value = Version> {
    (any::<u64>(), any::<u32>(), any::<u16>(), any::<u32>())
        .prop_map(|(millis, counter, node, incarnation)| Version { millis, counter, node, incarnation })
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..40)
}

fn entry() -> impl Strategy<Value = Entry> {
    (version(), any::<bool>(), proptest::option::of(value())).prop_map(|(version, atomic, value)| Entry {
        version,
        atomic,
        value,
    })
}

fn entries() -> impl Strategy<Value = Vec<(String, Entry)>> {
    proptest::collection::vec((".*", entry()), 0..3)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        ".*".prop_map(|key| Operation::Get { key }),
        (".*", value()).prop_map(|(key, value)| Operation::Put { key, value }),
        ".*".prop_map(|key| Operation::Delete { key }),
        (".*", proptest::option::of(value()), value())
            .prop_map(|(key, expected, new)| Operation::CompareAndSet { key, expected, new }),
        proptest::option::of(".*").prop_map(|after| Operation::Dump { after }),
        Just(Operation::Members),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let level = prop_oneof![Just(Level::One), Just(Level::Quorum), Just(Level::All), Just(Level::Atomic)];
    let seen = || proptest::option::of(version());
    (operation(), level, seen(), seen(), any::<u32>()).prop_map(
        |(operation, level, floor, above, deadline_ms)| Request {
            operation,
            level,
            floor,
            above,
            deadline_ms,
        },
    )
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        Just(Refusal::CompareAndSet),
        (any::<usize>(), any::<usize>(), any::<u32>())
            .prop_map(|(answered, needed, deadline_ms)| Refusal::Deadline { answered, needed, deadline_ms }),
        (version(), any::<u32>()).prop_map(|(floor, deadline_ms)| Refusal::Behind { floor, deadline_ms }),
        ".*".prop_map(|used| Refusal::MixedLevels { used }),
        ".*".prop_map(Refusal::Unavailable),
        ".*".prop_map(Refusal::Invalid),
    ]
}

fn response() -> impl Strategy<Value = Response> {
    prop_oneof![
        (proptest::option::of(value()), proptest::option::of(version()))
            .prop_map(|(value, version)| Response::Value { value, version }),
        version().prop_map(|version| Response::Written { version }),
        (entries(), any::<bool>()).prop_map(|(entries, more)| Response::Dump { entries, more }),
        refusal().prop_map(Response::Refused),
        ".*".prop_map(Response::Unknown),
        (proptest::collection::vec(view(), 0..3), proptest::collection::vec(".*", 0..3))
            .prop_map(|(views, addresses)| Response::Members { views, addresses }),
    ]
}

fn member() -> impl Strategy<Value = Member> {
    let accusers = proptest::collection::btree_set(any::<NodeId>(), 0..3);
    (any::<(u32, u64, bool)>(), accusers).prop_map(|((generation, heartbeat, has_left), accusers)| Member {
        beat: Beat { generation, heartbeat },
        accusers,
        has_left,
    })
}

fn view() -> impl Strategy<Value = View> {
    let state = prop_oneof![Just(State::Up), Just(State::Suspect), Just(State::Down), Just(State::Left)];
    (".*", state, member(), proptest::collection::vec(".*", 0..3))
        .prop_map(|(of, state, Member { beat, .. }, accusers)| View { of, state, beat, accusers })
}

fn exchange() -> impl Strategy<Value = ExchangeId> {
    any::<(NodeId, u64, u64)>().prop_map(|(by, number, epoch)| ExchangeId { by, number, epoch })
}

fn layout() -> impl Strategy<Value = Layout> {
    let change = (any::<bool>(), any::<NodeId>()).prop_map(|(joins, node)| match joins {
        true => Change::Join(node),
        false => Change::Leave(node),
    });
    (any::<u64>(), proptest::collection::vec(any::<NodeId>(), 0..5), proptest::option::of(change))
        .prop_map(|(epoch, members, change)| Layout { epoch, members, change })
}

fn ballots() -> impl Strategy<Value = Ballots> {
    let ballot = || {
        let parts = any::<(u64, NodeId, u32)>();
        parts.prop_map(|(number, node, incarnation)| Ballot { number, node, incarnation })
    };
    prop_oneof![
        ballot().prop_map(Ballots::Prepare),
        (ballot(), proptest::option::of((ballot(), layout())))
            .prop_map(|(ballot, accepted)| Ballots::Promised(ballot, accepted)),
        (ballot(), layout()).prop_map(|(ballot, layout)| Ballots::Accept(ballot, layout)),
        ballot().prop_map(Ballots::Accepted),
        ballot().prop_map(Ballots::Outbid),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let key = || ".*";
    prop_oneof![
        proptest::collection::vec(member(), 0..6).prop_map(|table| Message::Gossip { table }),
        (any::<u64>(), any::<u64>(), key(), entry())
            .prop_map(|(operation, epoch, key, entry)| Message::Write { operation, epoch, key, entry }),
        any::<u64>().prop_map(|operation| Message::Written { operation }),
        (any::<u64>(), refusal())
            .prop_map(|(operation, refusal)| Message::WriteRefused { operation, refusal }),
        (any::<u64>(), any::<u64>(), key()).prop_map(|(operation, epoch, key)| Message::Read {
            operation,
            epoch,
            key
        }),
        (layout(), any::<bool>())
            .prop_map(|(layout, has_handed_over)| Message::Layout { layout, has_handed_over }),
        (any::<u64>(), ballots()).prop_map(|(epoch, said)| Message::Ballots { epoch, said }),
        (any::<u64>(), proptest::option::of(entry()))
            .prop_map(|(operation, entry)| Message::Held { operation, entry }),
        (exchange(), any::<u64>()).prop_map(|(exchange, root)| Message::Digest { exchange, root }),
        (
            exchange(),
            proptest::collection::vec((any::<u16>().prop_map(Range::leaf), any::<Children>()), 0..4)
        )
            .prop_map(|(exchange, below)| Message::Hashes { exchange, below }),
        (
            exchange(),
            proptest::collection::vec(any::<u16>(), 0..4),
            proptest::collection::vec((key(), version()), 0..3),
            any::<bool>()
        )
            .prop_map(|(exchange, leaves, versions, complete)| Message::Versions {
                exchange,
                leaves,
                versions,
                complete
            }),
        (entries(), proptest::collection::vec(key(), 0..3))
            .prop_map(|(entries, wanted)| Message::Entries { entries, wanted }),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let caller = prop_oneof![
        Just(Caller::Client),
        (".*", ".*").prop_map(|(name, cluster)| Caller::Node { name, cluster })
    ];
    prop_oneof![
        ".*".prop_map(Frame::Refused),
        (".*", caller, ".*").prop_map(|(family, from, to)| Frame::Hello { family, from, to }),
        (any::<u64>(), request()).prop_map(|(id, request)| Frame::Call { id, request }),
        (any::<u64>(), response()).prop_map(|(id, response)| Frame::Answer { id, response }),
        message().prop_map(Frame::Peer),
        Just(Frame::Ping),
        Just(Frame::Pong),
        Just(Frame::Which),
        (".*", proptest::collection::vec(".*", 0..4)).prop_map(|(name, nodes)| Frame::Family(name, nodes)),
    ]
}

/// The frames as one direction of a connection.
fn stream_of(frames: &[Frame]) -> Vec<u8> {
    let mut codec = Codec::default();
    let mut bytes = bytes::BytesMut::new();
    for frame in frames {
        codec.encode(frame.encode().unwrap(), &mut bytes).unwrap();
    }
    bytes.to_vec()
}

/// What a reader makes of these pieces of a stream, followed by its end.
fn read(pieces: &[&[u8]]) -> Vec<Result<Frame, WireError>> {
    let mut io = Builder::new();
    for piece in pieces {
        io.read(piece);
    }
    let frames = FramedRead::new(io.build(), Codec::default());
    tokio_test::block_on(frames.collect())
}

fn error_of(bytes: &[u8]) -> WireError {
    let error = read(&[bytes]).pop().expect("an error, not an end");
    error.expect_err("an error, not a frame")
}

proptest! {
    #[test]
    fn every_frame_survives_the_wire(frames in proptest::collection::vec(frame(), 1..4), cut in any::<prop::sample::Index>()) {
        let bytes = stream_of(&frames);
        let (head, tail) = bytes.split_at(cut.index(bytes.len()));
        let pieces: Vec<&[u8]> = [head, tail].into_iter().filter(|piece| !piece.is_empty()).collect();
        let arrived: Vec<Frame> = read(&pieces).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(arrived, frames);
    }

    #[test]
    fn arbitrary_bytes_are_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 1..64)) {
        let magic_first = [&MAGIC[..], &bytes].concat();
        for stream in [bytes, magic_first] {
            let arrived = read(&[&stream]);
            prop_assert!(arrived.len() <= stream.len());
        }
    }
}

#[test]
fn a_stream_cut_anywhere_but_between_frames_says_so() {
    let frames = [Frame::Ping, Frame::Refused("no".to_owned())];
    let bytes = stream_of(&frames);
    let between = [stream_of(&frames[..1]).len(), bytes.len()];
    for cut in 1..=bytes.len() {
        let last = read(&[&bytes[..cut]]).pop();
        let is_cut = matches!(last, Some(Err(WireError::Cut)));
        // After the magic alone nothing is missing but a hello, which the server asks for itself.
        let is_whole = between.contains(&cut) || cut == MAGIC.len();
        assert_eq!(is_cut, !is_whole, "cut after {cut} bytes: {last:?}");
    }
}

#[test]
fn names_what_is_wrong_with_a_stream() {
    let good = stream_of(&[Frame::Ping]);
    let with = |offset: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[offset] = byte;
        error_of(&bytes)
    };
    assert!(matches!(error_of(b"GET / HTTP/1.1\r\n"), WireError::Magic(magic) if &magic == b"GET "));
    assert!(matches!(with(4, 0xff), WireError::TooLarge));
    assert!(matches!(with(8, 9), WireError::Version(9)));
    assert!((9..good.len()).all(|offset| matches!(with(offset, 0x7f), WireError::Checksum)));
    assert!(matches!(error_of(&[&MAGIC[..], &[0, 0, 0, 0]].concat()), WireError::Empty));
    let body = |body: &[u8]| {
        let head = [0, 0, 0, (HEAD_BYTES + body.len()) as u8, VERSION];
        error_of(&[&MAGIC[..], &head, &checksum(body), body].concat())
    };
    assert!(matches!(error_of(&[&MAGIC[..], &[0, 0, 0, 3, VERSION, 5, 5]].concat()), WireError::Checksum));
    assert!(matches!(body(&[0x7f]), WireError::Body(_)));
    assert!(matches!(body(&[5, 5]), WireError::Rest(1)));
}

proptest! {
    #[test]
    fn a_frame_with_bits_turned_over_is_an_error_and_no_other_frame(
        frame in frame(),
        flips in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let mut bytes = frame.encode().unwrap().to_vec();
        let places: std::collections::BTreeSet<usize> =
            flips.iter().map(|flip| flip.index(8 * bytes.len())).collect();
        for bit in places {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        let read = Frame::decode(&bytes);
        prop_assert!(matches!(read, Err(WireError::Checksum | WireError::Version(_))), "{:?}", read);
    }
}

#[test]
fn refuses_to_send_what_no_one_would_read() {
    let entry = |bytes| Frame::Refused("x".repeat(bytes));
    assert!(entry(FRAME_BYTES_MAX - 20).encode().is_ok());
    assert!(matches!(entry(FRAME_BYTES_MAX).encode(), Err(WireError::TooLarge)));
}
