//! What is written is what is read.

use proptest::collection::vec;
use proptest::prelude::*;

use super::gaps::vote;
use super::*;
use crate::storage::frame::{self, Header, Position};
use crate::storage::identity::{self, Identity, Kind};
use crate::storage::meta::Meta;
use crate::storage::segment::{self, Content};

fn any_record() -> impl Strategy<Value = Record> {
    let version = (any::<u64>(), any::<u32>(), any::<u16>(), any::<u32>());
    let value = proptest::option::of(vec(any::<u8>(), 0..200));
    (".{0,20}", version, any::<bool>(), value).prop_map(|(key, version, atomic, value)| {
        let (millis, counter, node, incarnation) = version;
        let version = Version { millis, counter, node, incarnation };
        Record { key, entry: Entry { version, atomic, value } }
    })
}

fn any_position() -> impl Strategy<Value = Position> {
    (any::<u32>(), any::<u32>()).prop_map(|(segment, offset)| Position { segment, offset })
}

proptest! {
    #[test]
    fn frame_round_trips(record in any_record(), synced in any_position(), offset in 0..1000_usize, seed: u32) {
        let mut bytes = vec![7; offset];
        prop_assert!(frame::encode(&mut bytes, &record, offset, synced, seed));
        let header = Header::read(&bytes, offset, seed).unwrap();
        let frame = &bytes[offset..];
        prop_assert_eq!(header.frame_bytes(), frame.len());
        prop_assert_eq!(header.synced, synced);
        prop_assert_eq!(header.key::<Record>(frame), Some(record.key.clone()));
        prop_assert_eq!(header.record(frame), Some(record));
    }

    #[test]
    fn frame_belongs_to_its_place(record in any_record(), offset in 0..1000_usize, seed: u32) {
        let mut bytes = vec![0; offset];
        prop_assert!(frame::encode(&mut bytes, &record, offset, Position::default(), seed));
        prop_assert_eq!(Header::read(&bytes, offset, seed ^ 1), None);
        bytes.insert(0, 0);
        prop_assert_eq!(Header::read(&bytes, offset + 1, seed), None);
    }

    #[test]
    fn segment_round_trips(node in ".{0,9}", number in 1..u32::MAX, records in vec(any_record(), 0..9)) {
        let identity = Identity::of_segment(&node, number);
        let pieces = segment::scan::<Record>(identity, &identity.write(&records).unwrap()).unwrap();
        let read = pieces.into_iter().map(|piece| match piece.content {
            Content::Good(record, _) => Some(record),
            Content::Bad(_) => None,
        });
        prop_assert_eq!(read.collect::<Option<Vec<_>>>(), Some(records));
    }

    #[test]
    fn segment_names_round_trip_in_order(one: u32, other: u32) {
        let (first, second) = (segment::name(one), segment::name(other));
        prop_assert_eq!(Kind::Segment.number(&first), Some(one));
        prop_assert_eq!(first.cmp(&second), one.cmp(&other));
    }

    #[test]
    fn meta_round_trips(family in ".{0,9}", node in ".{0,20}", incarnation: u32, damaged: u32) {
        let meta = Meta { family, node, incarnation, damaged };
        prop_assert_eq!(Meta::decode(&meta.encode()).unwrap(), meta);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..300), number in 1..9_u32) {
        let identity = Identity::of_segment("n1", number);
        let mut segment = identity.encode().to_vec();
        segment.extend_from_slice(&bytes);
        let pieces = segment::scan::<Record>(identity, &segment).unwrap();
        let covered: u32 = pieces.iter().map(|piece| piece.range.end - piece.range.start).sum();
        prop_assert_eq!(covered as usize, bytes.len());
        prop_assert!(Meta::decode(&bytes).is_err());
        let _ = segment::scan::<Record>(identity, &bytes);
    }
}

#[test]
fn shortest_frame_is_as_long_as_said() {
    let mut bytes = Vec::new();
    let entry = Entry { version: Version::default(), atomic: false, value: None };
    let shortest = Record { key: String::new(), entry };
    assert!(frame::encode(&mut bytes, &shortest, 0, Position::default(), 0));
    assert_eq!(bytes.len(), frame::OVERHEAD_BYTES + <Record as protocol::Record>::BYTES_MIN);
}

#[test]
fn shortest_vote_is_as_long_as_said() {
    let mut bytes = Vec::new();
    assert!(frame::encode(&mut bytes, &vote(0), 0, Position::default(), 0));
    let shortest = <crate::raft::log::Record as protocol::Record>::BYTES_MIN;
    assert_eq!(bytes.len(), frame::OVERHEAD_BYTES + shortest);
    let header = Header::read(&bytes, 0, 0).unwrap();
    assert_eq!(header.key::<crate::raft::log::Record>(&bytes), None);
}

#[test]
fn other_names_are_no_segments() {
    for name in
        ["log-1", "log-00000000001", "log-0000000001.new", "log-000000000x", "meta", "xlog-0000000001"]
    {
        assert_eq!(Kind::Segment.number(name), None, "{name}");
    }
}

#[test]
fn frame_inside_a_value_is_not_taken_for_a_record() {
    // A client stores the log's own bytes, and the frame that holds them loses its header.
    let identity = Identity::of_segment("n1", 1);
    let inner = identity.write(&[record(0), record(1)]).unwrap();
    let mut outer = record(2);
    outer.entry.value = Some(inner);
    let mut bytes = identity.write(&[outer, record(3)]).unwrap();
    bytes[identity::HEADER_BYTES] ^= 1;
    let pieces = segment::scan::<Record>(identity, &bytes).unwrap();
    assert_eq!(pieces.len(), 2);
    assert!(matches!(&pieces[0].content, Content::Bad(_)));
    assert!(matches!(&pieces[1].content, Content::Good(good, _) if *good == record(3)));
}

/// Frames with other checksums each: one in 256 begins with a zero.
fn frames() -> impl Iterator<Item = (Record, Vec<u8>)> {
    (0..2_000).map(|number| {
        let value = Some(vec![7; 100]);
        let version = Version { millis: number, ..Version::default() };
        let record = Record { key: "key".to_owned(), entry: Entry { version, atomic: false, value } };
        let mut bytes = Vec::new();
        assert!(frame::encode(&mut bytes, &record, 0, Position::default(), 0));
        (record, bytes)
    })
}

#[test]
fn a_frame_whose_end_reads_as_zeros_is_never_taken() {
    for (record, mut bytes) in frames() {
        let header = Header::read(&bytes, 0, 0).unwrap();
        let arrived = bytes.len() / 2;
        bytes[arrived..].fill(0);
        assert_eq!(header.record::<Record>(&bytes), None, "{record:?}");
    }
}

#[test]
fn a_frame_cut_within_its_checksum_is_taken_or_torn_and_never_damage() {
    let identity = Identity::of_segment("n1", 1);
    for (record, _) in frames() {
        let mut bytes = identity.write(std::slice::from_ref(&record)).unwrap();
        for end in (bytes.len() - frame::CRC_BYTES..bytes.len()).rev() {
            bytes[end] = 0;
            let is_gone = bytes.ends_with(&[0; frame::CRC_BYTES]);
            match &segment::scan::<Record>(identity, &bytes).unwrap()[0].content {
                Content::Good(good, _) => assert!(*good == record && !is_gone, "{record:?}"),
                Content::Bad(bad) => assert!(bad.torn && is_gone, "{record:?}"),
            }
        }
    }
}
