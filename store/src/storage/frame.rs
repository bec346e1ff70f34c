//! One record in a segment.
//!
//! ```text
//! 0        4                 12        16           20               20 + length    24 + length
//! | length | synced          | key crc | header crc | payload         | payload crc |
//! ```
//!
//! Integers are little-endian; the payload is a record in postcard.
//! - *synced*: how far the log was durable when this frame was appended.
//! - *key crc*: so that a bad payload can still be named by its key, with certainty or not at all; zero
//!   where records have no key.
//! - *header crc* covers the header, the segment it belongs to and its offset there: a frame inside
//!   a value, or one that strayed in from elsewhere, is not taken for one of the log.
//! - *payload crc* continues the header crc. It stands last, so that bytes which never reached the
//!   disk, and read as zeros, show as a checksum of zero. A checksum of which only the beginning
//!   arrived, and that is not nothing but zeros, vouches for the payload all the same.

use crate::protocol::Record;

/// Length of a frame's header.
pub const HEADER_BYTES: usize = 20;
/// Length of a frame around its payload.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + CRC_BYTES;
/// Length of the checksum after a payload.
pub const CRC_BYTES: usize = 4;
/// The longest payload that is written, or believed.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 20;

/// A place in the log. The log is durable up to a position when every segment before is durable
/// whole, and that many bytes of this one are, and its name is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the segment.
    pub segment: u32,
    /// The offset in it.
    pub offset: u32,
}

impl Position {
    fn to_u64(self) -> u64 {
        u64::from(self.segment) << 32 | u64::from(self.offset)
    }

    fn from_u64(packed: u64) -> Position {
        Position { segment: (packed >> 32) as u32, offset: packed as u32 }
    }
}

/// What a frame says before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length of the payload.
    pub length: usize,
    /// How far the log was durable when the frame was appended.
    pub synced: Position,
    key_crc: u32,
    crc: u32,
}

impl Header {
    /// The header at `offset` of a segment's bytes; none when there is no valid one.
    pub fn read(bytes: &[u8], offset: usize, seed: u32) -> Option<Header> {
        let head: &[u8; HEADER_BYTES] = bytes.get(offset..)?.first_chunk()?;
        let (fields, stored) = head.split_at(HEADER_BYTES - 4);
        let crc = header_crc(seed, offset, fields);
        let length = integer(&fields[..4]) as usize;
        if integer(stored) != u64::from(crc) || length == 0 || length > PAYLOAD_BYTES_MAX {
            return None;
        }
        Some(Header {
            length,
            synced: Position::from_u64(integer(&fields[4..12])),
            key_crc: integer(&fields[12..16]) as u32,
            crc,
        })
    }

    /// Length of the whole frame.
    pub fn frame_bytes(&self) -> usize {
        self.length + OVERHEAD_BYTES
    }

    /// The record in a whole frame; none when its bytes are not those that were written.
    pub fn record<R: Record>(&self, frame: &[u8]) -> Option<R> {
        let (payload, stored) = frame[HEADER_BYTES..].split_at(self.length);
        let crc = crc32c::crc32c_append(self.crc, payload).to_le_bytes();
        // Nothing but zeros is no beginning: that is what stands where nothing arrived.
        let has_begun = stored != [0; CRC_BYTES] && is_beginning(stored, &crc);
        let vouched = stored == crc || has_begun;
        if vouched { decode(payload) } else { None }
    }

    /// The key of a frame whose payload is bad; none unless the key itself is certainly intact.
    pub fn key<R: Record>(&self, frame: &[u8]) -> Option<String> {
        let key = R::key(frame.get(HEADER_BYTES..)?)?;
        (crc32c::crc32c(key.as_bytes()) == self.key_crc).then(|| key.to_owned())
    }

    /// What a reader without checksums would make of a frame whose end never reached the disk: the
    /// missing bytes are zeros. None when not even the decoder takes that.
    pub fn record_unchecked<R: Record>(&self, frame: &[u8]) -> Option<R> {
        let mut payload = frame.get(HEADER_BYTES..)?.to_vec();
        payload.resize(self.length, 0);
        decode(&payload)
    }
}

/// Adds the frame of `record`, which will stand at `offset` of the segment with this seed. False,
/// and nothing is added, when the record is too long.
#[must_use]
pub fn encode<R: Record>(out: &mut Vec<u8>, record: &R, offset: usize, synced: Position, seed: u32) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    let encoded = postcard::to_extend(record, std::mem::take(out));
    *out = encoded.expect("a vector takes every record");
    let length = out.len() - start - HEADER_BYTES;
    if length > PAYLOAD_BYTES_MAX {
        out.truncate(start);
        return false;
    }
    let key = R::key(&out[start + HEADER_BYTES..]);
    let key_crc = key.map_or(0, |key| crc32c::crc32c(key.as_bytes()));
    let head = &mut out[start..start + HEADER_BYTES];
    head[..4].copy_from_slice(&(length as u32).to_le_bytes());
    head[4..12].copy_from_slice(&synced.to_u64().to_le_bytes());
    head[12..16].copy_from_slice(&key_crc.to_le_bytes());
    let crc = header_crc(seed, offset, &head[..HEADER_BYTES - 4]);
    head[HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    let payload_crc = crc32c::crc32c_append(crc, &out[start + HEADER_BYTES..]);
    out.extend_from_slice(&payload_crc.to_le_bytes());
    true
}

fn header_crc(seed: u32, offset: usize, fields: &[u8]) -> u32 {
    let place = crc32c::crc32c_append(seed, &(offset as u64).to_le_bytes());
    crc32c::crc32c_append(place, fields)
}

/// Exactly one record, and nothing after it.
fn decode<R: Record>(payload: &[u8]) -> Option<R> {
    let (record, rest) = postcard::take_from_bytes(payload).ok()?;
    rest.is_empty().then_some(record)
}

/// Whether `found` is a beginning of what was `written`, and then zeros.
pub fn is_beginning(found: &[u8], written: &[u8]) -> bool {
    let arrived = found.iter().zip(written).take_while(|(found, written)| found == written).count();
    found[arrived..].iter().all(|byte| *byte == 0)
}

/// A little-endian integer of up to eight bytes.
pub fn integer(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
